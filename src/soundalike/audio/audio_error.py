"""The error of a sound file that cannot be used."""

import os

from soundalike.audio.signatures import Kind

EXTRA = "pip install 'soundalike[av]'"


class AudioError(Exception):
    """A sound file cannot be used; the one-line message says which, why and what to do.

    Attributes:
        path: the file, as named by the caller.
        problem: a short phrase to group and count errors by, such as "truncated".
    """

    exit_code = 1

    def __init__(self, path: str | os.PathLike[str], problem: str, explanation: str) -> None:
        super().__init__(path, problem, explanation)
        self.path = path
        self.problem = problem
        self.explanation = explanation

    def __str__(self) -> str:
        name = "".join(
            letter if letter.isprintable() else letter.encode("unicode_escape").decode()
            for letter in os.fspath(self.path)
        )
        return f"{name}: {self.problem}: {self.explanation}"


def truncated(
    path: str | os.PathLike[str], actual_s: float | None = None, declared_s: float | None = None
) -> AudioError:
    """Return the error of a file that holds less than it declares."""
    reason = "its end is missing"
    if actual_s is not None:
        reason = f"it ends after {actual_s:.2f} s of {declared_s:.2f} s"
    return AudioError(path, "truncated", f"{reason}; copy or download it again")


def no_samples(path: str | os.PathLike[str]) -> AudioError:
    """Return the error of a file without sound."""
    return AudioError(path, "no samples", "the file ends after its header; copy or record it again")


def incomplete(path: str | os.PathLike[str], n_s: float, declared_s: float) -> AudioError:
    """Return the error of a file that decodes to less than it declares, though nothing is cut."""
    missing = f"{declared_s - n_s:.2f} s of {declared_s:.2f} s are missing in it"
    return AudioError(path, "damaged", f"{missing}; copy or download it again")


def damaged(path: str | os.PathLike[str], at_s: float) -> AudioError:
    """Return the error of a file that cannot be decoded beyond some point."""
    advice = f", or use only what lies before it (end_s: {at_s:.2f})" if at_s >= 0.01 else ""
    return AudioError(
        path, "damaged", f"decoding failed after {at_s:.2f} s; copy or download it again{advice}"
    )


def changed(path: str | os.PathLike[str]) -> AudioError:
    """Return the error of a file whose sound is no longer that of its first bytes."""
    return AudioError(path, "changed", "it was written to while it was read; run this again")


def not_audio(path: str | os.PathLike[str], kind: Kind | None, why: str) -> AudioError:
    """Return the error of a file that no decoder can read."""
    if kind and kind.hint:
        return AudioError(path, "not audio", f"it is {kind.name}; {kind.hint}")
    if kind:
        return AudioError(
            path, "damaged", f"it is {kind.name}, but decoding failed ({why}); encode it again"
        )
    return AudioError(
        path, "not audio", "no decoder can read it; convert it to wav, flac, ogg, opus, mp3 or aiff"
    )


def needs_extra(path: str | os.PathLike[str], kind: Kind | None) -> AudioError:
    """Return the error of a file that only PyAV can read, which is not installed."""
    name = kind.name if kind else "of another kind"
    return AudioError(path, "needs PyAV", f"it is {name}; install the extra av: {EXTRA}")
