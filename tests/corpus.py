"""Sound files of every kind that tests make, whole, cut, joined and damaged.

As a script it reads them all and writes the table of docs/reliability.md:

    python tests/corpus.py
"""

import functools
import io
import itertools
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from soundalike.audio.mpeg import parse_header
from soundalike.audio.ogg import page_crc
from soundalike.audio.sound_file import read_info
from soundalike.audio.waveform import read_waveform
from soundalike.datasets.scan import scan
from soundalike.datasets.source import read_source

RATE = 44100
SECONDS = 3
CUTS = (0.3, 0.6, 0.9)
# container, subtypes, suffix
SNDFILE_KINDS = [
    ("WAV", "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM", "wav"),
    ("WAVEX", "PCM_16 PCM_24 FLOAT", "wave"),
    ("RF64", "PCM_16 PCM_24 FLOAT", "rf64"),
    ("W64", "PCM_U8 PCM_16 PCM_24 FLOAT", "w64"),
    ("AIFF", "PCM_S8 PCM_16 PCM_24 PCM_32", "aiff"),
    ("AIFF", "FLOAT DOUBLE ULAW", "aifc"),
    ("AU", "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW", "au"),
    ("CAF", "PCM_S8 PCM_16 PCM_24 PCM_32 FLOAT ALAC_16 ALAC_24", "caf"),
    ("FLAC", "PCM_S8 PCM_16 PCM_24", "flac"),
    ("OGG", "VORBIS", "ogg"),
    ("OGG", "OPUS", "opus"),
    ("MP3", "MPEG_LAYER_III", "mp3"),
    ("VOC", "PCM_U8 PCM_16 ULAW ALAW", "voc"),
    ("PAF", "PCM_S8 PCM_16 PCM_24", "paf"),
    ("SVX", "PCM_S8 PCM_16", "svx"),
    ("NIST", "PCM_S8 PCM_16 PCM_24 PCM_32 ULAW", "sph"),
    ("IRCAM", "PCM_16 PCM_32 FLOAT ULAW", "sf"),
    ("AVR", "PCM_U8 PCM_S8 PCM_16", "avr"),
    ("HTK", "PCM_16", "htk"),
    ("PVF", "PCM_S8 PCM_16 PCM_32", "pvf"),
]
MONO_ONLY = {"SVX", "HTK", "adpcm_g722"}
# Rates that a codec, or the header of a container, rounds to.
ODD_RATES = {("OGG", "OPUS"): 48000, ("VOC", "PCM_U8"): 45454, ("HTK", "PCM_16"): 44247}
# suffix, container, codec
AV_KINDS = [
    ("m4a", "ipod", "aac"),
    ("mp4", "mp4", "aac"),
    ("m4a", "ipod", "alac"),
    ("mov", "mov", "pcm_s16le"),
    ("aac", "adts", "aac"),
    ("mp2", "mp2", "mp2"),
    ("wma", "asf", "wmav2"),
    ("webm", "webm", "libopus"),
    ("wv", "wv", "wavpack"),
    ("tta", "tta", "tta"),
    ("ac3", "ac3", "ac3"),
    ("wav", "wav", "adpcm_g722"),
]
# The length is nowhere in the file, so a cut one is a shorter one.
WITHOUT_LENGTH = {"PAF", "IRCAM", "PVF", "adts", "mp2", "ac3"}


def tone(seconds: float = SECONDS, n_channels: int = 1, rate: int = RATE) -> np.ndarray:
    """A swelling tone with some noise: [samples, channels]."""
    time = np.arange(round(seconds * rate))[:, None] / rate
    swelling = 0.3 * np.sin(2 * np.pi * 300 * time) * (1.2 + np.sin(5 * time)) / 2.2
    noise = np.random.default_rng(0).standard_normal((len(time), 1))
    return np.repeat(swelling + 0.02 * noise, n_channels, axis=1)


def encoded(kind: str, subtype: str, samples: np.ndarray | None = None, **settings) -> bytes:
    """Encode with libsndfile."""
    samples = tone() if samples is None else samples
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip")
        rate = 48000 if subtype == "OPUS" else RATE
        with soundfile.SoundFile(
            path, "w", rate, samples.shape[1], subtype, format=kind, **settings
        ) as file:
            file.write(samples)
        return path.read_bytes()


