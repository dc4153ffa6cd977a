"""Embed every window of every clip into an archive, to search it; or into a file."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.cli import DONE, UsageError
from soundalike.cli.options import (
    add_machine,
    add_model_and_source,
    add_out,
    add_precision,
    add_strict,
    add_tables,
    add_windows,
    ready_for_inference,
    refuse_unused,
    with_windows,
)
from soundalike.cli.output import skipped, windows_of_clips, write_json
from soundalike.runtime.counts import counted

if TYPE_CHECKING:
    from soundalike.search.shards import Shard

FILES = (".parquet", ".csv", ".npy")
# A name with such a suffix is meant to be that of a file, and not of a folder. Versions and dates,
# such as ".2", ".v2" and ".2026", may end the name of a folder.
OTHER_FILES = re.compile(r"\.(?!v?\d+$)(\w{1,5}|feather|pickle|sqlite)", re.IGNORECASE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_model_and_source(parser)
    parser.set_defaults(model=None)
    add_out(
        parser,
        "ARCHIVE",
        "folder of the archive to create, or to add new clips to; or a file: .parquet; .csv; or "
        ".npy, an array, with its rows in FILE.rows.csv. If SOURCE is an archive, its rows are "
        "written to the file",
    )
    parser.add_argument(
        "--per",
        choices=["window", "clip"],
        default="window",
        help="row of a file: a window (default), or a clip: the mean over its windows",
    )
    parser.add_argument(
        "--half",
        action="store_true",
        help="store the vectors of a new archive in half precision, which takes half the space",
    )
    parser.add_argument(
        "--root",
        metavar="FOLDER",
        help="where the sounds of an archive are now, if they have been moved",
    )
    add_tables(parser)
    parser.add_argument(
        "--shard",
        type=shard,
        metavar="i/n",
        help="embed the i-th of n shares of SOURCE, as one of n jobs: ARCHIVE is then a folder of "
        "shards, which `soundalike merge` makes an archive of",
    )
    add_windows(parser)
    add_precision(parser)
    add_strict(parser)
    add_machine(parser)


def shard(text: str) -> "Shard":
    """Return an argument that names a shard: 3/16."""
    from soundalike.search.shards import Shard

    try:
        return Shard.of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(arguments: argparse.Namespace) -> int:
    """Embed the clips; print how many windows there are."""
    from soundalike.archive.head import is_archive

    suffix = arguments.out.suffix.lower()
    if suffix in FILES:
        return _into_file(arguments)
    if OTHER_FILES.fullmatch(suffix) and not is_archive(arguments.out):
        raise UsageError(
            f"{arguments.out}: {suffix}: name a .parquet, .csv or .npy file, or for an archive a "
            "folder without a suffix."
        )
    return _into_archive(arguments)


def _into_archive(arguments: argparse.Namespace) -> int:
    from soundalike.archive.head import MODEL, is_archive, require_new
    from soundalike.datasets.source import read_source
    from soundalike.embedding.model_path import find_model
    from soundalike.search.archive import Archive
    from soundalike.search.shards import finish_shard, require_shards_of

    if arguments.per == "clip":
        raise UsageError("--per clip is for files; an archive has a row per window.")
    out = arguments.out
    if arguments.shard and arguments.tables:
        raise UsageError("--tables: shards are folders; name it when you `merge` them.")
    if arguments.shard:
        require_shards_of(out, arguments.shard.n)
        out /= arguments.shard.folder
    require_new(out, arguments.tables or "")
    archive = Archive.open(out) if is_archive(out) else None
    if archive and arguments.half and not archive.head.half:
        raise UsageError(
            f"--half: {out} holds vectors in full precision: leave it out, or name a new folder."
        )
    folder = out / MODEL if archive and arguments.model is None else None
    folder = folder or find_model(arguments.model or "default")
    clips = read_source(arguments.source, arguments.label_depth)

    from soundalike.embedding.sound_encoder import SoundEncoder
    from soundalike.search.fill import fill
    from soundalike.search.window_choice import note_on_long_clips, with_suitable_windows

    model, note = SoundEncoder.load(folder), None
    if arguments.window_s is None and arguments.hop_s is None:
        model = archive.as_cut(model) if archive else with_suitable_windows(model, clips)
        note = None if archive else note_on_long_clips(model, clips)
    model = with_windows(model, arguments)
    if note:
        print(note, file=sys.stderr)
    root = str(Path(arguments.root).absolute()) if arguments.root else ""
    archive = Archive.open_for(
        out, model, root or clips.root, half=arguments.half, tables=arguments.tables or ""
    )
    if root and root != archive.head.root:
        archive.move_root(root)
    fast = ready_for_inference(model, arguments.precision)
    if arguments.shard:
        share = arguments.shard.share(clips)
        with finish_shard(out):
            result = fill(archive, fast, share, strict=arguments.strict, may_be_empty=True)
    else:
        result = fill(archive, fast, clips, strict=arguments.strict)
    write_json(arguments.json, result)
    if result.n_known:
        print(f"{counted(result.n_known, 'clip')} were there already", file=sys.stderr)
    added = f"added {counted(result.n_windows, 'window')} of {counted(result.n_clips, 'clip')}"
    added = added if result.n_clips else "nothing new"
    total = f"{counted(result.n_rows, 'row')} in {out}"
    print(f"{added}; {total}{skipped(result.n_problems, result.problems)}")
    return DONE


def _into_file(arguments: argparse.Namespace) -> int:
    from soundalike.archive.head import is_archive
    from soundalike.datasets.source import read_source
    from soundalike.embedding.model_path import find_model
    from soundalike.embedding.output_file import check_output
    from soundalike.embedding.row_files import ROW_FILES

    check_output(arguments.out, ROW_FILES)
    refuse_unused(
        arguments,
        {"root": "--root", "half": "--half", "shard": "--shard", "tables": "--tables"},
        "is for an archive, not a file",
    )
    if is_archive(Path(arguments.source)):
        return _export(arguments)
    folder = find_model(arguments.model or "default")
    clips = read_source(arguments.source, arguments.label_depth)

    from soundalike.embedding import embed
    from soundalike.embedding.sound_encoder import SoundEncoder

    model = with_windows(SoundEncoder.load(folder), arguments)
    result = embed.embed(
        ready_for_inference(model, arguments.precision),
        clips,
        arguments.out,
        per_clip=arguments.per == "clip",
        strict=arguments.strict,
    )
    write_json(arguments.json, result)
    rows = f", {counted(result.n_rows, 'row')}" if arguments.per == "clip" else ""
    note = skipped(result.n_problems, result.problems)
    print(f"{windows_of_clips(result)}{rows} in {arguments.out}{note}")
    return DONE


def _export(arguments: argparse.Namespace) -> int:
    """Write the rows of an archive, which are as they are."""
    names = {"model": "MODEL", "window_s": "--window_s", "hop_s": "--hop_s"}
    refuse_unused(arguments, names, f"has no effect on the rows of {arguments.source}")
    if arguments.per == "clip":
        raise UsageError(
            "--per clip: an archive has a row per window: name the sounds themselves as SOURCE."
        )
    from soundalike.search.archive import Archive
    from soundalike.search.export import export

    result = export(Archive.open(arguments.source), arguments.out)
    write_json(arguments.json, result)
    print(f"{counted(result.n_rows, 'row')} in {arguments.out}")
    return DONE
