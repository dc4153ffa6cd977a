"""What is compared on few labels: the model and its baselines, by the names of `--methods`."""

LINEAR, FINETUNE, SCRATCH, LOG_MEL_LINEAR = "linear", "finetune", "scratch", "log_mel"

METHODS = {
    LINEAR: "the model",
    FINETUNE: "the model, fine-tuned",
    SCRATCH: "same network, from scratch",
    LOG_MEL_LINEAR: "plain spectrum",
}
"""All methods, with their names in tables and figures."""

METHOD_MEANINGS = {
    LINEAR: "a linear classifier of its embeddings",
    FINETUNE: "all of its weights are trained, from that linear classifier on",
    SCRATCH: "the same training from random weights",
    LOG_MEL_LINEAR: "a linear classifier of mean, spread and extremes of each band of the log-mel "
    "spectrum; no network",
}

OF_THE_MODEL = (LINEAR, FINETUNE)
"""Methods that use the pre-trained model; the others are its baselines."""

TRAININGS = (SCRATCH, FINETUNE)
"""Methods that train a network for every draw, which takes long."""

FROZEN = (LINEAR, LOG_MEL_LINEAR)
"""Methods that fit a linear classifier, which takes a fraction of a second for a draw."""

METHODS_IN_A_SENTENCE = {
    SCRATCH: "the same network trained from scratch",
    LOG_MEL_LINEAR: "a plain spectrum",
}
