"""
What a load of the shared corpus has to say, counted without the hub's own readers.

`python tests/flow/corpus_count.py CORPUS > tests/corpus_expected.csv` writes it anew from the manifest's kinds
and from the files, with plain `json` and `xml.etree`. Differences from what the hub says are settled by
looking at the file, and noted here, in NOTES.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

STATUSES = {
    "Killed", "Survived", "NoCoverage", "Timeout", "RuntimeError", "CompileError", "Ignored", "Pending",
}  # fmt: skip
NOTES = {
    "csharp-example__mutation-report.json": "edited by hand: BuildError and Skipped are no statuses of the format",
    "junit-xml__pytest__corrupt-xml.xml": "cut short",
    "GHWorkflowRunTest__testRerunVariants__3-r_h_g_actions_runs_686036126.json": "a stub without commit and times",
    "trivy__license_scheme.json": "licences, not vulnerabilities",
    "trivy__issue_10991.json.gz": "misconfigurations, not vulnerabilities",
}


@dataclass(frozen=True)
class Expected:
    """One file: loaded, refused, unknown or duplicate, with its events or its code."""

    path: str
    outcome: str
    detail: str = ""
    note: str = ""


Outcome = tuple[str, str]
UNKNOWN: Outcome = ("unknown", "")


def content(path: Path) -> bytes:
    """Return the file, unpacked."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def loaded(topic: str, count: int, rejected: int = 0) -> Outcome:
    events = [f"{topic}={count}"] if count else []
    return "loaded", " ".join([*events, *([f"rejected={rejected}"] if rejected else [])])


def _journal(_data: bytes) -> Outcome:
    return loaded("chaos_experiment", 1)


def _github(data: bytes) -> Outcome:
    document = json.loads(data)
    objects = document if isinstance(document, list) else [document]
    first = objects[0] if objects else None
    if not isinstance(first, dict):
        return UNKNOWN
    for key, topic in (("workflow_runs", "pipeline_run"), ("jobs", "pipeline_job")):
        if key in first:
            return loaded(topic, len(first[key]))
    url = str(first.get("url", ""))
    if "deployment_url" in first:
        return loaded("deployment", len({status["deployment_url"] for status in objects}))
    if "/deployments/" in url:
        return loaded("deployment", len(objects))
    if url.rpartition("/")[0].endswith("/pulls") and url.rpartition("/")[2].isdigit():
        return loaded("pull_request", len(objects))
    if "/actions/runs/" in url:
        return loaded("pipeline_run", 1) if "head_sha" in first else loaded("pipeline_run", 0, rejected=1)
    return loaded("pipeline_job", 1) if "/actions/jobs/" in url else UNKNOWN


def _webhook(data: bytes) -> Outcome:
    payload = json.loads(data)
    about = payload.keys() - {"action", "number", "repository", "sender", "organization", "installation", "changes"}
    topics = {
        frozenset({"workflow_run", "workflow"}): "pipeline_run",
        frozenset({"workflow_job"}): "pipeline_job",
        frozenset({"deployment"}): "deployment",
        frozenset({"pull_request"}): "pull_request",
        frozenset({"pull_request", "label"}): "pull_request",
    }
    if about == {"deployment_status", "deployment"}:
        return loaded("deployment", 2)
    topic = topics.get(frozenset(about))
    return loaded(topic, 1) if topic else UNKNOWN


def _cobertura(_data: bytes) -> Outcome:
    return loaded("coverage_report", 1)


def _lcov(data: bytes) -> Outcome:
    return loaded("coverage_report", 1) if b"\nend_of_record" in data else UNKNOWN  # Go's profile is another format


def _pit(data: bytes) -> Outcome:
    return loaded("mutation_run", 1) if ElementTree.fromstring(data).find("mutation") is not None else UNKNOWN


def _stryker(data: bytes) -> Outcome:
    report = json.loads(data)
    if "files" not in report or "thresholds" not in report:
        return UNKNOWN
    mutants = [mutant for file in report["files"].values() for mutant in file["mutants"]]
    if "schemaVersion" not in report:
        return "refused", "unsupported_version"
    if not mutants:
        return "refused", "empty_report"
    is_known = all(mutant["status"] in STATUSES for mutant in mutants)
    return loaded("mutation_run", 1) if is_known else loaded("mutation_run", 0, rejected=1)


