from soundalike.downstream import plain_names, protocols


def test_everything_that_is_evaluated_has_a_name():
    assert set(plain_names.PROTOCOL_NAMES) == set(plain_names.OPENINGS)
    assert set(plain_names.PROTOCOL_NAMES) == {*protocols.PROTOCOLS, "finetune"}
    baselines = set(plain_names.REPRESENTATION_NAMES) - {"pretrained encoder"}
    assert baselines == set(plain_names.BASELINES) == set(plain_names.MEANINGS)
