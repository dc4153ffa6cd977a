"""Read tables of text as people save them: UTF-8 or not, with commas, semicolons or tabs.

The encoding and the separator are recognized; what cannot be read is refused in one line.
"""

import csv
import io
import itertools
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer
import pandas as pd

from soundalike.datasets.clips import SourceError
from soundalike.datasets.columns import our_name

SEPARATORS = (",", ";", "\t", "|")
N_FIRST_ROWS = 50
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n')  # which Excel writes and reads


@dataclass(frozen=True)
class TextTable:
    """A table of text whose encoding and separator are known.

    Args:
        path: the file.
        encoding: name of its encoding.
        separator: between the values of a row.
        n_lines_before: lines before the header: one if the first line is ``sep=;``.
        first_rows: up to `N_FIRST_ROWS` rows with the header, blank lines left out.
    """

    path: Path
    encoding: str
    separator: str
    n_lines_before: int
    first_rows: list[list[str]]

    @property
    def notes(self) -> list[str]:
        """What was assumed about the file."""
        is_utf = self.encoding.startswith("utf")
        return [] if is_utf else [f"{self.path.name}: not UTF-8, read as {self.encoding}"]

    @property
    def decimal_comma(self) -> bool:
        """If true, 1,5 can only be one and a half, since commas do not separate values."""
        return self.separator != ","

    def read(self, names: list[str] | None = None, *, is_plain: bool = False) -> pd.DataFrame:
        """Return the rows, all values as text; absent ones are "".

        Args:
            names: names of the columns of a table without header.
            is_plain: If true, values between tabs may begin with a quote and not end with one, as
                in tables of programs that write no quotes around values.

        Raises:
            SourceError: a row has more values than the header.
        """
        is_plain = is_plain and self.separator == "\t"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                rows = pd.read_csv(
                    self.path,
                    sep=self.separator,
                    dtype=str,
                    header=None if names else 0,
                    names=names,
                    index_col=False,
                    keep_default_na=False,
                    encoding=self.encoding,
                    skiprows=self.n_lines_before,
                    quoting=csv.QUOTE_NONE if is_plain else csv.QUOTE_MINIMAL,
                ).fillna("")
                return rows.rename(columns=_unquoted).map(_unquoted) if is_plain else rows
        except pd.errors.ParserWarning:
            raise self._too_many_values("its first row has more values than the header") from None
        except (ValueError, OSError) as error:  # pandas' parser raises kinds of these
            reason = str(error).partition("\n")[0]
            if sizes := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", reason):
                expected, line, actual = sizes.groups()
                raise self._too_many_values(
                    f"line {line} has {actual} values and the header {expected}"
                ) from None
            raise SourceError(f"{self.path}: cannot be read as a table ({reason}).") from None

    def _too_many_values(self, what: str) -> SourceError:
        name = {"\t": "tab"}.get(self.separator, self.separator)
        return SourceError(
            f"{self.path}: {what}: put quotes around a value that contains the separator ({name})."
        )


def open_text_table(path: Path) -> TextTable:
    """Recognize the encoding and the separator of a table of text.

    Raises:
        SourceError: the file is empty, is not text, or cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from None
    encoding = _encoding_of(path, raw)
    text = raw.decode(encoding).lstrip("\ufeff")
    if separator_line := _SEPARATOR_LINE.match(text):
        text = text[separator_line.end() :]
    if not text.strip():
        raise SourceError(f"{path}: the file is empty: it needs a column 'path'.")
    try:
        separator = separator_line[1] if separator_line else _separator_of(path, text)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        first_rows = list(itertools.islice(filter(any, lines), N_FIRST_ROWS))
    except csv.Error as error:
        raise SourceError(f"{path}: cannot be read as a table ({error}).") from None
    return TextTable(path, encoding, separator, int(bool(separator_line)), first_rows)


def _unquoted(value: str) -> str:
    """Return a value without the quotes that are around it."""
    is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1].replace('""', '"') if is_quoted else value


def _encoding_of(path: Path, raw: bytes) -> str:
    """Return the name of the encoding in which the bytes are text."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if raw.startswith(mark)), "")
    if not encoding and raw[1::2].count(0) > len(raw) / 4:
        encoding = "utf-16-le"
    elif not encoding and raw[::2].count(0) > len(raw) / 4:
        encoding = "utf-16-be"
    for name in [encoding] if encoding else ["utf-8", _likely_encoding(raw)]:
        try:
            text = raw.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if not _NO_TEXT.search(text):
            return name
    raise SourceError(f"{path}: cannot be read as a table (it is not text).")


def _likely_encoding(raw: bytes) -> str:
    """Guess the encoding of text that is not UTF-8; what Western Windows writes goes first."""
    best = charset_normalizer.from_bytes(raw[: 2**16], cp_isolation=["cp1252", "cp1251"]).best()
    return best.encoding if best else "cp1252"


def _separator_of(path: Path, text: str) -> str:
    """Return the separator that divides the header into the most names that we know."""
    header = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    usual = "\t" if path.suffix.lower() in (".tsv", ".txt") else ","
    present = [separator for separator in SEPARATORS if separator in header]
    if not present:
        return usual

    def n_known(separator: str) -> int:
        names = next(csv.reader([header], delimiter=separator))
        return sum(our_name(name) is not None for name in names)

    best = max(map(n_known, present))
    likely = [separator for separator in present if n_known(separator) == best]
    if len(likely) == 1:
        return likely[0]
    return usual if usual in likely else _sniffed(text, likely)


def _sniffed(text: str, separators: list[str]) -> str:
    try:
        return csv.Sniffer().sniff(text[:4096], "".join(separators)).delimiter
    except csv.Error:
        return separators[0]
