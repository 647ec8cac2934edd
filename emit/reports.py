"""
The reports at hand: what they say of the run, added up into the fields of one `pipeline_run` event.

Every format that can be loaded can be added up. A report counts once, however often it lies there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ci_intel import contracts
from ci_intel.errors import HubError, Refused
from ci_intel.redact import redact
from ingest import evidence as evidences
from ingest import jsontext, topics
from ingest.context import RunContext
from ingest.detect import reader_for
from ingest.discover import discover, name_of
from ingest.evidence import Evidence, Limits
from ingest.readers import Malformed, hub
from ingest.tables import content_id

Event = Mapping[str, Any]


@dataclass
class Reports:
    """
    The events that reports became, by topic, each once.

    `problems` are reports that could not be read, or not whole: what they would have said is missing.
    `unknown` are files that are no report.
    """

    events: dict[str, list[Event]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def of(self, topic: str) -> Sequence[Event]:
        """Return the events of a topic."""
        return self.events.get(topic, [])


def read_reports(paths: Sequence[str], context: RunContext, limits: Limits) -> Reports:
    """Read files, folders and globs, as `ci-intel load` would; what is wrong with them is kept, not raised."""
    reports = Reports()
    seen: set[str] = set()
    for found in discover(paths):
        name = name_of(found.path)
        if found.problem is not None:
            reports.problems.append(f"{name}: {found.problem[1]}")
            continue
        try:
            with evidences.opened(found.path, limits) as evidence:
                _add(reports, seen, evidence, context)
        except Refused as refusal:
            reports.problems.append(f"{name}: {redact(refusal.message)}")
        except HubError as error:
            reports.problems.append(str(error))
    return reports


def _add(reports: Reports, seen: set[str], evidence: Evidence, context: RunContext) -> None:
    reader = reader_for(evidence, None)
    if reader is None:
        reports.unknown.append(evidence.name)
        return
    missing = [name for name in reader.needs if getattr(context, name) is None]
    if missing:
        raise Refused("context_missing", f"a {reader.format} report does not say its {' and '.join(missing)}")
    is_lines = reader.format == hub.FORMAT and not hub.is_document(evidence)
    for item in _lines(evidence) if is_lines else reader.read(evidence, context):
        try:
            event = _good(item, evidence)
        except ValueError as problem:
            reports.problems.append(f"{evidence.name}: {redact(str(problem))}")
            continue
        identity = content_id(event)
        if identity not in seen:
            seen.add(identity)
            reports.events.setdefault(event["schema"].partition(".")[0], []).append(event)


def _lines(evidence: Evidence) -> Iterator[Any]:
    for line, text in enumerate(evidence.document().split(b"\n"), 1):
        if text.strip():
            try:
                yield jsontext.parse(text.strip(), evidence.limits.depth)
            except jsontext.NotJson as error:
                yield Malformed(error.code, f"line {line}: {error.message}")


def _good(item: Any, evidence: Evidence) -> Event:
    """Return an item of a report as an event that keeps its contract. Raises `ValueError` with what is wrong."""
    if isinstance(item, Malformed):
        raise ValueError(item.message)
    name = item.get("schema") if isinstance(item, dict) else None
    if not isinstance(name, str) or name not in contracts.contracts():
        raise ValueError(f"an event of no known contract: {str(name)[:100]!r}")
    topic = topics.topic(name.partition(".")[0])
    timed = topic.observed(item, evidence.modified_at.isoformat())
    if found := [*contracts.violations(name, timed)] or [*topic.contradictions(timed)]:
        raise ValueError(f"{name} {found[0].pointer}: {found[0].message}")
    return item  # type: ignore[no-any-return]


def tests_of(reports: Reports) -> dict[str, Any] | None:
    """
    Return the field `tests`; None without a test report.

    An error counts as failed. A case that passed after failing in the same run passed, and is flaky.
    """
    suites = reports.of("test_report")
    if not suites:
        return None
    cases = [case for suite in suites for case in suite["cases"]]
    tests = {
        "total": len(cases),
        "failed": sum(case["outcome"] in ("failed", "error") for case in cases),
        "skipped": sum(case["outcome"] == "skipped" for case in cases),
        "flaky": sum(case["outcome"] == "passed" and case.get("attempts", 1) > 1 for case in cases),
        "duration_ms": sum(_duration(suite) for suite in suites),
    }
    parts = {
        "coverage": _coverage(reports.of("coverage_report")),
        "resilience": _resilience(reports.of("mutation_run")),
    }
    return {**tests, **{name: part for name, part in parts.items() if part}}


def _duration(suite: Event) -> int:
    whole = suite.get("duration_ms")
    return int(whole) if whole is not None else sum(case.get("duration_ms", 0) for case in suite["cases"])


def _coverage(found: Sequence[Event]) -> dict[str, float]:
    """Return the covered shares, of sums over all reports; without those of which nothing was counted."""
    shares = {}
    for name, kind in (("lines_pct", "lines"), ("branches_pct", "branches")):
        valid = sum(_counted(report, f"{kind}_valid") for report in found)
        if valid:
            shares[name] = round(sum(_counted(report, f"{kind}_covered") for report in found) / valid, 6)
    return shares


def _counted(report: Event, name: str) -> int:
    whole = report.get(name)
    return int(whole) if whole is not None else sum(file.get(name, 0) for file in report["files"])


def _resilience(found: Sequence[Event]) -> dict[str, Any] | None:
    """
    Return what mutants showed; None without any that could have been noticed.

    The score is the one of the contract: killed ÷ (mutants − equivalents), a time-out not counted as killed.
    """
    mutants = [mutant for run in found for mutant in run["mutants"]]
    equivalent = sum(bool(mutant.get("is_equivalent")) for mutant in mutants)
    statuses = [mutant["status"] for mutant in mutants if not mutant.get("is_equivalent")]
    killed, timeout = statuses.count("killed"), statuses.count("timeout")
    noticeable = killed + timeout + statuses.count("survived") + statuses.count("no_coverage")
    if noticeable == 0:
        return None
    return {
        "mutants_total": noticeable + equivalent,
        "killed": killed,
        "equiv": equivalent,
        "timeout": timeout,
        "score": round(killed / noticeable, 6),
    }


_FAULTS = ("kill_job", "delay_net", "drop_net", "corrupt_cache", "cpu_stress", "disk_fill")
_OUTCOMES = ("recovered", "degraded", "failed")


def chaos_of(reports: Reports) -> list[dict[str, Any]]:
    """
    Return the field `chaos`: the experiments that a run's event can hold.

    Others (another fault, no seed, invalid or aborted) are evidence of their own, and lose nothing by it.
    """
    names = ("fault", "target", "seed", "rate", "started_at", "ended_at", "outcome", "retries")
    return [
        {name: experiment[name] for name in names if name in experiment}
        for experiment in reports.of("chaos_experiment")
        if experiment["fault"] in _FAULTS and experiment["outcome"] in _OUTCOMES and "seed" in experiment
    ]


def policies_of(reports: Reports) -> list[dict[str, Any]]:
    """Return the field `policies`: decisions that allowed, denied or warned, not errors and exemptions."""
    found = []
    for decision in reports.of("policy_decision"):
        if decision["decision"] in ("allow", "deny", "warn"):
            name = "/".join(word for word in (decision["policy"], decision.get("rule")) if word)
            texts = {key: decision[key] for key in ("reason", "docs_uri") if key in decision}
            time = {"time_ns": decision["duration_ns"]} if "duration_ns" in decision else {}
            found.append({"id": name, "result": decision["decision"], **texts, **time})
    return found
