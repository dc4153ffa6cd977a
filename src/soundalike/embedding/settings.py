"""The section `embedding` of a recipe: how a trained model embeds clips."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EmbeddingSettings:
    """How a trained model embeds clips; training does not depend on it.

    Args:
        window_s: length of the windows that a clip is cut into, in seconds. Windows start half a
            window apart, and a shorter clip is one window. By default a window is a patch.
        align_last_window: If true, a window that ends with the clip is added where the others leave
            a remainder. If false, the remainder is dropped, as in the paper.
        intermediate_features: blocks of the encoder whose feature maps are appended to h in the
            embedding, such as ``[conv2, log_mel]``. Embeddings become longer, and often better.
        whiten: number of principal components that embeddings are whitened to
            (`soundalike.embedding.whitening`). By default they are not whitened.

    Raises:
        ValueError: ``window_s`` is not positive, or ``whiten`` is below 1.
    """

    window_s: float | None = None
    align_last_window: bool = True
    intermediate_features: list[str] = field(default_factory=list)
    whiten: int | None = None

    def __post_init__(self) -> None:
        if self.window_s is not None and not self.window_s > 0:
            raise ValueError("embedding.window_s must be above 0.")
        if self.whiten is not None and self.whiten < 1:
            raise ValueError("embedding.whiten must be at least 1.")
