"""How the outcome of a load is printed, and which exit code it earns."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

import click
import orjson

from ci_intel.words import counted
from ingest.load import SHOWN_OF_A_REASON, SHOWN_REJECTS, Report


@dataclasses.dataclass
class Tally:
    """
    What happened to all files of one command: 3 (no answer) beats 1 (bad evidence) beats 0.

    `reports` are kept only where somebody wants to read them again: a command may load a million files.
    """

    max_rejected: int
    keeps_reports: bool = False
    reports: list[Report] = dataclasses.field(default_factory=list)
    files: Counter[str] = dataclasses.field(default_factory=Counter)
    events: Counter[str] = dataclasses.field(default_factory=Counter)
    is_bad: bool = False
    failures: int = 0

    def add(self, report: Report, *, is_named: bool) -> None:
        """Count one file. One of unknown format is bad only if it was named, rather than found in a folder."""
        self.files[report.status] += 1
        if self.keeps_reports:
            self.reports.append(report)
        for name in ("events", "loaded", "rejected", "duplicate"):
            self.events[name] += getattr(report, name)
        self.is_bad |= report.status == "refused" or (report.status == "unknown" and is_named)

    def add_failure(self) -> None:
        """Count a file that could not even be read."""
        self.failures += 1

    @property
    def exit_code(self) -> int:
        """The exit code of the whole command."""
        if self.failures:
            return 3
        return 1 if self.is_bad or self.events["rejected"] > self.max_rejected else 0

    def print_sum(self, *, as_json: bool) -> None:
        """Say how it went over all, if there was more than one file and a person reads it."""
        if as_json or sum(self.files.values()) < 2:
            return
        files = ", ".join(f"{count:,} {status}" for status, count in sorted(self.files.items()))
        events = ", ".join(f"{self.events[name]:,} {name}" for name in ("loaded", "rejected", "duplicate"))
        sums = counted(sum(self.files.values()), "file"), counted(self.events["events"], "event")
        click.echo(f"{sums[0]} ({files}); {sums[1]} ({events})")


def print_report(report: Report, *, as_json: bool) -> None:
    """Print what happened to one file: results to standard output, reasons to standard error."""
    if as_json:
        click.echo(orjson.dumps(report, default=str))
        return
    what = f"{report.status:<10} {report.file}"
    read = f"{what}  {report.format}:"
    load_id = (report.load_id or "")[:12]
    if report.status in ("loaded", "valid"):
        rejected = f", {report.rejected:,} rejected" if report.rejected else ""
        click.echo(f"{read} {counted(report.loaded, 'event')}{rejected}  [{load_id}]")
    elif report.status == "duplicate":
        click.echo(f"{read} {counted(report.duplicate, 'event')}, all read before  [{load_id}]")
        if report.message:
            click.echo(f"{report.file}: {report.message}", err=True)
    else:
        click.echo(what)
        # Why a warehouse took nothing is the same for all files, and said once, when it is known of how many.
        if report.status != "spooled":
            click.echo(f"{report.file}: {report.message} [{report.code}]", err=True)
    for line in rejected_lines(report):
        click.echo(line, err=True)


@dataclasses.dataclass
class Rejected:
    """
    Which rejects people read: the first few of each reason, unless all are wanted. The others are counted in `hidden`.

    A line that matters would not be found among a hundred that say the same.
    """

    shows_all: bool = False
    hidden: int = 0
    _shown: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)

    def lines(self, report: Report) -> Iterator[str]:
        """Yield those of a file, as `path:line: reason`."""
        self.hidden += report.rejected
        for reject in report.rejects:
            is_enough = self._shown[reject.reason] == SHOWN_OF_A_REASON or self._shown.total() == SHOWN_REJECTS
            if is_enough and not self.shows_all:
                continue
            self._shown[reject.reason] += 1
            self.hidden -= 1
            yield f"{report.file}:{reject.line}: {reject.message} [{reject.code}]"


def rejected_lines(report: Report) -> Iterator[str]:
    """Yield the rejects of a file, for people: the first few of each reason, and how many more there are."""
    rejected = Rejected()
    yield from rejected.lines(report)
    if rejected.hidden:
        # Without a warehouse there is nothing to look them up in.
        kept = f" (ci-intel rejects {(report.load_id or '')[:12]})" if report.status == "loaded" else ""
        yield f"{report.file}: … and {rejected.hidden:,} more{kept}"
