"""Which rows of an archive a search looks at."""

from dataclasses import dataclass

from soundalike.archive.lance_tables import quoted


@dataclass(frozen=True)
class Selection:
    """Rows that meet all of these conditions.

    Args:
        labels: the clip has one of these classes; by default any or none.
        splits: the clip is in one of these splits; "" stands for none.
        folder: the sound is in this folder, relative to the root of the archive, or below it.
        shortest_s: least length of the clip, in seconds.
        longest_s: greatest length of the clip.
    """

    labels: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    folder: str = ""
    shortest_s: float | None = None
    longest_s: float | None = None

    def where(self) -> str | None:
        """Return the conditions in SQL, or None if there are none.

        >>> Selection(labels=("it's",), longest_s=2).where()
        "(contains(concat(';', label, ';'), ';it''s;')) AND duration_s <= 2.0"
        """
        conditions = []
        if self.labels:
            classes = [quoted(f";{label.strip()};") for label in self.labels]
            tests = [f"contains(concat(';', label, ';'), {each})" for each in classes]
            conditions.append(f"({' OR '.join(tests)})")
        if self.splits:
            conditions.append(f"split IN ({', '.join(map(quoted, self.splits))})")
        if folder := self.folder.rstrip("/"):
            conditions.append(f"starts_with(path, {quoted(f'{folder}/')})")
        if self.shortest_s is not None:
            conditions.append(f"duration_s >= {float(self.shortest_s)}")
        if self.longest_s is not None:
            conditions.append(f"duration_s <= {float(self.longest_s)}")
        return " AND ".join(conditions) or None
