"""Names of protocols and representations that explain themselves, for tables and sentences.

The files of an evaluation keep the keys of these tables.
"""

from soundalike.downstream.representations import LOG_MEL, PRETRAINED, SCRATCH, UNTRAINED

PROTOCOL_NAMES = {
    "linear": "linear classifier",
    "knn": "nearest neighbors",
    "paper_linear": "the paper's linear classifier",
    "finetune": "fine-tuning",
}
REPRESENTATION_NAMES = {
    LOG_MEL: "plain spectrum",
    UNTRAINED: "same network, untrained",
    SCRATCH: "same network, from scratch",
    PRETRAINED: "the model",
}
MEANINGS = {
    LOG_MEL: "mean, spread and extremes of each band of the log-mel spectrum of a clip; no network",
    UNTRAINED: "random weights; what the architecture does without training",
    SCRATCH: "the same training with labels, but from random weights",
}
BASELINES = {
    LOG_MEL: "a plain spectrum",
    UNTRAINED: "the same network untrained",
    SCRATCH: "the same network trained from scratch",
}
"""In a sentence."""
OPENINGS = {
    "linear": "",
    "knn": "by nearest neighbors, ",
    "paper_linear": "by the paper's linear classifier, ",
    "finetune": "fine-tuned, ",
}
"""Of a sentence on the scores of a protocol; the linear classifier is the usual one."""
