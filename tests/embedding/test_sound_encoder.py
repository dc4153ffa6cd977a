"""The model in one piece: what it saves, loads and hears."""

import json

import numpy as np
import pytest
import soundfile
import torch
import torch.nn.functional as F
from torch import Tensor

from soundalike.audio.log_mel import LogMel
from soundalike.audio.patches import patch_starts
from soundalike.embedding.inference import for_inference
from soundalike.embedding.model_folder import ModelError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.models.encoder import build_encoder
from soundalike.pretrained import SHIPPED_MODELS

SETTINGS = {"name": "resnet18", "width": 4}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return SoundEncoder(build_encoder(SETTINGS), SETTINGS, LogMel(), 101, -3.0, 2.0).eval()


def h_in_loops(model, log_mel):
    """Embed a clip patch by patch, by the definition."""
    rows = []
    for start in patch_starts(len(log_mel), 101, 50):
        patch = torch.from_numpy(log_mel[start : start + 101])
        with torch.no_grad():
            rows.append(model.encoder(((patch + 3.0) / 2.0)[None, None])[0].numpy())
    return np.stack(rows)


def test_a_clip_s_embedding_is_the_mean_over_its_patches(model, sound_folder):
    path = sound_folder / "low" / "7.wav"
    expected = h_in_loops(model, model.front_end.of_file(path)).mean(axis=0)
    assert np.allclose(model.encode(path), expected, atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_batches_do_not_matter(model, sound_folder, batch_size):
    paths = sorted(sound_folder.glob("*/*.wav"))[:5]
    together = model.encode(paths, batch_size=batch_size)
    assert together.shape == (5, model.dim)
    alone = np.stack([model.encode(path) for path in paths])
    assert np.allclose(together, alone, atol=1e-5)


def test_a_waveform_sounds_as_its_file(model, sound_folder):
    path = sound_folder / "high" / "3.wav"
    waveform, rate = soundfile.read(path, dtype="float32")
    assert np.allclose(model.encode(waveform, rate), model.encode(path), atol=1e-5)
    stereo = np.stack([waveform, waveform], axis=1)
    assert np.allclose(model.encode([stereo], rate)[0], model.encode(path), atol=1e-5)


def test_level_does_not_matter(model, sound_folder):
    waveform, rate = soundfile.read(sound_folder / "low" / "1.wav", dtype="float32")
    loud, soft = model.encode([waveform, 0.3 * waveform], rate, normalize=True)
    assert loud @ soft > 0.999


def test_normalized_embeddings_have_unit_length(model, sound_folder):
    embeddings = model.encode(sorted(sound_folder.glob("low/*.wav")), normalize=True)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    similarity = model.similarity(embeddings, embeddings)
    assert np.allclose(np.diag(similarity), 1, atol=1e-5)
    assert np.allclose(similarity, similarity.T, atol=1e-5)


def test_what_cannot_be_a_waveform_is_refused(model):
    for waveform, rate in (
        (np.zeros(0), 22050),
        (np.full(9, np.nan), 22050),
        (np.zeros((2, 2, 2)), 22050),
        (np.zeros(9), None),
    ):
        with pytest.raises(ValueError, match="encode needs"):
            model.encode(waveform, rate)


def test_save_and_load_keep_every_number(model, sound_folder, tmp_path):
    model.save(tmp_path / "model")
    loaded = SoundEncoder.load(tmp_path / "model")
    path = sound_folder / "middle" / "2.wav"
    assert np.array_equal(loaded.encode(path), model.encode(path))
    assert (loaded.mean, loaded.std, loaded.patch_frames) == (model.mean, model.std, 101)
    assert loaded.front_end == model.front_end
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_half_precision_halves_the_file_and_changes_little(model, sound_folder, tmp_path):
    model.save(tmp_path / "whole")
    model.save(tmp_path / "half", half=True)
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("whole", "half")]
    assert 0.45 < sizes[1] / sizes[0] < 0.75  # statistics and headers stay
    loaded = SoundEncoder.from_pretrained(tmp_path / "half")
    assert {value.dtype for value in loaded.encoder.parameters()} == {torch.float32}
    paths = sorted(sound_folder.glob("*/*.wav"))[:4]
    theirs, ours = loaded.encode(paths), model.encode(paths)
    assert not np.array_equal(theirs, ours)
    assert np.diag(model.similarity(theirs, ours)).min() > 0.99999


