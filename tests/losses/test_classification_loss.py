import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.elr import ELR


def test_by_default_a_loss_remembers_nothing_and_mixes_nothing():
    loss = ClassificationLoss()
    loss.prepare(1000, 10)
    assert loss.state_dict() == {}
    assert loss.draw_shares(4, torch.Generator()) is None
    assert loss.n_heads == 1


def test_a_loss_that_remembers_clips_refuses_a_batch_that_does_not_name_them():
    loss = ELR()
    loss.prepare(2, 3)
    with pytest.raises(ValueError, match="the batch does not name them"):
        loss(torch.zeros(2, 3), Batch(labels=torch.zeros(2, dtype=torch.int64)))
