"""The plan of a store: its front end and clips, so that a run resumes only what it began."""

import dataclasses
import json
import os
from pathlib import Path

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SourceError
from soundalike.datasets.store import HEAD, differing_key
from soundalike.runtime.atomic import PARTIAL

PLAN = "plan.json"


def is_of(out: Path, plan: dict) -> bool:
    """Return whether `out` is a store of this plan, or one in the making; False if it is empty.

    Raises:
        SourceError: it holds anything else.
    """
    for name in (HEAD, PLAN):
        if not (out / name).exists():
            continue
        theirs = _read_plan(out / name)
        if key := differing_key(plan["front_end"], theirs["front_end"]):
            raise SourceError(
                f"{out}: made with another front end ({key}): use that, or name a new folder."
            )
        if theirs["clips"] != plan["clips"]:
            raise SourceError(f"{out}: {_why_others(out, theirs, plan)}.")
        return True
    if out.exists() and (
        not out.is_dir() or not all(name.endswith(PARTIAL) for name in os.listdir(out))
    ):
        raise SourceError(f"{out}: exists and is not a store: name a new folder.")
    return False


def _why_others(out: Path, theirs: dict, ours: dict) -> str:
    """Say why the clips of a store are not those of a plan, and what to do."""
    if _source(theirs) == _source(ours):
        return (
            f"sounds or labels of {_source(ours)} were added, removed or changed since it was "
            f"prepared: delete {out} to prepare it again, or name another --out"
        )
    return f"prepared from {_source(theirs)}, not from {_source(ours)}: name another --out"


def _source(plan: dict) -> str:
    return f"{plan['source']} ({plan['root']})" if plan["root"] else plan["source"]


def _read_plan(path: Path) -> dict:
    try:
        plan = json.loads(path.read_text())
        front_end = dataclasses.asdict(LogMel(**plan["front_end"]))
        source = {"source": plan["source"], "root": plan.get("root", "")}
        return {"front_end": front_end, "clips": plan["clips"], **source}
    except (ValueError, KeyError, TypeError):
        raise SourceError(
            f"{path}: damaged, or of another program: name a new folder, or delete this one."
        ) from None
