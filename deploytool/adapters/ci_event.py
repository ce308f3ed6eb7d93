"""The event that GitHub Actions writes to a file for each run. What is in it is for others to judge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LARGEST = 32 * 1024 * 1024  # bytes; GitHub sends at most 25 MB


def event_of(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """Nothing where there is no event, or none that can be read."""
    if environ.get("GITHUB_ACTIONS") != "true" or not environ.get("GITHUB_EVENT_PATH"):
        return {}
    try:
        file = Path(environ["GITHUB_EVENT_PATH"])
        if not file.is_file() or file.stat().st_size > LARGEST:
            return {}
        event = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
