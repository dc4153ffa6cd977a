"""The map of an archive as one page that needs no server: the sounds are inside.

The page is `index.html` without what is between `<!-- server -->` and `<!-- /server -->`. Modules
whose names begin with `static` are its own; it shares the others with the page of the server.
Browsers load no module from beside a local page, so all are inside it, too.
"""

import base64
import html
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.waveform import read_waveform
from soundalike.explore.collection import Collection
from soundalike.explore.colors import Coloring, Scale, colorings
from soundalike.explore.labeled_rows import LabeledRows
from soundalike.explore.layouts import Layouts
from soundalike.explore.page_files import FOLDER
from soundalike.explore.pca import in_square, unit_rows
from soundalike.explore.spectrograms import spectrogram
from soundalike.runtime.atomic import write_text
from soundalike.runtime.progress import progress_bar

MOST_ROWS = 2000
MAPS = ("umap", "pca")  # the first that is ready is drawn
MODULES = (
    "libraries", "map", "palette", "static", "static_hits", "static_player", "text", "tip", "wave",
)  # fmt: skip
CLIENT = "static_client"  # in the place of client.js
HEAD = "static_head.html"  # in the place of what loads the page's style and modules
STYLES = ("base.css", "page.css")
LONGEST_S = 10.0  # of a sound
RATE = 24_000  # in Hz: models hear less, and every mp3 has it
N_BANDS, N_FRAMES = 64, 192
N_SIMILAR = 20
PEAK = 0.8


@dataclass(frozen=True)
class StaticPageResult:
    """What `write_static_page` wrote.

    Args:
        n_rows: rows on the page.
        n_all: rows of the archive; if there are more, those on the page are drawn at random.
        n_missing: rows whose sound could not be read.
        megabytes: size of the page.
    """

    n_rows: int
    n_all: int
    n_missing: int
    megabytes: float


def write_static_page(
    collection: Collection, out: Path, *, seed: int = 0, progress: bool = True
) -> StaticPageResult:
    """Write the map of a collection, with at most 2,000 of its sounds, as one HTML file.

    Args:
        collection: the rows.
        out: the file, which is written atomically.
        seed: random seed of the rows that are drawn if there are more.
        progress: If true, a progress bar is shown on standard error.

    Raises:
        OSError: the file cannot be written.
    """
    positions = _chosen(len(collection), seed)
    sounds, pictures, rows = [], [], []
    bar = progress_bar(positions, name="explore", unit="sounds", is_shown=progress)
    for position in bar:
        row = collection.rows.iloc[position]
        end_s = min(row["end_s"], row["start_s"] + LONGEST_S)
        sound, picture = _media(collection.file_of(row["id"]), row["start_s"], end_s)
        sounds.append(sound)
        pictures.append(picture)
        rows.append(_row(row.to_dict(), end_s))
    vectors = unit_rows(collection.vectors()[positions])
    colors = colorings(collection, LabeledRows(collection))
    content = {
        "name": collection.archive.path.name,
        "n_all": len(collection),
        "rows": rows,
        "points": in_square(_points(collection)[positions]).astype(float).round(4).tolist(),
        "colors": {name: _color(compute(), positions) for name, compute in colors.items()},
        "similar": _similar(vectors),
        "sounds": sounds,
        "pictures": pictures,
        "types": {"sounds": _sound_format()[1], "pictures": "image/png"},
    }
    page = _page(content)
    write_text(out, page)
    n_missing = sum(sound is None for sound in sounds)
    return StaticPageResult(len(rows), len(collection), n_missing, round(len(page) / 1e6, 1))


def _chosen(n_rows: int, seed: int) -> NDArray[np.int64]:
    """Return the positions of the rows on the page, in increasing order."""
    if n_rows <= MOST_ROWS:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, MOST_ROWS, replace=False))


