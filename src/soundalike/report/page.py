"""Pieces of a self-contained page: everything a page shows or plays is inside its one file."""

import base64
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.image import imsave
from numpy.typing import NDArray

from soundalike.runtime.atomic import atomic_write

# Parts of every template that has a place for them.
SHARED = {"style": "report/page.css", "player": "report/player.js"}


def write_page(path: str | Path, template: str, parts: Mapping[str, str]) -> None:
    """Write a page: one HTML file that shows and plays all it tells, without a network.

    Args:
        path: of the HTML file; folders on the way are made.
        template: an HTML file of the package: ``demo/demo.html``.
        parts: the HTML of each of its places but those that are `SHARED`.

    Raises:
        ValueError: the places and the parts are not the same.
        OSError: the file cannot be written.
    """
    text = _read(template)
    shared = {place: _read(name) for place, name in SHARED.items() if f"{{{{{place}}}}}" in text}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as beside:
        beside.write_text(fill(text, {**shared, **parts}), encoding="utf-8")


def _read(name: str) -> str:
    return resources.files("soundalike").joinpath(name).read_text("utf-8").strip()


def fill(template: str, parts: Mapping[str, str]) -> str:
    """Put parts of HTML at their ``{{name}}`` places.

    Args:
        template: HTML with places.
        parts: the HTML of each place.

    Raises:
        ValueError: the places and the parts are not the same.

    >>> fill("<h1>{{title}}</h1>", {"title": "Rain"})
    '<h1>Rain</h1>'
    """
    places = set(re.findall(r"{{(\w+)}}", template))
    if places != set(parts):
        raise ValueError(f"places without a part, or the reverse: {sorted(places ^ set(parts))}")
    return re.sub(r"{{(\w+)}}", lambda place: parts[place[1]], template)


def data_uri(content: bytes, media_type: str) -> str:
    """The address of a file that is its own content."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def picture_of_log_mel(
    log_mel: NDArray[np.floating], low: float, high: float, colors: str = "magma"
) -> str:
    """A log-mel as a picture: time to the right, low bands at the bottom, one pixel a value.

    Args:
        log_mel: log10 mel energies.
        low: value that gets the darkest color; give pictures to be compared the same.
        high: value that gets the brightest color.
        colors: one of matplotlib's color maps; the default is evenly perceived.

    Shape:
        log_mel: [frames, bands].
    """
    png = io.BytesIO()
    imsave(png, log_mel.T, vmin=low, vmax=high, cmap=colors, origin="lower", format="png")
    return data_uri(png.getvalue(), "image/png")


def sound_of_waveform(waveform: NDArray[np.floating], sample_rate: int) -> str:
    """A sound that a browser can play: MP3, or WAV where this libsndfile cannot write MP3.

    Sounds are brought to one loudness peak, so that none is missed and none hurts.

    Args:
        waveform: mono samples.
        sample_rate: of the waveform; MP3 knows 8,000 to 48,000.

    Shape:
        waveform: [samples].
    """
    waveform = 0.8 * waveform / max(float(np.abs(waveform).max(initial=0)), 1e-6)
    sound = io.BytesIO()
    if "MP3" in soundfile.available_formats():
        soundfile.write(
            sound, waveform, sample_rate, format="MP3",
            bitrate_mode="VARIABLE", compression_level=0.6,
        )  # fmt: skip
        return data_uri(sound.getvalue(), "audio/mpeg")
    soundfile.write(sound, waveform, sample_rate, format="WAV", subtype="PCM_16")
    return data_uri(sound.getvalue(), "audio/wav")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML; the first cell of a row is its heading."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def definitions(entries: Mapping[str, str]) -> str:
    """A list of words and what they stand for, from plain text."""
    pairs = (
        f"<div><dt>{escape(word)}</dt><dd>{escape(meaning)}</dd></div>"
        for word, meaning in entries.items()
    )
    return f"<dl>{''.join(pairs)}</dl>"


def color_range(log_mels: Iterable[NDArray[np.floating]]) -> tuple[float, float]:
    """Return the values of the darkest and the brightest color of pictures to be compared.

    Shape:
        each log_mel: [frames, bands].
    """
    every = np.concatenate([log_mel.ravel() for log_mel in log_mels])
    low, high = np.quantile(every, [0.02, 0.999])
    return float(low), float(high)


def playable(
    name: str,
    log_mel: NDArray[np.floating],
    waveform: NDArray[np.floating],
    sample_rate: int,
    colors: tuple[float, float],
    sounds: list[str],
) -> str:
    """A picture of a log-mel that is a button to play its sound.

    Args:
        name: what is played, as plain text.
        log_mel: to be seen.
        waveform: to be heard.
        sample_rate: of the waveform.
        colors: values of the darkest and the brightest color.
        sounds: those of the page; this one is added.

    Shape:
        log_mel: [frames, bands]; waveform: [samples].
    """
    sounds.append(sound_of_waveform(waveform, sample_rate))
    return (
        f'<button class="spectrogram" data-sound="{len(sounds) - 1}" aria-pressed="false" '
        f'aria-label="Play {escape(name)}">'
        f'<img src="{picture_of_log_mel(log_mel, *colors)}" alt=""></button>'
    )


def script_json(content: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(content).replace("<", "\\u003c")
