"""How a model is to embed clips, as a recipe says it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EmbeddingSettings:
    """How a trained model embeds clips; nothing in training depends on it.

    Args:
        window_s: length of the windows that a clip is embedded by, in seconds; the next begins half
            a window later, and a shorter clip is one window. By default a patch.
        intermediate_features: blocks of the encoder whose maps join h in the embedding, such as
            ``[conv2, log_mel]``. They make them longer, and often better.
        whiten: principal components of what was heard in training that embeddings are whitened to
            (`soundalike.embedding.whitening`). By default they are not whitened.

    Raises:
        ValueError: ``window_s`` is not positive, or ``whiten`` is below 1.
    """

    window_s: float | None = None
    intermediate_features: list[str] = field(default_factory=list)
    whiten: int | None = None

    def __post_init__(self) -> None:
        if self.window_s is not None and not self.window_s > 0:
            raise ValueError("embedding.window_s must be above 0.")
        if self.whiten is not None and self.whiten < 1:
            raise ValueError("embedding.whiten must be at least 1.")
