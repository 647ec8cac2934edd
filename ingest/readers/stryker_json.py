"""
Stryker's mutation report (mutation-testing-elements), which Infection, cargo-mutants and others write too.

Source: mutation-testing-report-schema. A report has no time of its own and no name for what was
mutated: the target is the last folder of its `projectRoot`, else of the repository. Whether only a
change was mutated it does not say either.

A status that the schema does not know makes the whole report malformed: leaving the mutant out
would raise or lower the score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "stryker_json"
VERSION = 1
TOPICS = ("mutation_run",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository", "commit_sha")

_STATUSES = {
    "Killed": "killed",
    "Survived": "survived",
    "NoCoverage": "no_coverage",
    "Timeout": "timeout",
    "RuntimeError": "runtime_error",
    "CompileError": "compile_error",
    "Ignored": "ignored",
    "Pending": "pending",
}
_REASON_LENGTH = 500


def recognises(evidence: Evidence) -> bool:
    """Tell the report by its `thresholds` and `files`, one of which may be missing its version."""
    if not evidence.head.lstrip().startswith(b"{"):
        return False
    try:
        report = evidence.json
    except Refused:
        return b'"mutants"' in evidence.head and b'"mutatorName"' in evidence.head
    return (
        isinstance(report, dict)
        and isinstance(report.get("files"), dict)
        and isinstance(report.get("thresholds"), dict)
        and {"high", "low"} <= report["thresholds"].keys()
    )


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the report as one `mutation_run` event.

    Raises `Refused` for a report without mutants, or of a version that is not 1 or 2.
    """
    report = evidence.json
    version = report.get("schemaVersion")
    if not re.fullmatch(r"[12](\.[0-9]+)*", str(version)):
        raise Refused("unsupported_version", f"schemaVersion is {version!r}; versions 1 and 2 are read")
    root = _path(report.get("projectRoot") or "").rstrip("/")
    mutants: list[dict[str, Any]] = []
    for file, pointer, mutant in _mutants(report["files"]):
        if isinstance(mutant, Malformed):
            yield mutant
            return
        status = _STATUSES.get(str(mutant.get("status")))
        if status is None:
            yield Malformed(
                "unknown_status",
                f"the status {str(mutant.get('status'))[:60]!r} is none of {', '.join(_STATUSES)}",
                f"{pointer}/status",
            )
            return
        mutants.append(_mutant(mutant, status, _relative(_path(file), root)))
    if not mutants:
        raise Refused("empty_report", "no mutant in it: nothing was mutated, which is no score of any percentage")
    event: dict[str, Any] = {
        "schema": "mutation_run.v1.0",
        **context.event_fields(),
        **_tool(report.get("framework")),
        "target": root.rpartition("/")[2].strip(".") or (context.repository or "").rpartition("/")[2],
        "mutants": mutants,
    }
    threshold = report["thresholds"].get("break")
    if isinstance(threshold, int | float) and not isinstance(threshold, bool):
        event["threshold"] = threshold / 100
    yield event


def _mutants(files: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each mutant with its file and its JSON pointer, `Malformed` instead of what is none."""
    for name, file in files.items():
        pointer = "/files/" + name.replace("~", "~0").replace("/", "~1")
        listed = file.get("mutants") if isinstance(file, dict) else None
        if not isinstance(listed, list):
            yield (
                name,
                pointer,
                Malformed("no_mutants", "a file without its list of mutants", f"{pointer}/mutants"),
            )
            continue
        for place, mutant in enumerate(listed):
            here = f"{pointer}/mutants/{place}"
            yield (
                name,
                here,
                mutant if isinstance(mutant, dict) else Malformed("no_mutant", "not an object", here),
            )


def _mutant(mutant: Mapping[str, Any], status: str, file: str) -> dict[str, Any]:
    location = mutant.get("location")
    start = location.get("start") if isinstance(location, dict) else None
    fields = {
        "id": mutant.get("id"),
        "file": file,
        "line": start.get("line") if isinstance(start, dict) else None,
        "mutator": mutant.get("mutatorName"),
        "status": status,
        "killed_by": mutant.get("killedBy"),
        # The reason of other statuses is the output of a test, which may be long and hold anything.
        "status_reason": str(mutant.get("statusReason") or "")[:_REASON_LENGTH] if status == "ignored" else None,
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _tool(framework: Any) -> dict[str, str]:
    """Return who wrote the report: several tools write this format, and few of them say so."""
    if not isinstance(framework, dict) or not framework.get("name"):
        return {"tool": "unknown"}
    tool = {"tool": str(framework["name"])}
    if framework.get("version"):
        tool["tool_version"] = str(framework["version"])
    return tool


def _path(path: str) -> str:
    return str(path).replace("\\", "/")


def _relative(path: str, root: str) -> str:
    """Return `path` below `root`, where it is; Windows does not mind upper and lower case."""
    if root and path.lower().startswith(f"{root.lower()}/"):
        return path[len(root) + 1 :]
    return path
