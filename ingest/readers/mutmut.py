"""
mutmut, the mutation tester of Python: what it prints, and what it exports.

Read are, of mutmut 3, `mutmut results --all true` (a mutant a line, with its status) and the counts of
`mutmut export-cicd-stats`, of mutmut 2 `mutmut junitxml`. Without `--all`, and in mutmut 2 always,
`results` prints only what was *not* killed: a score of such a list would be 0, so it is refused.

A mutant that was not checked yet, or whose check was interrupted, is pending: it has not survived. What
crashed, or what a type checker caught, was not noticed by a test. In mutmut 2's export, which by default
says nothing of them, an untested mutant looks like a killed one; ask for `--untested-policy=skipped`.
mutmut does not say what it mutated, so the target is the repository.

Source: mutmut 3, `status_by_exit_code` and `save_cicd_stats`; mutmut 2, `create_junitxml_report`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from ci_intel.errors import Refused
from ingest import xmltext
from ingest.context import RunContext
from ingest.evidence import BYTE_ORDER_MARK, Evidence
from ingest.readers import Item, Malformed

FORMAT = "mutmut"
VERSION = 1
TOPICS = ("mutation_run",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository", "commit_sha")

STATUSES = {
    "killed": "killed",
    "survived": "survived",
    "no tests": "no_coverage",
    "timeout": "timeout",
    "suspicious": "suspicious",
    "skipped": "ignored",
    "segfault": "runtime_error",
    "caught by type check": "compile_error",
    "check was interrupted by user": "pending",
    "not checked": "pending",
}
_STATUSES_OF_2 = {
    "bad_survived": "survived",
    "bad_timeout": "timeout",
    "ok_suspicious": "suspicious",
    "ok_killed": "killed",
    "untested": "pending",
    "skipped": "ignored",
}
MOST_MUTANTS = 500_000
"""Counts are only digits: more than this is refused, rather than made into as many rows."""

_COUNTS = {"killed", "survived", "total", "no_tests", "suspicious", "timeout", "check_was_interrupted_by_user"}
_RESULT = re.compile(r"[ \t]*(\S+__mutmut_[0-9]{1,9}): ([a-z ]{1,40}?)[ \t]*")
_RESULTS_OF_3 = re.compile(rb"\s*\S+__mutmut_[0-9]{1,9}: [a-z ]{1,40}(?:\r?\n|$)")
_RESULTS_OF_2 = re.compile(rb"\s*To apply a mutant on disk:\s+mutmut apply <id>")
_SUITE = re.compile(rb'<testsuite\b[^<>]*\bname="mutmut"')
_CASE = re.compile(rb"<testcase\b[^<>]*>")
_NUMBER_OF_MUTANT = re.compile(r"Mutant #([0-9]{1,9})", re.ASCII)


def recognises(evidence: Evidence) -> bool:
    """Tell the lines by the mutants' names, the counts by their words, the export by its suite and cases."""
    return _is_text(evidence) or lists_mutants(evidence) or _is_counts(evidence)


