"""
Loading with a spool: a warehouse that is down neither fails the pipeline nor loses its evidence.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_intel.commands.reports import Tally, print_report
from ci_intel.errors import HubError, Refused, WarehouseUnavailable
from ci_intel.words import counted
from ingest import evidence as evidences
from ingest import spool
from ingest.discover import STANDARD_INPUT, Found, name_of
from ingest.load import Options, Report

if TYPE_CHECKING:
    from ingest.evidence import Evidence, Limits

Settle = Callable[[Found], None]
Deliver = Callable[[Iterable[Found], Settle], None]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_is_abandoned = threading.Event()


def seconds(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    """Return the seconds of a time like `60s`, `2m` or `1500ms`; a number alone is seconds."""
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)?", value)
    if match is None or float(match[1]) == 0:
        raise click.BadParameter(f"{value!r} is no time; write it like 60s or 2m")
    return float(match[1]) * _UNITS[match[2] or "s"]


def as_delivered(folder: Path, evidence: Evidence, options: Options) -> Options:
    """Give evidence from a spool the name and time it had, and return the options that were meant for it."""
    delivery = spool.delivery_of(folder)
    evidence.name, evidence.modified_at = delivery.source_name, delivery.modified_at
    return replace(options, context=delivery.context, format=delivery.format, submitted_by=delivery.submitted_by)


@dataclass
class Spooling:
    """Where undelivered evidence goes, and what is said about it there."""

    folder: Path
    options_for: Callable[[Found], Options]
    limits: Limits
    is_strict: bool
    _waiting: dict[Found, None] = field(default_factory=dict)

    def deliver(
        self, files: Iterable[Found], deliver: Deliver, deadline: float | None, tally: Tally, *, as_json: bool
    ) -> None:
        """Deliver what the warehouse takes in time, and keep the rest, which is counted in `tally`."""
        self._waiting = dict.fromkeys(self._readable_twice(files))
        reason = _within(deadline, lambda: deliver(list(self._waiting), self._settle))
        left = list(self._waiting)
        message = "not delivered" + (f": {reason}" if reason else "")
        kept = [found for found in left if self._keep(found, message, tally, as_json=as_json)]
        if kept:
            click.echo(
                f"warning: {counted(len(kept), 'file')} {message}; "
                f"kept for later: `ci-intel load {self.folder}` delivers, once",
                err=True,
            )
            if self.is_strict:
                tally.add_failure()

    def _settle(self, found: Found) -> None:
        self._waiting.pop(found, None)

    def _readable_twice(self, files: Iterable[Found]) -> Iterator[Found]:
        """Keep standard input at once: after a try there would be nothing left of it."""
        for found in files:
            if str(found.path) != STANDARD_INPUT:
                yield found
                continue
            with evidences.spooled(sys.stdin.buffer, self.limits, datetime.now(UTC)) as evidence:
                folder = self._kept(evidence, found)
            yield Found(folder / spool.CONTENT, is_named=True, delivery=folder)

    def _keep(self, found: Found, message: str, tally: Tally, *, as_json: bool) -> bool:
        """Keep one file, and say so; False if it cannot be, which is a failure: its evidence may get lost."""
        name = name_of(found.path)
        if found.problem is None and found.delivery is None:
            try:
                with evidences.opened(found.path, self.limits) as evidence:
                    self._kept(evidence, found)
            except Refused as refusal:
                click.echo(f"{name}: {refusal.message}", err=True)
                tally.add_failure()
                return False
            except HubError as error:
                click.echo(str(error), err=True)
                tally.add_failure()
                return False
        elif found.problem is not None:
            click.echo(f"{name}: {found.problem[1]}", err=True)
            tally.add_failure()
            return False
        report = Report(name, "spooled", code="not_delivered", message=message)
        print_report(report, as_json=as_json)
        tally.add(report, is_named=found.is_named)
        return True

    def _kept(self, evidence: Evidence, found: Found) -> Path:
        options = self.options_for(found)
        said = spool.Delivery(
            evidence.name,
            evidence.modified_at,
            options.context,
            options.format,
            options.submitted_by,
        )
        return spool.keep(self.folder, evidence.packed(), said)


def _within(deadline: float | None, work: Callable[[], None]) -> str | None:
    """
    Do the work, at most for so many seconds; return why it was not finished, None if it was.

    What hangs beyond that is left alone, and ends with the process (`finish`). Raises what the work raises, other than
    `WarehouseUnavailable`.
    """
    raised: list[BaseException] = []

    def caught() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    if deadline is None:
        caught()
    else:
        thread = threading.Thread(target=caught, daemon=True)
        thread.start()
        thread.join(deadline)
        if thread.is_alive():
            _is_abandoned.set()
            return f"no answer within {deadline:g} s"
    if not raised:
        return None
    if isinstance(raised[0], WarehouseUnavailable):
        return str(raised[0])
    raise raised[0]


def finish(exit_code: int) -> None:
    """End the process, also where a load that was given up still hangs in it: its transaction ends with it."""
    if _is_abandoned.is_set():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)
    sys.exit(exit_code)
