"""The table of suspicious labels, in which a person decides.

Columns of ``labels.csv``, a row for each labeled clip, most suspicious first:

path, start_s, end_s  the clip; times in seconds, blank for a whole file
label                 the label in the source, "dog;rain" for several classes
suggested             the label that is most probable if this one is wrong; blank: the sound is
                      probably none of the classes
p_wrong               probability that the label is wrong
decision              blank, "keep", "relabel" or "drop"
new_label             for "relabel": the right label; blank: the suggested one
"""

from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.audit.labels_text import COLUMNS, DIGITS, DROP, RELABEL, TableError, read_rows
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.labels import classes_of
from soundalike.runtime.atomic import write_text

CLIP = ["path", "start_s", "end_s"]


def read_labels(file: Path) -> pd.DataFrame:
    """Read a table of labels, which a person may have edited in a spreadsheet.

    Returns:
        The columns above: times and p_wrong float64, times NaN where blank; the others text, and so
        are columns that the person has added.

    Raises:
        TableError: the file is missing, lacks a column, or a decision cannot be carried out.
    """
    rows = read_rows(file)
    without = (rows["decision"] == RELABEL) & (decided_labels(rows).str.strip(" ;") == "")
    if without.any():
        row = int(np.flatnonzero(without)[0])
        raise TableError(
            f"{file}, row {row + 2}: to relabel {rows['path'][row]}, write its label into "
            "new_label: none is suggested."
        )
    return rows


def write_labels(file: Path, rows: pd.DataFrame) -> None:
    """Write a table of labels, most suspicious first; those that tie stay in their order.

    Args:
        file: the file to replace.
        rows: the columns above, and any others, which come after them.

    Raises:
        OSError: the file cannot be written.
    """
    columns = dict.fromkeys([*COLUMNS, *rows])
    rounded = rows[[*columns]].assign(p_wrong=rows["p_wrong"].round(DIGITS))
    ordered = rounded.sort_values("p_wrong", ascending=False, kind="stable")
    write_text(file, ordered.to_csv(index=False, lineterminator="\n"))


def undecided(clips: ClipTable) -> pd.DataFrame:
    """Return the table of labels of clips, with nothing known about them."""
    rows = clips.rows[[*CLIP, "label"]].reset_index(drop=True)
    return rows.assign(suggested="", p_wrong=0.0, decision="", new_label="")


def with_decisions(rows: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return a table of labels with the decisions of an earlier one, and its further columns.

    A decision belongs to a clip and its label, and so do further columns: if the source has another
    label by now, they are not taken over. Of a label that was replaced by the suggested one, this
    becomes the new label, as another one may be suggested by now.

    Args:
        rows: table without decisions.
        earlier: table that may have some.
    """
    decided = earlier[earlier["decision"] != ""]
    is_relabel = decided["decision"] == RELABEL
    new_label = decided["new_label"].where(~is_relabel, decided_labels(decided))
    decided = decided.assign(new_label=new_label)
    columns = {}
    for column in ("decision", "new_label"):
        known = dict(zip(keys(decided), decided[column], strict=True))
        columns[column] = [known.get(key, "") for key in keys(rows)]
    for column in earlier.columns.difference(COLUMNS, sort=False):
        known = dict(zip(keys(earlier), earlier[column], strict=True))
        columns[column] = [known.get(key, "") for key in keys(rows)]
    return rows.assign(**columns)


def keys(rows: pd.DataFrame) -> list[tuple[str, float, float, str]]:
    """Return what identifies a clip and its label, for each row; a blank time is -1."""
    times = [rows[column].fillna(-1.0).round(6) for column in ("start_s", "end_s")]
    return list(zip(rows["path"], *times, rows["label"], strict=True))


def decided_labels(rows: pd.DataFrame) -> pd.Series:
    """Return the label of each row after its decision; "" if the clip is dropped."""
    new = rows["new_label"].where(rows["new_label"] != "", rows["suggested"])
    new = new.map({label: ";".join(classes_of(label)) for label in new.unique()})
    labels = rows["label"].where(rows["decision"] != RELABEL, new)
    return labels.where(rows["decision"] != DROP, "")
