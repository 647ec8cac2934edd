"""
PIT's XML report (pitest.org): every mutant with what became of it.

Source: PIT, `XMLReportListener` and `DetectionStatus`. A report has no time, no version and no name of
what was mutated: the target is the repository. Its root says `partial="true"` in ordinary reports (it is
about line coverage, not about mutants), so nothing follows from it for the scope.

Line numbers repeat; a mutant is known by class, method, line, mutator and index, which older versions
write as `index` and newer ones as `indexes`. PIT calls everything that ended otherwise than with passing
tests "detected"; of that, only what tests killed or a timeout ended counts as detected here: an error of the
run or a mutant that could not be loaded is no work of the tests. Where `detected` and `status` contradict
each other, the report is malformed, and so it is with a status that PIT does not have: leaving the mutant
out would raise or lower the score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from ci_intel.errors import Refused
from ingest import xmltext
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "pit_xml"
VERSION = 1
TOPICS = ("mutation_run",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository", "commit_sha")

_STATUSES = {
    "KILLED": "killed",
    "SURVIVED": "survived",
    "NO_COVERAGE": "no_coverage",
    "TIMED_OUT": "timeout",
    "MEMORY_ERROR": "runtime_error",
    "RUN_ERROR": "runtime_error",
    "NON_VIABLE": "compile_error",
    "STARTED": "pending",
    "NOT_STARTED": "pending",
}
_DETECTED = {"killed": "true", "timeout": "true", "survived": "false", "no_coverage": "false"}
_ROOT = re.compile(rb"<mutations\b[^<>]*>\s*(?:<mutation\b|</mutations>)|<mutations\b[^<>]*/>")


def recognises(evidence: Evidence) -> bool:
    """Tell the report by its root and its first mutant."""
    return evidence.xml_root == "mutations" and _ROOT.search(evidence.head) is not None


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the report as one `mutation_run` event.

    Raises `Refused` where the report is not well-formed, or has no mutant.
    """
    mutants: dict[str, dict[str, Any]] = {}
    depth = 0
    with evidence.content() as content:
        for moment, element in xmltext.elements(content):
            depth += 1 if moment == "start" else -1
            if depth > evidence.limits.depth:
                raise Refused("too_deep", f"elements nested deeper than {evidence.limits.depth}; raise --max-depth")
            if moment == "start" or xmltext.local(element) != "mutation" or depth != 1:
                continue
            mutant = _mutant(element, f"/mutations/{len(mutants)}")
            element.clear()
            if isinstance(mutant, Malformed):
                yield mutant
                return
            before = mutants.setdefault(mutant["id"], mutant)
            if before["status"] != mutant["status"]:
                yield Malformed("contradiction", f"the mutant {mutant['id'][:120]!r} is there twice, with two ends")
                return
    if not mutants:
        raise Refused("empty_report", "no mutant in it: nothing was mutated, which is no score of any percentage")
    yield {
        "schema": "mutation_run.v1.0",
        **context.event_fields(),
        "tool": "pit",
        "target": (context.repository or "").rpartition("/")[2],
        "mutants": list(mutants.values()),
    }


def _mutant(element: Element, pointer: str) -> dict[str, Any] | Malformed:
    status = _STATUSES.get(element.get("status", ""))
    if status is None:
        return Malformed(
            "unknown_status",
            f"the status {element.get('status', '')[:60]!r} is none of {', '.join(_STATUSES)}",
            f"{pointer}/status",
        )
    detected = element.get("detected", "").lower()
    if status in _DETECTED and detected != _DETECTED[status]:
        return Malformed(
            "contradiction", f"it is {element.get('status')}, and detected={detected[:20]!r}", f"{pointer}/detected"
        )
    class_name, line = _text(element, "mutatedClass"), _text(element, "lineNumber")
    indexes = ",".join(_texts(element, "indexes/{*}index") or _texts(element, "index"))
    method = _text(element, "mutatedMethod") + _text(element, "methodDescription")
    mutator = _text(element, "mutator")
    fields = {
        "id": f"{class_name}.{method}:{line}:{mutator}:{indexes}",
        "file": _file(class_name, _text(element, "sourceFile")),
        "line": int(line) if re.fullmatch(r"[1-9][0-9]{0,8}", line, re.ASCII) else None,
        "mutator": mutator,
        "status": status,
        "killed_by": [
            test
            for part in _texts(element, "killingTest") + _texts(element, "killingTests")
            for test in part.split("|")
        ],
    }
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def _file(class_name: str, source_file: str) -> str:
    """Return a source file's place among the sources: its class says the package, which PIT leaves out."""
    package = class_name.rpartition(".")[0].replace(".", "/")
    return f"{package}/{source_file}" if package and source_file and "/" not in source_file else source_file


def _text(element: Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _texts(element: Element, path: str) -> list[str]:
    return [found for part in element.findall(f"{{*}}{path}") if (found := (part.text or "").strip())]
