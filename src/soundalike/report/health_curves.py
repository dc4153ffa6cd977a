"""The curves on the health page: what each measures, and what it looks like in a healthy run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """A column of the metrics and its explanation.

    Args:
        column: column of ``metrics.csv``.
        name: title of its chart.
        meaning: what it measures, in a sentence.
        healthy: what it looks like in a healthy run.
        percent: if true, it is a share.
    """

    column: str
    name: str
    meaning: str
    healthy: str
    percent: bool = False


CURVES = (
    Curve(
        "loss",
        "Loss (mean over an epoch)",
        "What training minimizes: how hard it still is to match the views of a clip.",
        "It falls fast at first and then ever more slowly. Its level depends on the loss function, "
        "the temperature and the batch size, so compare only runs that share them.",
    ),
    Curve(
        "knn",
        "Accuracy of nearest neighbors",
        "Each labeled clip is assigned the class of its nearest neighbors. Training does not use "
        "these labels.",
        "It rises and levels off. If it falls while the loss still falls, training has moved on to "
        "something other than these classes.",
        percent=True,
    ),
    Curve(
        "effective_rank",
        "Effective rank of the embeddings",
        "The number of directions over which the embeddings spread (Roy and Vetterli 2007).",
        "It often falls in the first epochs, because noise spreads over many directions; then it "
        "levels off or rises. A long fall, to a tenth of the maximum or less, means that the "
        "embeddings distinguish fewer and fewer sounds.",
    ),
    Curve(
        "top1_retrieval",
        "Top-1 retrieval of the other view",
        "The share of views whose nearest neighbor, among all views in the check, is the other "
        "view of the same clip.",
        "It rises throughout, ever more slowly. Near 100% within the first epochs, the views are "
        "too easy to match; near 0% for long, the encoder is not learning.",
        percent=True,
    ),
    Curve(
        "positives",
        "Similarity of the two views of a clip",
        "Mean cosine similarity of their projections: 1 is identical, 0 unrelated.",
        "It starts near 1, because an untrained network maps all sounds to about the same point, "
        "dips, and ends high, often between 0.7 and 0.9. If it stays low, the views have too "
        "little in common.",
    ),
    Curve(
        "negatives",
        "Similarity of different clips",
        "Mean cosine similarity of the projections of views of different clips.",
        "It falls from near 1 to far below the similarity of the two views of a clip; with a "
        "contrastive loss, to about 0. If it stays near 1, all sounds look the same.",
    ),
    Curve(
        "alignment",
        "Alignment",
        "Mean squared distance between the two views of a clip on the unit sphere (Wang and Isola "
        "2020): 0 is identical, 2 unrelated.",
        "It rises while the encoder learns to tell sounds apart and then falls slowly. A low value "
        "is good only together with low uniformity.",
    ),
    Curve(
        "uniformity",
        "Uniformity",
        "How unevenly the clips spread over the unit sphere (Wang and Isola 2020): 0 if all lie at "
        "one point, about -4 if they spread evenly.",
        "It falls and levels off, with a contrastive loss between -3 and -4. If it returns toward "
        "0, the embeddings are collapsing.",
    ),
)
