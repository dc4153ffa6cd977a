"""Two heads on one encoder."""

import torch

from soundalike.downstream.heads import TwoHeads, with_heads
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder


def test_the_classifier_is_the_mean_of_two_heads(run, store):
    torch.manual_seed(0)
    classifier = SoundClassifier(SoundEncoder.from_pretrained(run.path), ["a", "b", "c"]).eval()
    network = with_heads(classifier, 2)
    assert isinstance(network, TwoHeads)
    patches = torch.from_numpy(store.of_clip(0)[None, :101]).float()
    first, second = network(patches).chunk(2, dim=1)
    assert torch.equal(first, second), "alike before training"
    torch.nn.init.normal_(network.difference.weight)
    first, second = network(patches).chunk(2, dim=1)
    assert not torch.allclose(first, second)
    torch.testing.assert_close((first + second) / 2, classifier(patches))


def test_both_heads_and_the_encoder_are_trained(run):
    classifier = SoundClassifier(SoundEncoder.from_pretrained(run.path), ["a", "b", "c"])
    own = {id(parameter) for parameter in classifier.parameters()}
    network = with_heads(classifier, 2)
    assert {id(parameter) for parameter in network.parameters()} > own
    assert with_heads(classifier, 1) is classifier