def encoded_by_av(container: str, codec: str, samples: np.ndarray | None = None) -> bytes:
    """Encode with PyAV."""
    import av

    samples = tone() if samples is None else samples
    rate = {"libopus": 48000, "adpcm_g722": 16000}.get(codec, RATE)
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    content = io.BytesIO()
    with av.open(content, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        formats = {"wavpack": "s16p", "tta": "s16"}
        stream.codec_context.format = formats.get(codec, stream.codec_context.format or "fltp")
        if codec == "wmav2":
            stream.bit_rate = 128_000
        chunk = stream.codec_context.frame_size or 4096
        resampler = av.AudioResampler(stream.codec_context.format, layout, rate, frame_size=chunk)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T, np.float32), "fltp", layout
        )
        frame.rate = RATE
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            file.mux(stream.encode(part))
    return content.getvalue()


def mp3(bit_rate: float = 0.5, mode: str = "CONSTANT", samples: np.ndarray | None = None) -> bytes:
    """An mp3 with a Xing header."""
    return encoded("MP3", "MPEG_LAYER_III", samples, compression_level=bit_rate, bitrate_mode=mode)


def without_xing(content: bytes) -> bytes:
    """The frames of an mp3 without the one that holds its length, and without tags."""
    at = max(content.find(b"Xing"), content.find(b"Info"))
    start = next(at - side for side in (36, 21, 13) if parse_header(content[at - side :][:4]))
    return content[start + parse_header(content[start : start + 4]).n_bytes :]


def mp3_seconds(content: bytes) -> float:
    """Length of all frames, counted one by one."""
    position, seconds = 0, 0.0
    while header := parse_header(content[position : position + 4]):
        position += header.n_bytes
        seconds += header.n_samples / header.sample_rate
    return seconds


def replaced(content: bytes, at: int, new: bytes) -> bytes:
    """Other bytes at some place."""
    return content[:at] + new + content[at + len(new) :]