def lists_mutants(evidence: Evidence) -> bool:
    """Tell mutmut's export, which has the shape of a JUnit report: its cases are mutants, not tests."""
    if evidence.xml_root not in ("testsuites", "testsuite") or not _SUITE.search(evidence.head):
        return False
    first_case = _CASE.search(evidence.head)
    return first_case is None or b'name="Mutant #' in first_case.group()


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the report as one `mutation_run` event.

    Raises `Refused` for a report without mutants, or one that leaves out those that were killed.
    """
    if evidence.xml_root:
        found = list(_exported(evidence))
    elif _is_text(evidence):
        found = list(_printed(evidence))
    else:
        found = list(_counted(evidence.json))
    malformed = next((item for item in found if isinstance(item, Malformed)), None)
    if malformed:
        yield malformed
        return
    if not found:
        raise Refused("empty_report", "no mutant in it: nothing was mutated, which is no score of any percentage")
    yield {
        "schema": "mutation_run.v1.0",
        **context.event_fields(),
        "tool": "mutmut",
        "target": (context.repository or "").rpartition("/")[2],
        "mutants": found,
    }


def _is_text(evidence: Evidence) -> bool:
    head = evidence.head.removeprefix(BYTE_ORDER_MARK)
    return bool(_RESULTS_OF_3.match(head) or _RESULTS_OF_2.match(head))


def _is_counts(evidence: Evidence) -> bool:
    counts = evidence.first_json
    return isinstance(counts, dict) and counts.keys() >= _COUNTS


def _printed(evidence: Evidence) -> Iterator[dict[str, Any] | Malformed]:
    text = evidence.document().decode(errors="replace")
    was_killed = False
    mutants: list[dict[str, Any]] = []
    for place, line in enumerate(text.splitlines(), 1):
        match = _RESULT.fullmatch(line)
        if match is None:
            if line.strip() and mutants:
                yield Malformed(
                    "malformed_line", f"line {place} is no mutant with its status: {line[:80]!r}", f"/{place}"
                )
            continue
        if match[2] not in STATUSES:
            yield _unknown(match[2], f"/{place}")
            continue
        was_killed = was_killed or match[2] == "killed"
        mutants.append({"id": match[1], "status": STATUSES[match[2]]})
    if not was_killed:
        raise Refused(
            "killed_not_told",
            "it lists only what was not killed, from which no score follows: "
            "write `mutmut results --all true`, or `mutmut junitxml` of mutmut 2",
        )
    yield from mutants


def _counted(counts: Any) -> Iterator[dict[str, Any] | Malformed]:
    by_status = {name: counts[name.replace(" ", "_")] for name in STATUSES if name.replace(" ", "_") in counts}
    total = counts["total"]
    for name, count in {"total": total, **by_status}.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            yield Malformed("malformed_count", f"{name} is {str(count)[:40]!r}, no count", f"/{name.replace(' ', '_')}")
            return
    if total > MOST_MUTANTS:
        raise Refused(
            "too_many_mutants", f"{total} mutants are beyond the {MOST_MUTANTS:,} that counts are believed for"
        )
    unchecked = total - sum(by_status.values())
    if unchecked < 0:
        yield Malformed("contradiction", f"its counts are together more than the total of {total}", "/total")
        return
    for name, count in by_status.items():
        yield from ({"status": STATUSES[name]} for _ in range(count))
    yield from ({"status": "pending"} for _ in range(unchecked))


def _exported(evidence: Evidence) -> Iterator[dict[str, Any] | Malformed]:
    depth = 0
    with evidence.content() as content:
        for moment, element in xmltext.elements(content):
            depth += 1 if moment == "start" else -1
            if depth > evidence.limits.depth:
                raise Refused("too_deep", f"elements nested deeper than {evidence.limits.depth}; raise --max-depth")
            if moment == "end" and xmltext.local(element) == "testcase":
                yield _exported_mutant(element)
                element.clear()


def _exported_mutant(element: Element) -> dict[str, Any] | Malformed:
    # Which element it is depends on the policies; the word in it does not.
    said = [part.get("message", "") for part in element if xmltext.local(part) in ("failure", "error", "skipped")]
    status = _STATUSES_OF_2.get(said[0]) if said else "killed"
    name = element.get("name", "")
    if status is None:
        return _unknown(said[0], f"/{name[:60]}")
    number = _NUMBER_OF_MUTANT.fullmatch(name)
    line = element.get("line", "")
    fields = {
        "id": number[1] if number else name,
        "file": element.get("file", "").replace("\\", "/"),
        "line": int(line) if re.fullmatch(r"[1-9][0-9]{0,8}", line, re.ASCII) else None,
        "status": status,
    }
    return {field: value for field, value in fields.items() if value not in (None, "")}


def _unknown(status: str, pointer: str) -> Malformed:
    return Malformed("unknown_status", f"the status {status[:60]!r} is none that mutmut has", pointer)