def _row(row: dict[str, Any], end_s: float) -> dict[str, Any]:
    """Return a row for the page."""
    peak_db = float(row["peak_db"])
    return {
        "id": int(row["id"]),
        "path": row["path"],
        "label": row["label"],
        "start_s": round(float(row["start_s"]), 3),
        "end_s": round(float(end_s), 3),
        "peak_db": round(peak_db, 1) if np.isfinite(peak_db) else None,
    }


def _points(collection: Collection) -> NDArray[np.float32]:
    layouts = Layouts(collection)
    ready = [points for name in MAPS if (points := layouts.points(name)) is not None]
    return ready[0]


def _color(coloring: Coloring, positions: NDArray[np.int64]) -> dict[str, Any]:
    """Return a coloring of the rows on the page as map.js takes it."""
    if isinstance(coloring, Scale):
        values = coloring.values[positions].astype(float).round(3).tolist()
        return {"kind": "scale", "ends": coloring.ends, "values": values}
    names = {"names": coloring.names, "isLastGray": coloring.has_none}
    return {"kind": "names", **names, "values": coloring.codes[positions].tolist()}


def _similar(vectors: NDArray[np.float32]) -> list[list[tuple[int, float]]]:
    """Return for each row the rows that are most like it, and how much.

    Shape:
        vectors: [rows, dim], of length 1.
    """
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -np.inf)
    best = np.argsort(-similarities, axis=1, kind="stable")[:, : min(N_SIMILAR, len(vectors) - 1)]
    values = np.take_along_axis(similarities, best, axis=1).astype(float).round(3)
    return [
        list(zip(*pair, strict=True)) for pair in zip(best.tolist(), values.tolist(), strict=True)
    ]


def _media(path: str, start_s: float, end_s: float) -> tuple[str | None, str | None]:
    """Return a sound and its spectrogram in base64; None if it cannot be read."""
    try:
        waveform = read_waveform(path, RATE, start_s, end_s)
    except AudioError:
        return None, None
    content = io.BytesIO()
    form, _ = _sound_format()
    louder = waveform * (PEAK / max(float(np.abs(waveform).max()), 1e-6))
    options = {"bitrate_mode": "VARIABLE", "compression_level": 0.6} if form == "MP3" else {}
    soundfile.write(content, louder, RATE, format=form, **options)
    picture = spectrogram(waveform, RATE, N_BANDS, N_FRAMES)
    return _base64(content.getvalue()), _base64(picture)


def _sound_format() -> tuple[str, str]:
    """Return what sounds are encoded in: MP3, which all browsers play, or else Ogg Vorbis."""
    formats = soundfile.available_formats()
    return ("MP3", "audio/mpeg") if "MP3" in formats else ("OGG", "audio/ogg")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _page(content: dict[str, Any]) -> str:
    """Return the page: that of the server without what needs one, and with all that it loads."""
    sources = {f"{name}.js": _module(name) for name in MODULES} | {"client.js": _module(CLIENT)}
    imports = {
        name: f"data:text/javascript;base64,{_base64(source.encode())}"
        for name, source in sources.items()
    }
    pieces = {
        "STYLE": "".join(map(_text, STYLES)),
        "IMPORT_MAP": json.dumps({"imports": imports}),
        "LICENSES": _text("libraries.txt"),
        "DATA": json.dumps(content, allow_nan=False).replace("<", "\\u003c"),
    }
    head = re.sub(rf"\b({'|'.join(pieces)})\b", lambda match: pieces[match[1]], _text(HEAD))
    served = r" *<!-- server -->.*?<!-- /server -->\n"
    page = re.sub(served, "", _text("index.html"), flags=re.DOTALL)
    title = html.escape(f"soundalike {content['name']}")
    page = page.replace("<title>soundalike explore</title>", f"<title>{title}</title>")
    return page.replace("</head>\n", f"{head}</head>\n", 1)


def _module(name: str) -> str:
    """Return a module whose imports name other modules as the import map of the page does."""
    return re.sub(r'from "\./(\w+\.js)"', r'from "\1"', _text(f"{name}.js"))


def _text(name: str) -> str:
    """Return the text of a file of the page."""
    return (FOLDER / name).read_text(encoding="utf-8")
