"""Valid events to start from: the fixtures of the contracts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent.parent / "schema" / "fixtures"


def named(topic: str, version: str, name: str) -> dict[str, Any]:
    """Return one valid fixture of a contract."""
    event: dict[str, Any] = json.loads((FIXTURES / topic / version / "valid" / f"{name}.json").read_text())
    return event


def least(topic: str, version: str) -> dict[str, Any]:
    """Return the shortest valid fixture of a contract."""
    valid = (FIXTURES / topic / version / "valid").glob("*.json")
    event: dict[str, Any] = json.loads(min(valid, key=lambda path: (path.stat().st_size, path.name)).read_text())
    return event
