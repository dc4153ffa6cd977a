"""An archive of sounds: add sounds, and search it by sound."""

import dataclasses
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from soundalike import __version__
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.head import MODEL, ArchiveError, Head
from soundalike.archive.index import open_index
from soundalike.archive.neighbors import Index
from soundalike.archive.stored_backgrounds import backgrounds_of
from soundalike.archive.variation import Variation, variation_of
from soundalike.archive.window_archive import WindowArchive
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import ClipTable
from soundalike.search.archive_paths import full_path
from soundalike.search.centering import choose_centering
from soundalike.search.hits import best_rows
from soundalike.search.query_vectors import (
    mono_waveforms,
    own_rows,
    queries_of,
    search_vector,
)
from soundalike.search.selection import Selection

if TYPE_CHECKING:
    from soundalike.embedding.sound_encoder import SoundEncoder
    from soundalike.search.fill import FillResult


class Archive(WindowArchive):
    """The sounds of a collection as vectors, with the model that made them.

    >>> import soundalike as sa
    >>> archive = sa.Archive.open("birds")  # doctest: +SKIP
    >>> archive.search("call.wav", k=10)  # doctest: +SKIP
    """

    @classmethod
    def open(cls, path: str | Path, root: str | None = None) -> Self:
        """Open an archive.

        Args:
            path: its folder.
            root: where its sounds are now, if they have been moved; `move_root` records it.

        Raises:
            ArchiveError: there is none, its format is newer, or it is damaged.
        """
        archive = super().open(path)
        if root:
            archive.head = dataclasses.replace(archive.head, root=os.path.abspath(root))
        return archive

    def sounds(self) -> ClipTable:
        """Return the clips of the archive, with the places of their files now."""
        records = self.clips()
        paths = [full_path(self.head.root, path) for path in records["path"]]
        rows = records[["start_s", "end_s", "label", "split"]].assign(path=paths)
        return ClipTable(str(self.path), rows, root=self.head.root)

    @classmethod
    def open_for(
        cls,
        path: str | Path,
        model: "SoundEncoder",
        root: str = "",
        *,
        half: bool = False,
        tables: str = "",
    ) -> Self:
        """Open the archive of a model, or create it.

        Args:
            path: its folder.
            model: makes the vectors; it is saved in the archive.
            root: of a new archive, the folder that paths are relative to.
            half: If true, a new archive stores vectors in half precision, which halves it.
            tables: address in object storage for the tables of a new archive, such as
                ``s3://bucket/birds``; "": they are in the folder.

        Raises:
            ArchiveError: the archive is of another model or of other windows, or the folder is no
                archive.
            InUseError: another run is writing to it.
            OSError: a file cannot be written.
        """
        windows = dataclasses.asdict(model.windows)
        head = Head(model.dim, model.fingerprint(), windows, root, half, __version__, tables)
        archive = cls.create(path, head, model.save)
        archive.require(head, model.front_end.hop_s)
        return archive

    def __init__(self, path: Path, head: Head) -> None:
        super().__init__(path, head)
        self.name = str(path)  # what the user has called it
        self._indexes: dict[tuple[str | None, bool, bool], Index] = {}  # the latest one
        self._latest_variation: Variation | None = None

    def as_cut(self, model: "SoundEncoder") -> "SoundEncoder":
        """Return a model with the windows of the archive."""
        windows, frame_s = Windows(**self.head.windows), model.front_end.hop_s
        return model.with_windows((windows.n_frames - 1) * frame_s, windows.hop_frames * frame_s)

    def require(self, head: Head, frame_s: float) -> None:
        """Raise an ArchiveError unless rows with this head belong into the archive."""
        ours = self.head
        if ours.windows != head.windows:
            raise ArchiveError(
                f"{self.path}: has {Windows(**ours.windows).in_words(frame_s)}, and these are "
                f"{Windows(**head.windows).in_words(frame_s)}: leave out --window_s and --hop_s, "
                "or name a new folder."
            )
        if ours.model != head.model:
            raise ArchiveError(
                f"{self.path}: holds vectors of another model: leave out MODEL to use the one in "
                "the archive, or name a new folder."
            )

    @functools.cached_property
    def model(self) -> "SoundEncoder":
        """The model that made the vectors, ready for inference.

        Raises:
            ModelError: it cannot be loaded.
        """
        from soundalike.embedding.sound_encoder import SoundEncoder

        return SoundEncoder.load(self.path / MODEL)

    def add(
        self, sounds: str | os.PathLike[str] | ClipTable, *, progress: bool = True
    ) -> "FillResult":
        """Add the sounds of a source that the archive lacks; see `fill`.

        Args:
            sounds: any source that `read_source` takes, or what it returns.
            progress: If true, a progress bar is shown on standard error.
        """
        from soundalike.datasets.source import read_source
        from soundalike.embedding.inference import for_inference
        from soundalike.runtime.hardware import choose_hardware
        from soundalike.search.fill import fill

        clips = sounds if isinstance(sounds, ClipTable) else read_source(sounds)
        hardware = choose_hardware()
        model = for_inference(self.model, hardware.dtype).to(hardware.accelerator)
        return fill(self, model, clips, progress=progress)

    def search(
        self,
        query: Any,
        k: int = 10,
        *,
        unlike: Any = (),
        selection: Selection | None = None,
        all_windows: bool = False,
        distinct: bool = False,
        exact: bool = False,
        center: bool | None = None,
    ) -> pd.DataFrame:
        """Return the rows that sound most like a query, the best first.

        A row that is searched for is left out, and so are the windows of a file, or of the part of
        it, that is searched for.

        Args:
            query: a sound, or several whose vectors are averaged. A sound is the path of a file;
                "file@12.5-14", the part from 12.5 to 14 seconds; the id of a row; or a tuple of a
                waveform, as `SoundEncoder.encode` takes it, and its sample rate.
            k: number of rows.
            unlike: sounds that the results should not be like.
            selection: which rows are searched; by default all.
            all_windows: If true, every window counts. By default a recording counts once, by its
                best window.
            distinct: If true, and every window counts, those that overlap with a better result do
                not. So an event in a long recording is one result.
            exact: If true, all rows are compared, however many there are.
            center: If true, windows of long recordings are compared by their differences from the
                mean of the minutes around them, and so are queries that come from one: this finds
                events in noise. If false, all are compared as they are. By default
                `choose_centering` decides.

        Returns:
            The columns of `rows`, after `similarity`, the cosine to the query.

        Raises:
            QueryError: a query is no sound, silent, too short, or no row of the archive.
            ArchiveError: the archive is damaged.
        """
        queries, others = (mono_waveforms(self, queries_of(each)) for each in (query, unlike))
        backgrounds = choose_centering(self, queries, center).backgrounds
        vector = search_vector(self, queries, others, backgrounds)
        if backgrounds:
            vector = self._variation(backgrounds).discounted(vector)
        where = selection.where() if selection else None
        key = where, exact, backgrounds is not None
        if (index := self._indexes.get(key)) is None:
            index = open_index(self, where, exact=exact, backgrounds=backgrounds)
            self._indexes = {key: index}
        return best_rows(
            self,
            index,
            vector,
            k,
            all_windows=all_windows,
            distinct=distinct,
            without=own_rows(self, queries),
        )

    @functools.cached_property
    def backgrounds(self) -> Backgrounds | None:
        """The backgrounds of its long recordings; None if it has none."""
        return backgrounds_of(self)

    def _variation(self, backgrounds: Backgrounds) -> Variation:
        if self._latest_variation is None:
            self._latest_variation = variation_of(self, backgrounds)
        return self._latest_variation

    def refresh(self) -> None:
        """Read the latest version of the tables from now on."""
        super().refresh()
        self.__dict__.pop("backgrounds", None)
        self._latest_variation = None
        self._indexes = {}
