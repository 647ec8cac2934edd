"""What the tests of native readers share: reading a file the way a load does, without a warehouse."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ci_intel import contracts
from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import Malformed, reader
from ingest.topics import topic

FIXTURES = Path(__file__).parent / "fixtures"
PROJECT = Path(__file__).parents[3]
CONTEXT = RunContext("github", "acme/shop", "9041", 2, "0a5f3c9be1d24786a5f3c9be1d2478600a5f3c9b", "unit", "flag")
MOMENT = "2026-03-02T10:00:00Z"


def corpus(path: str) -> Path:
    """Return a file or folder of the shared corpus; a missing corpus is an error, never a silent pass."""
    found = PROJECT / os.environ.get("HUB_CORPUS", "../shared/corpus") / path
    assert found.exists(), f"{found} is missing: run `make corpus`, or set HUB_CORPUS"
    return found


def recognises(format_name: str, path: Path) -> bool:
    """Tell whether the reader of the format takes the file for its own."""
    with opened(path, Limits()) as evidence:
        return reader(format_name).recognises(evidence)


def items(format_name: str, path: Path) -> list[dict[str, Any] | Malformed]:
    """Return what the reader makes of the file; each event has been held against its contract."""
    with opened(path, Limits()) as evidence:
        assert reader(format_name).recognises(evidence), f"{path} is not recognised"
        found = list(reader(format_name).read(evidence, CONTEXT))
    for item in found:
        if isinstance(item, Malformed):
            continue
        kind = topic(item["schema"].partition(".")[0])
        whole = kind.observed(item, MOMENT)
        assert [*contracts.violations(item["schema"], whole), *kind.contradictions(whole)] == []
    return found


def events(format_name: str, path: Path) -> list[dict[str, Any]]:
    """Return the events of a file of which nothing is malformed."""
    found = items(format_name, path)
    return [item for item in found if not isinstance(item, Malformed)]


def event(format_name: str, path: Path) -> dict[str, Any]:
    """Return the only event of a file."""
    (only,) = events(format_name, path)
    return only
