"""Optimizers and learning-rate schedules."""

OPTIMIZERS = {
    "sgd": "soundalike.optim.optimizers:SGD",
    "adam": "soundalike.optim.optimizers:Adam",
    "adamw": "soundalike.optim.optimizers:AdamW",
    "lars": "soundalike.optim.lars:LARS",
}

SCHEDULES = {
    "step": "soundalike.optim.schedules:StepSchedule",
    "cosine": "soundalike.optim.schedules:CosineSchedule",
}
