"""The server of an audit's page: its table, the decisions, and the sounds.

It reads the sounds of the table's rows, by the numbers of the rows, and writes only decisions, and
probabilities that are learned from them, into ``labels.csv``. What it answers is in
`decision_routes` and in explore's `sound_routes`; ``/`` is the page.
"""

from fastapi import FastAPI

from soundalike.audit.decision_routes import Commands, add_clips, add_decisions
from soundalike.audit.decisions import Decisions, Refit
from soundalike.audit.neighbor_votes import NeighborVotes
from soundalike.audit.page_files import PAGE_FILES
from soundalike.audit.playable_clips import PlayableClips
from soundalike.explore.page_files import add_page
from soundalike.explore.plain_errors import add_errors
from soundalike.explore.sound_routes import add_sounds


def create_app(
    decisions: Decisions,
    votes: NeighborVotes,
    root: str,
    commands: Commands,
    refit: Refit | None = None,
) -> FastAPI:
    """Return the server of an audit, without the guard.

    Args:
        decisions: the table and what is decided about it.
        votes: the neighbors of its clips.
        root: folder that paths are relative to; "" if they are whole.
        commands: what the page tells people to type.
        refit: see `Decisions.learn`; without it, the page cannot learn.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_errors(
        app,
        "If the sounds have been moved, start the page again with the folder where they are now: "
        f"{commands.decide}",
    )
    add_page(app, PAGE_FILES)
    add_decisions(app, decisions, commands, refit)
    clips = PlayableClips(decisions.table, root)
    add_clips(app, clips, votes)
    add_sounds(app, clips)
    return app
