"""What a load did, in Markdown, for the page that a CI system shows of a job."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from ci_intel.commands.reports import Tally, rejected_lines
from ci_intel.words import counted
from ingest.load import Report

_SHOWN_PROBLEMS = 20
_SHOWN_FILES = 5


def write_summary(path: Path, tally: Tally, named: Sequence[str]) -> None:
    """
    Append the summary of a load; a page that cannot be written is a warning, and changes nothing else.

    Files are called as they are below the folders that were named: where those are is the runner's affair.
    """
    tally.reports = [replace(report, file=_below(report.file, named)) for report in tally.reports]
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join(_lines(tally)) + "\n")
    except OSError as error:
        click.echo(f"warning: {path}: cannot be written: {error.strerror}", err=True)


def _lines(tally: Tally) -> Iterator[str]:
    yield "### CI evidence"
    yield ""
    files = ", ".join(f"{count:,} {status}" for status, count in sorted(tally.files.items()))
    yield f"{counted(sum(tally.files.values()), 'file')}: {files or 'none'}."
    contracts = sum((Counter(report.contracts) for report in tally.reports), Counter[str]())
    if contracts:
        yield ""
        yield "| contract | events loaded |"
        yield "|---|---:|"
        yield from (f"| {name} | {count:,} |" for name, count in sorted(contracts.items()))
    if any(tally.events[name] for name in ("rejected", "duplicate")):
        yield ""
        yield f"{counted(tally.events['rejected'], 'event')} rejected, {tally.events['duplicate']:,} known before."
    problems = [*_undelivered(tally.reports), *(line for report in tally.reports for line in _problems(report))]
    if problems:
        yield ""
        yield from (f"- {_verbatim(line)}" for line in problems[:_SHOWN_PROBLEMS])
        if len(problems) > _SHOWN_PROBLEMS:
            yield f"- and {len(problems) - _SHOWN_PROBLEMS:,} more"


def _below(file: str, named: Sequence[str]) -> str:
    for folder in (*named, str(Path.cwd())):
        if Path(file) != Path(folder) and Path(file).is_relative_to(folder):
            return str(Path(file).relative_to(folder))
    return file


def _undelivered(reports: Sequence[Report]) -> Iterator[str]:
    """Say of the files that a warehouse did not take why that was, once for all that it is the reason of."""
    spooled = [report for report in reports if report.status == "spooled"]
    for message in dict.fromkeys(report.message for report in spooled):
        files = [report.file for report in spooled if report.message == message]
        more = f" and {len(files) - _SHOWN_FILES} more" if len(files) > _SHOWN_FILES else ""
        yield f"{counted(len(files), 'file')} kept, {', '.join(files[:_SHOWN_FILES])}{more}: {message}"


def _problems(report: Report) -> Iterator[str]:
    if report.code is not None and report.status != "spooled":
        yield f"{report.file}: {report.message} [{report.code}]"
    yield from rejected_lines(report)


def _verbatim(text: str) -> str:
    """
    Return text from evidence as Markdown that shows it and does nothing else: as code, on one line.

    Source: CommonMark 0.31, "Code spans": nothing is interpreted between fences that the text does not contain.
    """
    text = " ".join(text.split())[:500]
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"