def _cyclonedx(data: bytes) -> Outcome:
    if not data.lstrip().startswith(b"{"):
        return UNKNOWN
    document = json.loads(data)
    if document.get("bomFormat") != "CycloneDX":
        return UNKNOWN
    if document.get("components"):
        return loaded("sbom", 1)
    return "refused", "unsupported_document" if document.get("vulnerabilities") else "empty_sbom"


def _grype(data: bytes) -> Outcome:
    return loaded("vulnerability_scan", 1) if b'"matches"' in data else UNKNOWN


def _trivy(data: bytes) -> Outcome:
    document = json.loads(data)
    if isinstance(document, dict) and "ClusterName" in document:
        resources = document.get("Resources") or document.get("Vulnerabilities")
        scans = sum(_has_packages(resource.get("Results")) for resource in resources)
        return loaded("vulnerability_scan", scans) if scans else ("refused", "no_vulnerability_scan")
    if isinstance(document, dict) and document.get("Results") and not _has_packages(document["Results"]):
        return "refused", "no_vulnerability_scan"
    return loaded("vulnerability_scan", 1)


def _has_packages(results: Any) -> bool:
    return any(
        result.get("Class") in ("os-pkgs", "lang-pkgs") or "Vulnerabilities" in result for result in results or ()
    )


def _openvex(_data: bytes) -> Outcome:
    return loaded("vex", 1)


def _junit(data: bytes) -> Outcome:
    if not data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<"):
        return UNKNOWN  # the oracle beside the report
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError:
        return ("refused", "not_xml") if b"<testsuite" in data[:300] else UNKNOWN
    if root.tag not in ("testsuites", "testsuite"):
        return UNKNOWN
    suites = [suite for suite in root.iter() if suite.tag in ("testsuites", "testsuite")]
    runs = [
        suite
        for suite in suites
        if suite.find("testcase") is not None or (suite.tag == "testsuite" and suite.find("testsuite") is None)
    ]
    return loaded("test_report", len(runs)) if runs else ("refused", "empty_report")


RULES: dict[str, Callable[[bytes], Outcome]] = {
    "Chaos Toolkit journal.json": _journal,
    "GitHub REST deployments and statuses": _github,
    "GitHub REST pull requests": _github,
    "GitHub REST response body recorded by WireMock": _github,
    "GitHub webhook payload": _webhook,
    "Cobertura XML": _cobertura,
    "Cobertura XML written by coverage.py": _cobertura,
    "coverage.py JSON report with branches": _cobertura,
    "JaCoCo XML": _cobertura,
    "lcov and Go cover profile": _lcov,
    "lcov written by coverage.py": _lcov,
    "PIT mutations.xml": _pit,
    "mutation-testing-elements report": _stryker,
    "schema conformance case (hand-made, for reject tests)": _stryker,
    "CycloneDX SBOM of a released product, 1.1 to 1.4": _cyclonedx,
    "CycloneDX from jake/grype/retire.js with vulnerabilities": _cyclonedx,
    "CycloneDX VEX example": _cyclonedx,
    "Grype JSON": _grype,
    "Trivy JSON (schema 1 list, schema 2 object, k8s report)": _trivy,
    "OpenVEX that the trivy project publishes": _openvex,
    "JUnit XML plus .results.json oracle written by the action": _junit,
    "JUnit XML written by pytest": _junit,
    "NUnit XML plus oracle": _junit,
}


def expected(corpus: Path) -> Iterator[Expected]:
    """Yield what is expected of each file of the manifest, in the order in which a folder is loaded."""
    with (corpus / "MANIFEST.csv").open(newline="") as manifest:
        rows = sorted(csv.DictReader(manifest), key=lambda row: PurePosixPath(row["local_path"]).parts)
    seen: set[str] = set()
    for row in rows:
        path = row["local_path"]
        rule = RULES.get(row["kind"])
        outcome, detail = rule(content(corpus / path)) if rule else UNKNOWN
        if outcome == "loaded" and row["sha256"] in seen:
            outcome = "duplicate"
        if outcome == "loaded":
            seen.add(row["sha256"])
        yield Expected(path, outcome, detail, NOTES.get(PurePosixPath(path).name, ""))


if __name__ == "__main__":
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["path", "outcome", "detail", "note"])
    table.writerows(astuple(entry) for entry in expected(Path(sys.argv[1])))
