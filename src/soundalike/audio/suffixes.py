"""Suffixes of sound files, and of what may be taken for one."""

_SNDFILE = """
    wav wave bwf rf64 bw64 w64 aif aiff aifc au snd caf flac ogg oga opus mp3 mp2 mp1 mpga
    voc paf fap svx 8svx 16sv iff nist sph sf ircam avr htk pvf wve
"""
_AV = """
    m4a m4b m4r mp4 mov 3gp 3g2 aac adts wma asf webm weba mka mkv avi spx amr ape wv tta dsf
    mpc tak ac3 rm
"""
_OTHER = """
    txt csv tsv json yaml yml xml md html pdf jpg jpeg png gif svg npy npz parquet pkl h5 mat
    py ipynb sh zip gz tar log lab textgrid pek asd sfk reapeaks db ini
"""


def _suffixes(names: str) -> frozenset[str]:
    return frozenset(f".{name}" for name in names.split())


SNDFILE_SUFFIXES = _suffixes(_SNDFILE)
AV_SUFFIXES = _suffixes(_AV)
AUDIO_SUFFIXES = SNDFILE_SUFFIXES | AV_SUFFIXES
# Files that lie beside sounds and are not looked into.
OTHER_SUFFIXES = _suffixes(_OTHER)
_PROTECTED = "it is protected against copying; get an unprotected copy"
# They look like audio, but nobody here reads them: what to do, by suffix.
UNREADABLE_SUFFIXES = {
    ".mid": "it holds notes and no sound; render it to wav",
    ".midi": "it holds notes and no sound; render it to wav",
    ".raw": "raw samples have no header; convert them to wav",
    ".pcm": "raw samples have no header; convert them to wav",
    ".m4p": _PROTECTED,
    ".aax": _PROTECTED,
    ".aup": "it is an Audacity project; export it as wav",
    ".aup3": "it is an Audacity project; export it as wav",
    ".sd2": "convert it to wav",
    ".sds": "convert it to wav",
    ".dff": "convert it to wav",
    ".shn": "convert it to flac",
    ".wac": "convert it to wav",
    ".zc": "zero-crossing files hold no waveform; leave it out",
}
