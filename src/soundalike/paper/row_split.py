"""Which clips train, validate and test a row."""

from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.datasets.store import Store
from soundalike.downstream.few_shot_draws import few_of
from soundalike.paper.rows import PaperError, Row


def split_of(row: Row, store: Store, seed: int) -> Split:
    """Return the clips of the row's task; with a number of labels, those of the small set.

    Args:
        row: the row.
        store: clips in named splits.
        seed: random seed of the clips that train.

    Raises:
        PaperError: the row has a number of labels of each class, and clips have several classes.
        SourceError: there are no labels, or no clips to train on, to select on or to test on.
    """
    is_clean = row.task == "clean" or row.n_labels is not None
    (split,) = evaluation_splits(store, "clean" if is_clean else "noisy", seed)
    if row.n_labels is None:
        return split
    labels = store.clips.labels()
    if labels.is_multi_label:
        raise PaperError(
            "this row chooses a number of labels of each class, so every clip must have one label "
            "only"
        )
    return few_of(split, labels.values, store.recordings, row.n_labels, seed)
