"""An audit of a few sounds, made by code."""

import numpy as np
import pandas as pd
import soundfile

from soundalike.audit.decision_routes import Commands
from soundalike.audit.decisions import Decisions
from soundalike.audit.neighbor_votes import NeighborVotes
from soundalike.audit.server import create_app

RATE = 8000
COMMANDS = Commands("soundalike audit sounds --decide", "soundalike audit sounds --apply clean.csv")
# A column of the listener's own, a path with a comma and quotes, no end of line after the last row.
LABELS = '''path,start_s,end_s,label,my note,suggested,p_wrong,decision,new_label
rain/1.wav,,,rain,"windy, ""loud""",sea,0.98,,
"rain/2, ü <b>.wav",0.25,0.75,rain,,sea,0.91,,
sea/1.wav,0,0.5,sea,,rain,0.7,,
gone.wav,,,sea,,wind,0.55,,
rain/3.wav,0.0,1.0,rain,,rain,0.1,,
sea/2.wav,,,sea,,sea,0.05,,
wind/1.wav,,,wind,,,0.01,,'''
PATHS = [
    "rain/1.wav", "rain/2, ü <b>.wav", "sea/1.wav", "gone.wav", "rain/3.wav", "sea/2.wav",
    "wind/1.wav",
]  # fmt: skip
FIRST, SECOND, THIRD, GONE, RAIN, SEA, WIND = range(7)
NEIGHBORS = {FIRST: [SEA, THIRD, RAIN, GONE], SECOND: [SEA, RAIN]}  # the others have none


def write_audit(folder, labels=LABELS):
    """Write the table and its evidence into a folder; the evidence is in another order."""
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_text(labels, encoding="utf-8", newline="")
    rows = pd.DataFrame({"path": PATHS, "start_s": 0.0, "end_s": np.nan})
    rows.loc[SECOND, ["start_s", "end_s"]] = 0.25, 0.75
    rows.loc[[THIRD, RAIN], "end_s"] = 0.5, 1.0
    last = len(rows) - 1  # the evidence goes from the last row to the first
    lists = [NEIGHBORS.get(number, []) for number in range(len(rows))]
    rows["neighbors"] = [[last - number for number in numbers] for numbers in lists]
    rows["similarity"] = [[0.9 - 0.1 * rank for rank in range(len(each))] for each in lists]
    rows.iloc[::-1].to_parquet(folder / "evidence.parquet", index=False)
    return folder


def write_sounds(root):
    """Write the sounds of the table, noises of a second, but for the one that is gone."""
    for number, path in enumerate(PATHS):
        if number != GONE:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(number).uniform(-0.3, 0.3, RATE)
            soundfile.write(root / path, noise, RATE)
    return root


def make_app(folder, root, refit=None):
    """Return the server of an audit."""
    decisions = Decisions(folder / "labels.csv")
    return create_app(
        decisions, NeighborVotes(folder / "evidence.parquet"), str(root), COMMANDS, refit
    )


def halve(rows):
    """Return half of the probabilities of the undecided rows, all of them suggested to be hail."""
    undecided = rows[rows["decision"] == ""]
    return pd.DataFrame({"p_wrong": undecided["p_wrong"] / 2, "suggested": "hail"}, undecided.index)
