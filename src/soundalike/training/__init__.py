"""The training engine (steps, loop, run folder) and contrastive pre-training."""
