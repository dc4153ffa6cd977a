"""Serve the page of an audit on this machine until it is interrupted."""

from collections.abc import Callable
from pathlib import Path

from soundalike.audit.decision_routes import Commands
from soundalike.audit.decisions import Decisions, Refit
from soundalike.audit.labels_text import LABELS
from soundalike.audit.neighbor_votes import EVIDENCE, NeighborVotes
from soundalike.audit.server import create_app
from soundalike.explore.page_server import listen, server_of, until_interrupted
from soundalike.runtime.heartbeat import LINES


def serve_audit(
    folder: Path,
    root: str,
    ready: Callable[[str], object],
    *,
    commands: Commands,
    port: int | None = None,
    refit: Refit | None = None,
) -> None:
    """Serve the page of an audit until Ctrl-C.

    Args:
        folder: of the audit, which holds ``labels.csv`` and ``evidence.parquet``.
        root: folder that the paths of the table are relative to; "" if they are whole.
        ready: called with the address of the page when the server answers.
        commands: what the page tells people to type.
        port: to listen on; by default 8484 if it is free, or any that is.
        refit: see `Decisions.learn`; without it, the page cannot learn.

    Raises:
        TableError: the table or its evidence cannot be read.
        InUseError: another run is at work in the folder.
        PortError: the port is in use.
    """
    decisions, votes = Decisions(folder / LABELS), NeighborVotes(folder / EVIDENCE)
    app = create_app(decisions, votes, root, commands, refit)
    listener = listen(port)
    with LINES.at_rest(), until_interrupted(listener):
        server_of(app, listener, ready).run([listener])
