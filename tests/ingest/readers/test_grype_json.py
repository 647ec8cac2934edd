import json
from collections import Counter
from pathlib import Path

import pytest
from native import FIXTURES, corpus, event, recognises

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import grype_json

VALID = FIXTURES / "grype_json" / "valid"
INVALID = FIXTURES / "grype_json" / "invalid"


def test_a_finding_has_its_component_its_newest_score_and_what_is_known_of_exploits() -> None:
    scan = event("grype_json", VALID / "0.94_with_epss_and_kev.json")

    assert scan["findings"][0] == {
        "vulnerability_id": "GHSA-jfh8-c2jp-5v3q",
        "aliases": ["CVE-2021-44228"],
        "component_purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        "component_name": "log4j-core",
        "component_version": "2.14.1",
        "component_type": "java-archive",
        "location": "/app/log4j-core-2.14.1.jar",
        "severity": "critical",
        "cvss_version": "3.1",
        "cvss_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
        "cvss_score": 10,
        "epss": 0.97,
        "epss_date": "2026-03-01",
        "is_kev": True,
        "fixed_in": ["2.15.0", "2.12.2"],
        "state": "fixed",
    }


def test_an_advisory_that_bundles_several_vulnerabilities_is_an_alias_of_none() -> None:
    scan = event("grype_json", VALID / "0.94_with_epss_and_kev.json")

    assert "aliases" not in scan["findings"][1]
    assert scan["findings"][1]["state"] == "will_not_fix"


def test_the_digest_is_the_registrys_and_not_the_one_that_grype_computed() -> None:
    scan = event("grype_json", VALID / "0.94_with_epss_and_kev.json")

    assert scan["subject_digest"] == "sha256:" + "1f" * 32


def test_the_computed_digest_counts_for_an_image_that_no_registry_has() -> None:
    scan = event("grype_json", VALID / "clean.json")

    assert scan["subject_digest"] == "sha256:" + "2e" * 32
    assert scan["findings"] == []


def test_grype_0_7_gives_neither_fix_state_nor_kev_and_none_is_invented() -> None:
    old, without_severity = event("grype_json", VALID / "0.7_without_fix_and_cvss.json")["findings"]

    assert not {"state", "is_kev", "epss", "aliases"} & set(old)
    assert (old["cvss_version"], old["cvss_score"], old["fixed_in"]) == ("2.0", 5, ["2.29"])
    assert "severity" not in without_severity


def test_a_folder_is_the_same_target_with_and_without_quotation_marks() -> None:
    scan = event("grype_json", VALID / "0.7_without_fix_and_cvss.json")

    assert (scan["target"], scan["target_type"]) == (".", "directory")
    assert "scanner_version" not in scan


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("match_that_is_no_object", "unexpected_shape", id="no match is skipped in silence"),
        pytest.param("cut_short", "not_json", id="a broken report is refused for being broken"),
    ],
)
def test_what_is_no_report_is_refused_with_its_reason(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        event("grype_json", INVALID / f"{name}.json")

    assert refusal.value.code == code


@pytest.mark.parametrize("document", [{}, [], None, {"matches": []}], ids=str)
def test_another_document_is_no_clean_scan_even_where_it_is_said_to_be_grypes(tmp_path: Path, document: object) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))

    assert not recognises("grype_json", path)
    with opened(path, Limits()) as evidence, pytest.raises(Refused):
        list(grype_json.read(evidence, RunContext()))


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "severities"),
    [
        ("check_all_fields.json", {"high": 3, "critical": 2, "negligible": 1}),
        ("issue_9618.json.gz", {"high": 18, "medium": 13, "low": 2, None: 1, "critical": 1}),
        (
            "many_vulns2.json.gz",
            {"negligible": 688, "medium": 637, "low": 112, "unknown": 104, "high": 26},
        ),
        ("many_vulns4.json", {"medium": 5, "high": 2, "critical": 2}),
        ("many_vulns_with_epss_values.json", {"high": 10, "medium": 2, "low": 2, "critical": 1}),
        ("no_vuln.json", {}),
    ],
)
def test_recorded_reports_keep_every_match_with_its_severity(name: str, severities: dict[str, int]) -> None:
    folder = corpus("vuln/grype_json/DefectDojo__django-DefectDojo")

    scan = event("grype_json", folder / f"anchore_grype__{name}")

    assert Counter(finding.get("severity") for finding in scan["findings"]) == severities