def test_an_ear_that_comes_with_the_package_has_a_name(model, tmp_path, monkeypatch):
    model.save(tmp_path / "mine")
    monkeypatch.setitem(SHIPPED_MODELS, "mine", tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")  # the name is no path
    assert SoundEncoder.from_pretrained("mine").dim == model.dim
    with pytest.raises(ModelError, match=r"yours: no model there: .*comes with soundalike: .*mine"):
        SoundEncoder.from_pretrained("yours")


def test_the_patches_of_a_store(model, store):
    h, clips = model.of_store(store)
    for index in (0, 11, 23):
        expected = h_in_loops(model, store.of_clip(index))
        assert np.allclose(h[clips == index].numpy(), expected, atol=1e-5)


def test_a_clip_that_is_shorter_than_a_patch_is_repeated(model, sound_folder, store):
    long = SoundEncoder(model.encoder, SETTINGS, LogMel(), 201, model.mean, model.std).eval()

    def h_of_repeated(log_mel):
        assert 67 < len(log_mel) < 201
        patch = torch.from_numpy(np.concatenate([log_mel] * 3)[:201])
        with torch.no_grad():
            return long(patch[None])[0].numpy()

    path = sound_folder / "low" / "0.wav"
    assert np.allclose(long.encode(path), h_of_repeated(model.front_end.of_file(path)), atol=1e-5)
    h, clips = long.of_store(store)
    assert set(clips.tolist()) == set(range(len(store.clips)))
    index = min(range(len(store.clips)), key=lambda index: len(store.of_clip(index)))
    assert np.allclose(h[clips == index].numpy(), h_of_repeated(store.of_clip(index)), atol=1e-5)


def with_windows(model, window_frames):
    return SoundEncoder(
        model.encoder, SETTINGS, LogMel(), 101, model.mean, model.std, window_frames
    ).eval()


def test_a_clip_that_is_shorter_than_a_window_is_one_window(model, store):
    listening = with_windows(model, 10_000)
    h, clips = listening.of_store(store)
    assert clips.tolist() == list(range(len(store.clips)))
    for index in (0, 11, 23):
        with torch.no_grad():
            expected = model(torch.from_numpy(store.of_clip(index))[None])[0]
        torch.testing.assert_close(h[index], expected, rtol=1e-4, atol=1e-5)


def test_a_longer_clip_has_windows_half_a_window_apart(model):
    log_mel = np.random.default_rng(0).normal(-3, 2, (700, 96)).astype(np.float32)
    listening = with_windows(model, 300)
    blocks = np.split(log_mel, [13, 400, 420])  # as they come from a file
    short = [log_mel[:150]]
    seen = [
        (clip, start, windows.n_frames, embedding)
        for windows, h in listening.encode_windows([blocks, short, blocks], batch_size=2)
        for clip, start, embedding in zip(windows.clips, windows.starts, h, strict=True)
    ]
    assert [row[:3] for row in seen] == [
        (0, 0, 300), (0, 150, 300), (0, 300, 300), (1, 0, 150),
        (2, 0, 300), (2, 150, 300), (2, 300, 300),
    ]  # fmt: skip
    for _, start, n_frames, embedding in seen:
        with torch.no_grad():
            expected = model(torch.from_numpy(log_mel[None, start : start + n_frames]))[0]
        assert np.allclose(embedding, expected, atol=1e-5)


def test_windows_are_part_of_the_model(model, tmp_path):
    with_windows(model, 300).save(tmp_path)
    assert SoundEncoder.load(tmp_path).window_frames == 300
    with pytest.raises(ValueError, match="at least the 101 frames of a patch, got 100"):
        with_windows(model, 100)


def test_depths_are_part_of_the_embedding_and_of_the_model(model, sound_folder, tmp_path):
    deep = SoundEncoder(
        model.encoder,
        SETTINGS,
        LogMel(),
        101,
        model.mean,
        model.std,
        intermediate_features=["layer1", "log_mel"],
    ).eval()
    path = sound_folder / "middle" / "2.wav"
    embedding = deep.encode(path)
    assert embedding.shape == (deep.dim,)
    assert deep.dim == model.dim + 2 * (4 * 12) + 2 * 12
    deep.save(tmp_path)
    loaded = SoundEncoder.from_pretrained(tmp_path)
    assert np.array_equal(loaded.encode(path), embedding)
    folded = for_inference(loaded, torch.float32)
    assert np.allclose(folded.encode(path), embedding, atol=1e-5)
    with pytest.raises(ValueError, match="no block 'layer9'"):
        SoundEncoder(
            model.encoder, SETTINGS, LogMel(), 101, 0.0, 1.0, intermediate_features=["layer9"]
        )


@pytest.mark.parametrize("half", [False, True])
def test_whitening_is_part_of_the_embedding_and_of_the_model(half, model, sound_folder, tmp_path):
    path = sound_folder / "middle" / "2.wav"
    heard = torch.from_numpy(model.encode([*sound_folder.glob("*/*.wav")]))
    white = model.with_encoder(model.encoder, Whitening.of(heard, 10)).eval()
    embedding = white.encode(path)
    assert embedding.shape == (10,) == (white.dim,)
    white.save(tmp_path, half=half)
    loaded = SoundEncoder.from_pretrained(tmp_path)
    assert np.allclose(loaded.encode(path), embedding, atol=0.05 if half else 0)
    folded = for_inference(loaded, torch.float32)
    assert np.allclose(folded.encode(path), loaded.encode(path), atol=1e-3)


def test_encoding_leaves_the_network_as_it_is(model, sound_folder):
    before = {name: t.clone() for name, t in model.state_dict().items()}
    model.train()
    model.encode(sound_folder / "low" / "1.wav")
    assert not model.training
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())


