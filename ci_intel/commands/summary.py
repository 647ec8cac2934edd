"""What a load did, in Markdown, for the page that a CI system shows of a job."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from ci_intel.commands.reports import Tally, rejected_lines
from ingest.load import Report

_SHOWN_PROBLEMS = 20


def write_summary(path: Path, tally: Tally) -> None:
    """Append the summary of a load; a page that cannot be written is a warning, and changes nothing else."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(_lines(tally)) + "\n")
    except OSError as error:
        click.echo(f"warning: {path}: cannot be written: {error.strerror}", err=True)


def _lines(tally: Tally) -> Iterator[str]:
    yield "### CI evidence"
    yield ""
    files = ", ".join(f"{count:,} {status}" for status, count in sorted(tally.files.items()))
    yield f"{sum(tally.files.values()):,} files: {files or 'none'}."
    contracts = sum((Counter(report.contracts) for report in tally.reports), Counter[str]())
    if contracts:
        yield ""
        yield "| contract | events loaded |"
        yield "|---|---:|"
        yield from (f"| {name} | {count:,} |" for name, count in sorted(contracts.items()))
    if any(tally.events[name] for name in ("rejected", "duplicate")):
        yield ""
        yield f"{tally.events['rejected']:,} events rejected, {tally.events['duplicate']:,} known before."
    problems = [line for report in tally.reports for line in _problems(report)]
    if problems:
        yield ""
        yield from (f"- {_plain(line)}" for line in problems[:_SHOWN_PROBLEMS])
        if len(problems) > _SHOWN_PROBLEMS:
            yield f"- and {len(problems) - _SHOWN_PROBLEMS:,} more"


def _problems(report: Report) -> Iterator[str]:
    if report.status == "spooled":
        yield f"{report.file}: {report.message}; it is kept"
    elif report.code is not None:
        yield f"{report.file}: {report.message} [{report.code}]"
    yield from rejected_lines(report)


def _plain(text: str) -> str:
    """Return text from evidence as Markdown that shows it and does nothing else."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~&@:])", r"\\\1", " ".join(text.split()))[:500]
