import math

import pytest
import torch

from soundalike.training.finite_loss import TrainingError, refuse_non_finite


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_ends_the_training(tmp_path, loss):
    with pytest.raises(TrainingError, match=rf"the loss is {loss} at step 7 \(epoch 2\): try a"):
        refuse_non_finite(tmp_path, {"loss": torch.tensor(loss), "step": 7, "epoch": 2})


@pytest.mark.parametrize("loss", [0.0, -1e30, torch.tensor(3.0)], ids=["zero", "low", "tensor"])
def test_any_finite_loss_is_fine(tmp_path, loss):
    refuse_non_finite(tmp_path, {"loss": loss, "step": 7, "epoch": 2})
