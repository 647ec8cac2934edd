"""
The store: what was fetched becomes a file, the file an ordinary load, and then the position moves.

A DuckDB file is let go of between two loads: a collection that waits an hour for a rate limit must not keep
everybody else from loading and building.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ci_intel import faults
from ci_intel.errors import Refused
from collect.positions import Mark, Positions, read_positions
from ingest import load as loading
from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.load import Report
from ingest.warehouse import Warehouse

FILE_BYTES = 8 << 20
"""How long a file of answers grows; readers take a file in one piece."""


@dataclass(frozen=True)
class Fetched:
    """A file to load: its bytes or where they are, what the ledger calls it, and when its content was made."""

    name: str
    content: bytes | Path
    context: RunContext
    format: str | None = None
    submitted_by: str | None = None
    made_at: datetime | None = None


class Store:
    """Where collected files go: a warehouse, opened by `open_warehouse` when it is needed."""

    def __init__(
        self,
        open_warehouse: Callable[[], Warehouse],
        options: loading.Options,
        limits: Limits,
        *,
        keeps_open: bool,
        on_report: Callable[[Report], None],
    ) -> None:
        self._open_warehouse = open_warehouse
        self._options = options
        self._limits = limits
        self._keeps_open = keeps_open
        self._kept: Warehouse | None = None
        self._on_report = on_report
        # One thread at a time: that is how a warehouse is used.
        self._lock = threading.RLock()

    @property
    def limits(self) -> Limits:
        """What a file may ask of the loader."""
        return self._limits

    def prepare(self, now: datetime) -> None:
        """Create what is missing of the raw tables."""
        with self._opened() as warehouse:
            loading.prepare_warehouse(warehouse, now, trusts_mark=True)

    def positions(self, api_url: str, repository: str) -> Positions:
        """Return what is known of a repository."""
        with self._opened() as warehouse:
            return read_positions(warehouse, api_url, repository)

    def commit(
        self, files: Sequence[Fetched], positions: Positions, marks: Sequence[Mark], now: datetime
    ) -> Sequence[Report]:
        """
        Load `files`, each as one commit, and only then note that `marks` are collected.

        Raises `HubError` if the warehouse cannot be used; the position has then not moved.
        """
        with self._opened() as warehouse:
            reports = [self._load(fetched, warehouse, now) for fetched in files]
            faults.point("before_position")
            if marks:
                warehouse.note("positions", positions.rows(marks, now))
            faults.point("after_position")
        for report in reports:
            self._on_report(report)
        return reports

    def refuse(self, name: str, refusal: Refused, context: RunContext, now: datetime) -> Report:
        """Note in the warehouse that something was not loaded, and why."""
        report = Report(name, "refused", code=refusal.code, message=refusal.message)
        with self._opened() as warehouse:
            loading.note_refusal(report, warehouse, replace(self._options, context=context), now)
        self._on_report(report)
        return report

    def close(self) -> None:
        """Let go of a warehouse that was kept open."""
        if self._kept is not None:
            self._kept.close()

    def _load(self, fetched: Fetched, warehouse: Warehouse, now: datetime) -> Report:
        options = replace(
            self._options,
            context=fetched.context,
            format=fetched.format,
            submitted_by=fetched.submitted_by or self._options.submitted_by,
        )
        with _as_file(fetched.content) as path:
            if fetched.made_at is not None:
                os.utime(path, (fetched.made_at.timestamp(),) * 2)
            with opened(path, self._limits) as evidence:
                evidence.name = fetched.name
                return loading.load_file(evidence, warehouse, options, now=now)

    @contextmanager
    def _opened(self) -> Iterator[Warehouse]:
        with self._lock:
            warehouse = self._kept or self._open_warehouse()
            if self._keeps_open:
                self._kept = warehouse
            try:
                yield warehouse
            finally:
                if not self._keeps_open:
                    warehouse.close()


@contextmanager
def _as_file(content: bytes | Path) -> Iterator[Path]:
    if isinstance(content, Path):
        yield content
        return
    with tempfile.NamedTemporaryFile(prefix="ci-intel-collected-") as file:
        file.write(content)
        file.flush()
        yield Path(file.name)


def as_files(parts: Sequence[bytes], name: str, context: RunContext, format_name: str) -> list[Fetched]:
    """Put JSON texts into lists of at most some mebibytes, in their order; the same parts make the same files."""
    groups: list[list[bytes]] = []
    size = FILE_BYTES
    for part in parts:
        if size + len(part) > FILE_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(part)
        size += len(part)
    return [
        Fetched(
            name if len(groups) == 1 else f"{name} ({place} of {len(groups)})",
            b"[" + b",\n".join(group) + b"]\n",
            context,
            format_name,
        )
        for place, group in enumerate(groups, 1)
    ]
