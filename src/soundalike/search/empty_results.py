"""Why a search has no results, in words."""

from typing import TYPE_CHECKING

from soundalike.runtime.suggestions import edit_distance
from soundalike.search.selection import Selection

if TYPE_CHECKING:
    from soundalike.search.archive import Archive

MOST_LISTED = 10


def why_no_rows(archive: "Archive", selection: Selection) -> str:
    """Return why no row of an archive is among the results of a search.

    Args:
        archive: the archive.
        selection: conditions that rows had to meet.
    """
    if not len(archive):
        return f"{archive.name} is empty"
    clips = archive.clips()
    classes = {each for label in clips["label"].unique() for each in label.split(";")}
    wanted = [label.strip() for label in selection.labels]
    for name, names, known in (
        ("label", wanted, classes),
        ("split", list(selection.splits), set(clips["split"].unique())),
    ):
        if names and not known & set(names):
            return _unknown(name, names[0], sorted(known - {""}))
    if selection.where():
        return "nothing in the archive, apart from the query, meets the conditions"
    return "nothing is in the archive apart from the query"


def _unknown(kind: str, name: str, known: list[str]) -> str:
    """Say that no sound has a label or a split, and which there are, the most similar first."""
    if not known:
        return f"no sound of the archive has a {kind}"
    nearest = sorted(known, key=lambda each: edit_distance(name.lower(), each.lower()))
    listed = ", ".join(f"'{each}'" for each in nearest[:MOST_LISTED])
    more = f" and {len(known) - MOST_LISTED:,} more" if len(known) > MOST_LISTED else ""
    return f"no sound of the archive has the {kind} '{name}'; there are {listed}{more}"
