"""The protocols of evaluation on a frozen encoder, applied to a model and its baselines.

Every table has the same three representations: log-mel statistics, which need no network, the
untrained encoder, and the trained one. Their difference is what training added.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from soundalike.datasets.splits import Split
from soundalike.downstream.cross_validation import Classifier, OutOfFold, cross_validate
from soundalike.downstream.features import Features
from soundalike.downstream.knn import fit_knn
from soundalike.downstream.linear import fit_linear, fit_paper_linear
from soundalike.runtime.progress import progress_bar

PROTOCOLS: dict[str, Callable[..., Classifier]] = {
    "linear": fit_linear,
    "knn": fit_knn,
    "paper_linear": fit_paper_linear,
}
"""By name, the function from (features, split, seed) to a fitted classifier."""


def score_representations(
    features: dict[str, Features],
    splits: Sequence[Split],
    protocols: Sequence[str] = ("linear", "knn"),
    *,
    fits: Mapping[str, Callable[..., Classifier]] = PROTOCOLS,
    seed: int = 0,
    progress: bool = True,
) -> dict[tuple[str, str], OutOfFold]:
    """Cross-validate every representation by every protocol.

    Args:
        features: of all clips, by the name of the representation.
        splits: the rounds, as `evaluation_splits` makes them.
        protocols: keys of `fits`.
        fits: by name, the functions that fit a classifier, as in `PROTOCOLS`.
        seed: random seed of the classifiers.
        progress: If true, a progress bar is shown on standard error.

    Returns:
        Out-of-fold scores by protocol and representation.
    """
    pairs = [(protocol, name) for protocol in protocols for name in features]
    results = {}
    n_fits = len(pairs) * len(splits)
    with progress_bar(name="evaluate", unit="fits", total=n_fits, is_shown=progress) as bar:
        for protocol, name in pairs:
            fit = partial(fits[protocol], seed=seed)
            results[protocol, name] = cross_validate(features[name], fit, splits, bar.update)
    return results
