"""``audit.json``, the result of the last audit of a folder."""

import json
from pathlib import Path
from typing import Any

RESULT = "audit.json"


def stored_advice(folder: Path) -> dict[str, Any] | None:
    """Return the advice of the last audit as JSON; None if there is none.

    Audits of earlier versions have none. While an audit writes the folder, its table is there
    before its result.

    Args:
        folder: of the audit.
    """
    try:
        result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    advice: dict[str, Any] | None = result.get("advice") if isinstance(result, dict) else None
    return advice