def test_a_model_that_is_not_there_or_damaged_is_named(model, tmp_path):
    with pytest.raises(ModelError, match="no model there"):
        SoundEncoder.from_pretrained(tmp_path)
    model.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    for change, said in (
        ({"encoder": {"name": "resnet18", "width": 5}}, "size mismatch|Error"),
        ({"encoder": {"name": "no such"}}, "no such"),
        ({"front_end": {"n_bands": 3}}, "n_bands"),
    ):
        (tmp_path / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(ModelError, match=said):
            SoundEncoder.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[:1000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        SoundEncoder.from_pretrained(tmp_path)


# The networks of the released encoders, written a second time from what is published of them.


def norm(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    keys = ("running_mean", "running_var", "weight", "bias")
    return F.batch_norm(x, *(state[f"{name}.{key}"] for key in keys))


def released_resnet18(state: dict[str, Tensor], x: Tensor) -> Tensor:
    x = F.relu(norm(F.conv2d(x, state["conv1.weight"], stride=2, padding=3), state, "bn1"))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    for stage in (1, 2, 3, 4):
        for block in (0, 1):
            name = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.conv2d(x, state[f"{name}.conv1.weight"], stride=stride, padding=1)
            y = F.conv2d(
                F.relu(norm(y, state, f"{name}.bn1")), state[f"{name}.conv2.weight"], padding=1
            )
            if stride == 2:
                x = F.conv2d(x, state[f"{name}.downsample.0.weight"], stride=2)
                x = norm(x, state, f"{name}.downsample.1")
            x = F.relu(norm(y, state, f"{name}.bn2") + x)
    return x.flatten(2).mean(2)


def released_vgg(state: dict[str, Tensor], x: Tensor) -> Tensor:
    for i in range(6):
        x = F.conv2d(x, state[f"conv{i}.conv.weight"], padding=1)
        x = F.relu(norm(x, state, f"conv{i}.bn"))
        if i in (2, 4, 5):
            x = F.max_pool2d(x, 2)
    pooled = torch.cat([x.flatten(2).max(2).values, x.flatten(2).mean(2)], 1)
    return F.relu(F.linear(pooled, state["dense1.weight"], state["dense1.bias"]))


def released_crnn(state: dict[str, Tensor], x: Tensor) -> Tensor:
    for i, pool in ((1, (2, 5)), (2, (2, 4)), (3, (2, 2))):
        x = F.conv2d(x, state[f"conv{i}.conv.weight"], padding=2)
        x = F.max_pool2d(F.relu(norm(x, state, f"conv{i}.bn")), pool)
    # [batch, channels, frames, 2 bands] -> for each frame all channels of the first band, then ...
    sequence = torch.cat([x[..., 0], x[..., 1]], dim=1).transpose(1, 2)

    def gru(sequence: Tensor, suffix: str) -> Tensor:
        weight_ih, weight_hh, bias_ih, bias_hh = (
            state[f"rnn1.{key}_l0{suffix}"]
            for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        h = torch.zeros(len(sequence), 64)
        for values in sequence.unbind(1):
            reset, update, new = F.linear(values, weight_ih, bias_ih).chunk(3, 1)
            reset_h, update_h, new_h = F.linear(h, weight_hh, bias_hh).chunk(3, 1)
            reset, update = torch.sigmoid(reset + reset_h), torch.sigmoid(update + update_h)
            h = (1 - update) * torch.tanh(new + reset * new_h) + update * h
        return h

    return gru(sequence, "") * gru(sequence[:, -1:], "_reverse")  # backwards, one frame is read


RELEASED = {
    "resnet18": (released_resnet18, "fc", (20, 512)),
    "vgg": (released_vgg, "dense_out", (20, 512)),
    "crnn": (released_crnn, "dense", (20, 64)),
}
MEAN, STD, N_VALUES = -2.5, 1.7, 1_340_000_000


def released_state(name: str) -> dict[str, Tensor]:
    """Random weights and statistics under the released names, with the classifier on top."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for key, value in build_encoder({"name": name}).state_dict().items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(61_000)
        elif value.ndim > 1:
            scale = (2 / value[0].numel()) ** 0.5
            state[key] = scale * torch.randn(value.shape, generator=generator)
        else:
            state[key] = 0.5 + torch.rand(value.shape, generator=generator)
    first_variance = next(key for key in state if key.endswith("running_var"))
    state[first_variance] *= N_VALUES / STD**2  # of inputs that are that much too large
    _, last, shape = RELEASED[name]
    return state | {f"{last}.weight": torch.randn(shape), f"{last}.bias": torch.randn(shape[0])}


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("name", RELEASED)
def test_a_released_encoder_gives_the_h_of_its_own_code(name, prefix, sound_folder, tmp_path):
    state = released_state(name)
    torch.save({prefix + key: value for key, value in state.items()}, tmp_path / "best.pth")
    model = SoundEncoder.from_uclser20(tmp_path / "best.pth", name, MEAN, STD)
    path = sound_folder / "middle" / "3.wav"
    log_mel = torch.from_numpy(model.front_end.of_file(path))
    starts = patch_starts(len(log_mel), 101, 50)
    patches = torch.stack([log_mel[start : start + 101] for start in starts])
    inputs = (patches - MEAN) / (STD / N_VALUES**0.5)
    expected = RELEASED[name][0](state, inputs[:, None]).mean(0)
    assert expected.abs().max() > 0.01
    h = model.encode(path)
    assert np.allclose(h, expected.numpy(), rtol=1e-3, atol=1e-4 * expected.abs().max().item())

    model.save(tmp_path / "model")
    assert np.array_equal(SoundEncoder.from_pretrained(tmp_path / "model").encode(path), h)


def test_the_number_of_values_can_be_told(tmp_path):
    torch.save(released_state("vgg"), tmp_path / "best.pth")
    model = SoundEncoder.from_uclser20(tmp_path / "best.pth", "vgg", MEAN, STD, n_values=100)
    assert (model.mean, model.std) == (MEAN, STD / 10)
    assert (model.patch_frames, model.front_end) == (101, LogMel())


def test_a_released_file_that_cannot_be_used_is_named(tmp_path):
    path = tmp_path / "best.pth"
    for content, name, said in (
        (None, "vgg", "No such file"),
        (b"", "vgg", "no state dict"),
        ({}, "vgg", "lacks conv0.bn.bias"),
        (released_state("vgg"), "crnn", r"lacks rnn1.bias_hh_l0 and \d more of crnn"),
        (released_state("vgg"), "bat", "no released 'bat'"),
    ):
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            torch.save(content, path)
        with pytest.raises(ModelError, match=said) as caught:
            SoundEncoder.from_uclser20(path, name, MEAN, STD)
        assert str(caught.value).startswith(f"{path}: the model cannot be loaded (")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("std", "n_values"), [(0.0, 9), (-1.0, 9), (float("nan"), 9), (1.0, 0)])
def test_statistics_that_cannot_be_are_refused(std, n_values, tmp_path):
    with pytest.raises(ValueError, match="std above 0 and n_values of at least 1"):
        SoundEncoder.from_uclser20(tmp_path / "best.pth", "vgg", MEAN, std, n_values)
