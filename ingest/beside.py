"""
What lies beside a report: the event of a run, as `ci-intel emit pipeline-run` leaves it in the folder.

On a desk nothing else says which run a report is of. Its word is the evidence's own: it counts only where
neither an option nor the CI said a repository.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from ci_intel import contracts
from ingest import jsontext
from ingest.context import RunContext, overridden
from ingest.discover import STANDARD_INPUT, Found

_MOST_BYTES = 1 << 20
_BEGINNING = 512
_DEPTH = 100


class Neighbours:
    """The runs that folders tell of, each folder looked into once."""

    def __init__(self) -> None:
        self._runs: dict[Path, frozenset[RunContext]] = {}

    def context_of(self, found: Found, given: RunContext) -> RunContext:
        """
        Return what is known of a file's run: as given, else as the event of a run says that lies nearest.

        Looked into is the file's own folder, and then those above it up to the one that the user named. Where the
        events of several runs lie, none of them is meant.
        """
        is_beside_others = found.problem is None and found.delivery is None and str(found.path) != STANDARD_INPUT
        if given.repository is not None or not is_beside_others:
            return given
        runs = self._nearest(found)
        return replace(overridden(next(iter(runs)), given), source="evidence") if len(runs) == 1 else given

    def _nearest(self, found: Found) -> frozenset[RunContext]:
        folder = found.path.parent
        named = found.folder or folder
        while not (runs := self._runs_in(folder)) and folder not in (named, folder.parent):
            folder = folder.parent
        return runs

    def _runs_in(self, folder: Path) -> frozenset[RunContext]:
        if folder not in self._runs:
            try:
                with os.scandir(folder) as entries:
                    runs = {_run_of(Path(entry.path)) for entry in entries}
            except OSError:
                runs = set()
            self._runs[folder] = frozenset(run for run in runs if run is not None)
        return self._runs[folder]


def _run_of(path: Path) -> RunContext | None:
    """Return the run that a file is the event of, and nothing else; None for any other file."""
    try:
        about = path.stat()
        if path.name.startswith(".") or not S_ISREG(about.st_mode) or about.st_size > _MOST_BYTES:
            return None
        with path.open("rb") as file:
            content = file.read(_BEGINNING)
            if b'"pipeline_run.v' not in content:
                return None
            event = jsontext.parse((content + file.read(_MOST_BYTES)).strip(), _DEPTH)
    except (OSError, jsontext.NotJson):
        return None
    name = event.get("schema") if isinstance(event, dict) else None
    if not isinstance(name, str) or name not in contracts.contracts() or not contracts.is_valid(name, event):
        return None
    return RunContext(
        event.get("provider"), event["repo"], event["run_id"], event.get("run_attempt"), event["commit_sha"]
    )
