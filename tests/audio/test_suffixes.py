"""Every suffix is one of a kind that tests make, or is listed with the reason why not."""

from soundalike.audio.suffixes import (
    AUDIO_SUFFIXES,
    AV_SUFFIXES,
    OTHER_SUFFIXES,
    SNDFILE_SUFFIXES,
    UNREADABLE_SUFFIXES,
)

# Other names of kinds that are made, and kinds that nothing here can write.
OTHER_NAMES = {
    ".aif", ".bwf", ".bw64", ".snd", ".oga", ".mp1", ".mpga", ".fap", ".8svx", ".16sv", ".iff",
    ".nist", ".ircam", ".wve",
    ".m4b", ".m4r", ".3gp", ".3g2", ".adts", ".asf", ".weba", ".mka", ".mkv", ".avi", ".spx",
    ".amr", ".ape", ".dsf", ".mpc", ".tak", ".rm",
}  # fmt: skip


def test_every_suffix_is_tried(corpus):
    made = {f".{suffix}" for *_, suffix in corpus.SNDFILE_KINDS}
    made |= {f".{suffix}" for suffix, *_ in corpus.AV_KINDS}
    assert made | OTHER_NAMES == AUDIO_SUFFIXES


def test_a_suffix_is_in_one_table():
    tables = [SNDFILE_SUFFIXES, AV_SUFFIXES, OTHER_SUFFIXES, set(UNREADABLE_SUFFIXES)]
    assert sum(map(len, tables)) == len(frozenset().union(*tables))