def damaged(content: bytes, n_bytes: int = 2000) -> bytes:
    """Random bytes in the middle."""
    noise = np.random.default_rng(1).bytes(n_bytes)
    return replaced(content, len(content) // 2, noise)


def with_length(content: bytes, length: int, form: int | None = None) -> bytes:
    """A wav whose data, and whose RIFF, have another length."""
    at = content.index(b"data") + 4
    content = replaced(content, at, struct.pack("<I", length))
    return content if form is None else replaced(content, 4, struct.pack("<I", form))


def with_flac_total(content: bytes, total: int) -> bytes:
    """A flac that declares another number of samples."""
    fields = int.from_bytes(content[18:26], "big") >> 36 << 36 | total
    return replaced(content, 18, fields.to_bytes(8, "big"))


def ogg_pages(content: bytes) -> list[bytes]:
    """The pages of an Ogg file."""
    pages = []
    while content:
        n_bytes = 27 + content[26] + sum(content[27 : 27 + content[26]])
        pages.append(content[:n_bytes])
        content = content[n_bytes:]
    return pages


def ogg_page(packet: bytes, flags: int, granule: int, number: int, serial: int) -> bytes:
    """A page with one packet."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBQIII", b"OggS", 0, flags, granule, serial, number, 0)
    page = head + bytes([len(lacing)]) + lacing + packet
    return replaced(page, 22, struct.pack("<I", page_crc(page)))


def ogg_flac(content: bytes) -> bytes:
    """A flac of one block of metadata in Ogg, each of its frames on a page."""
    starts = [at for at in range(42, len(content)) if _is_frame(content, at)]
    frames = [content[a:b] for a, b in itertools.pairwise([*starts, len(content)])]
    packets = [b"\x7fFLAC\x01\x00\x00\x00" + content[:42], *frames]
    size, total = 4096, int.from_bytes(content[18:26], "big") & 2**36 - 1
    pages = []
    for number, packet in enumerate(packets):
        flags = 2 if number == 0 else 4 if number == len(packets) - 1 else 0
        pages.append(ogg_page(packet, flags, min(total, size * number), number, serial=7))
    return b"".join(pages)


def _is_frame(content: bytes, at: int) -> bool:
    return content[at : at + 2] == b"\xff\xf8"


def flac(bits: int, samples: np.ndarray | None = None, size: int = 4096) -> bytes:
    """A mono flac of any width, uncompressed."""
    samples = tone()[:, 0] if samples is None else samples
    values = np.round(samples * (2 ** (bits - 1) - 1)).astype(np.int64)
    fields = RATE << 44 | (bits - 1) << 36 | len(values)
    frames = [
        _flac_frame(values[at : at + size], at // size, bits) for at in range(0, len(values), size)
    ]
    head = b"fLaC\x80\x00\x00\x22" + struct.pack(">HH", size, size) + bytes(6)
    return head + fields.to_bytes(8, "big") + bytes(16) + b"".join(frames)


def _flac_frame(values: np.ndarray, number: int, bits: int) -> bytes:
    code = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}[bits]
    head = b"\xff\xf8\x70" + bytes([code << 1]) + chr(number).encode()
    head += struct.pack(">H", len(values) - 1)
    head += bytes([_crc(head, 0x07, 8)])
    shifts = np.arange(bits - 1, -1, -1)
    body = (values[:, None] >> shifts & 1).astype(np.uint8).ravel()
    frame = head + b"\x02" + np.packbits(body).tobytes()
    return frame + struct.pack(">H", _crc(frame, 0x8005, 16))


def _crc(content: bytes, polynomial: int, bits: int) -> int:
    crc, table = 0, _table(polynomial, bits)
    for byte in content:
        crc = (crc << 8 ^ table[(crc >> (bits - 8) ^ byte) & 255]) & (1 << bits) - 1
    return crc


@functools.cache
def _table(polynomial: int, bits: int) -> list[int]:
    table = [byte << (bits - 8) for byte in range(256)]
    for _ in range(8):
        table = [
            (crc << 1 ^ (polynomial if crc >> (bits - 1) & 1 else 0)) & (1 << bits) - 1
            for crc in table
        ]
    return table


@dataclass(frozen=True)
class Item:
    """A file of the corpus.

    Args:
        group: its row in the table.
        name: of the file.
        content: its bytes.
        seconds: what it holds and can be read; None if something is missing and must be named.
    """

    group: str
    name: str
    content: bytes
    seconds: float | None


def items() -> Iterator[Item]:
    """Yield every file of the corpus."""
    for kind, subtypes, suffix in SNDFILE_KINDS:
        for subtype, n_channels in itertools.product(subtypes.split(), (1, 2)):
            if kind in MONO_ONLY and n_channels == 2:
                continue
            seconds = SECONDS * RATE / ODD_RATES.get((kind, subtype), RATE)
            content = encoded(kind, subtype, tone(n_channels=n_channels))
            name = f"{kind} {subtype} {n_channels}.{suffix}"
            yield from whole_and_cut(kind, name, content, seconds, kind in WITHOUT_LENGTH)
            if kind in ("OGG", "MP3", "FLAC"):
                yield Item(kind, f"damaged {name}", damaged(content), None)
    for suffix, container, codec in AV_KINDS:
        for n_channels in (1,) if codec in MONO_ONLY else (1, 2):
            content = encoded_by_av(container, codec, tone(n_channels=n_channels))
            name = f"{container} {codec} {n_channels}.{suffix}"
            group = f"{container}, {codec}"
            has_no_length = bool({container, codec} & WITHOUT_LENGTH)
            yield from whole_and_cut(group, name, content, SECONDS, has_no_length)
            if codec not in ("alac", "pcm_s16le", "adpcm_g722"):
                yield Item(group, f"damaged {name}", damaged(content, 3000), None)
    yield from corrected()
    yield from joined()
    for suffix, content in (
        ("wav", b"version https://git-lfs.github.com/spec/v1"),
        ("mp3", b"<html>404</html>"),
        ("flac", b"Dear diary"),
        ("ogg", b""),
        ("m4a", np.random.default_rng(0).bytes(10000)),
    ):
        yield Item("no sound at all", f"none.{suffix}", content, None)


def whole_and_cut(
    group: str, name: str, content: bytes, seconds: float, has_no_length: bool
) -> Iterator[Item]:
    """Yield a file, and what is left of it where it was cut."""
    yield Item(group, name, content, seconds)
    for share in CUTS:
        left = content[: int(share * len(content))]
        yield Item(group, f"cut {share} {name}", left, share * seconds if has_no_length else None)


def corrected() -> Iterator[Item]:
    """Yield files whose headers are wrong or unusual."""
    wav, rf64 = encoded("WAV", "PCM_16"), encoded("RF64", "PCM_16")
    for length, form in itertools.product((0, 0x7FFFFFFF, 0xFFFFFFFF), (0, 36, 0xFFFFFFFF)):
        content = with_length(wav, length, form)
        yield Item("wrong lengths", f"wav {length} {form}.wav", content, SECONDS)
    at = rf64.index(b"ds64") + 8
    yield Item("wrong lengths", "rf64 0.wav", replaced(rf64, at, bytes(24)), SECONDS)
    yield Item("BW64", "bw64.wav", b"BW64" + rf64[4:], SECONDS)
    yield Item("BW64", "cut bw64.wav", b"BW64" + rf64[4 : len(rf64) // 2], None)
    aiff = encoded("AIFF", "PCM_16")
    aiff = replaced(replaced(aiff, aiff.index(b"SSND") + 4, bytes(4)), 4, bytes(4))
    yield Item("wrong lengths", "aiff 0.aiff", aiff, SECONDS)
    for total in (0, 1000, SECONDS * RATE // 2):
        content = with_flac_total(encoded("FLAC", "PCM_16"), total)
        yield Item("wrong lengths", f"flac {total}.flac", content, SECONDS)
    for bits in (8, 12, 16, 20, 24, 32):
        yield Item("flac of every width", f"{bits}.flac", flac(bits), SECONDS)
        yield Item("flac in Ogg", f"{bits}.ogg", ogg_flac(flac(bits)), SECONDS)
    yield Item("flac in Ogg", "cut.ogg", ogg_flac(flac(16))[:-9], None)
    for mode, n_tag in itertools.product(("CONSTANT", "VARIABLE"), (0, 2048)):
        frames = without_xing(mp3(mode=mode))
        tag = b"ID3\x04\x00\x00\x00\x00\x10\x00" + bytes(n_tag) if n_tag else b""
        name, seconds = f"{mode} {n_tag}.mp3", mp3_seconds(frames)
        half = frames[: len(frames) // 2]
        yield Item("mp3 without Xing", name, tag + frames, seconds)
        yield Item("mp3 without Xing", f"cut {name}", tag + half, mp3_seconds(half))
        yield Item("mp3 without Xing", f"damaged {name}", tag + damaged(frames), None)


def joined() -> Iterator[Item]:
    """Yield files that were joined, whole and cut."""
    for kind, subtype, suffix in (
        ("MP3", "MPEG_LAYER_III", "mp3"),
        ("OGG", "VORBIS", "ogg"),
        ("FLAC", "PCM_16", "flac"),
        ("WAV", "PCM_16", "wav"),
        ("AIFF", "PCM_16", "aiff"),
        ("RF64", "PCM_16", "wav"),
    ):
        once = encoded(kind, subtype)
        yield Item("joined", f"joined {kind}.{suffix}", 2 * once, 2 * SECONDS)
        half = once + once[: len(once) // 2]
        yield Item("joined", f"joined and cut {kind}.{suffix}", half, None)


def verdict(path: Path, item: Item, problem: str) -> str:
    """Say whether a file was read right, named as a problem, or silently read wrong."""
    if problem:
        return "named as a problem" if item.seconds is None else "refused"
    if item.seconds is None:
        return "silently wrong"
    rate = read_info(path).sample_rate
    waveform = read_waveform(path, rate)
    if abs(len(waveform) / rate - item.seconds) > 0.12:
        return "silently wrong"
    # libsndfile wrote the same samples, whatever the rate.
    source = tone() if item.group in {kind for kind, _ in ODD_RATES} else tone(rate=rate)
    n_shifts, first = rate // 10, rate // 20
    expected = source[first : first + len(waveform) // 3, 0]
    products = np.correlate(waveform[: len(expected) + n_shifts], expected, "valid")
    return "read right" if products.max() > 0.9 * expected @ expected else "silently wrong"


def table(folder: Path) -> dict[str, dict[str, int]]:
    """Write the corpus to a folder, scan it, and count verdicts by group."""
    corpus = {folder / item.name: item for item in items()}
    for path, item in corpus.items():
        path.write_bytes(item.content)
    report = scan(read_source(folder), progress=False)
    problems = {problem.path: problem.problem for problem in report.problems}
    rows: dict[str, dict[str, int]] = {}
    for path, item in corpus.items():
        row = rows.setdefault(item.group, dict.fromkeys(VERDICTS, 0))
        result = verdict(path, item, problems.get(str(path), ""))
        if result in ("refused", "silently wrong"):
            print(f"{item.name}: {result} {problems.get(str(path), '')}")
        row[result] += 1
    return rows


def write_page(rows: dict[str, dict[str, int]]) -> None:
    """Write the table into docs/reliability.md."""
    total = {verdict: sum(row[verdict] for row in rows.values()) for verdict in VERDICTS}
    lines = [
        f"| {name} | {sum(row.values())} | " + " | ".join(str(row[v]) for v in VERDICTS) + " |"
        for name, row in [*rows.items(), ("all", total)]
    ]
    head, _, rest = PAGE.read_text().partition("| files |")
    tail = rest[rest.index("| all |") :].partition("\n")[2]
    columns = f"| files | made | {' | '.join(VERDICTS)} |"
    PAGE.write_text("\n".join([f"{head}{columns}", "|---|" + "---:|" * 5, *lines, tail]))


VERDICTS = ("read right", "named as a problem", "refused", "silently wrong")
PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        write_page(table(Path(temporary)))
