import json
from pathlib import Path

import pytest
from native import FIXTURES, corpus, event, events, recognises

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import trivy_json

VALID = FIXTURES / "trivy_json" / "valid"
INVALID = FIXTURES / "trivy_json" / "invalid"


def test_a_finding_has_the_score_of_whoever_gave_its_severity_in_the_newest_version() -> None:
    scan = event("trivy_json", VALID / "schema_2.json")

    assert scan["findings"][0] == {
        "vulnerability_id": "CVE-2020-15999",
        "component_purl": "pkg:apk/alpine/freetype@2.9.1-r2",
        "component_name": "freetype",
        "component_version": "2.9.1-r2",
        "component_type": "alpine",
        "location": "ghcr.io/acme/shop:2.3.0 (alpine 3.20.1)",
        "severity": "medium",
        "cvss_version": "3.0",
        "cvss_vector": "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H",
        "cvss_score": 6.5,
        "fixed_in": ["2.9.1-r3", "2.10.4-r0"],
        "state": "fixed",
    }
    assert scan["subject_digest"] == "sha256:" + "1f" * 32


def test_absent_vulnerabilities_are_a_clean_scan() -> None:
    scan = event("trivy_json", VALID / "schema_2_clean.json")

    assert (scan["target"], scan["findings"]) == ("ghcr.io/acme/shop:2.3.0", [])


def test_schema_1_is_a_list_and_its_target_is_without_the_operating_system() -> None:
    scan = event("trivy_json", VALID / "schema_1.json")

    assert scan["target"] == "ghcr.io/acme/shop:2.3.0"
    assert [finding["vulnerability_id"] for finding in scan["findings"]] == ["CVE-2020-15999"]
    assert "scanned_at" not in scan, "schema 1 has no time"


def test_null_is_a_clean_scan_of_nothing_that_has_a_name() -> None:
    scan = event("trivy_json", VALID / "schema_1_without_any_result.json")

    assert scan["findings"] == []
    assert not {"target", "subject_digest", "scanned_at"} & set(scan)


def test_a_clusters_report_is_one_scan_for_each_image_that_was_scanned_for_vulnerabilities() -> None:
    scans = events("trivy_json", VALID / "cluster.json")

    assert [(scan["target"], len(scan["findings"])) for scan in scans] == [
        ("ghcr.io/acme/shop:2.3.0", 1),
        ("docker.io/redis:7", 0),
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("licences_only", "no_vulnerability_scan", id="licences are no vulnerabilities"),
        pytest.param("cluster_of_misconfigurations", "no_vulnerability_scan", id="nor are misconfigurations"),
        pytest.param("cut_short", "not_json", id="a broken report is refused for being broken"),
    ],
)
def test_not_looking_for_vulnerabilities_is_not_finding_none(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        events("trivy_json", INVALID / f"{name}.json")

    assert refusal.value.code == code


@pytest.mark.parametrize("document", [[], {}, [{"Target": "a"}], [1], "null", 0, {"ClusterName": "prod"}], ids=str)
def test_what_many_tools_write_is_not_taken_for_trivys(tmp_path: Path, document: object) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))

    assert not recognises("trivy_json", path)


@pytest.mark.parametrize("document", [{}, [1], [{"id": 7}], {"ClusterName": "prod"}, 0], ids=str)
def test_another_document_is_no_clean_scan_even_where_it_is_said_to_be_trivys(tmp_path: Path, document: object) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))

    with opened(path, Limits()) as evidence, pytest.raises(Refused):
        list(trivy_json.read(evidence, RunContext()))


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "findings"),
    [
        ("all_statuses.json", [8]),
        ("kubernetes.json", [5, 5]),
        ("legacy_many_vulns.json.gz", [93]),
        ("legacy_no_vuln.json", [0]),
        ("scheme_2_many_vulns.json", [5]),
        ("scheme_2_no_vuln.json", [0]),
    ],
)
def test_recorded_reports_keep_every_finding(name: str, findings: list[int]) -> None:
    path = corpus("vuln/trivy_json/DefectDojo__django-DefectDojo") / f"trivy__{name}"

    assert [len(scan["findings"]) for scan in events("trivy_json", path)] == findings


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["issue_10991.json.gz", "license_scheme.json"])
def test_recorded_reports_of_other_kinds_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="not about vulnerabilities"):
        events("trivy_json", corpus("vuln/trivy_json/DefectDojo__django-DefectDojo") / f"trivy__{name}")


@pytest.mark.corpus
def test_no_report_of_another_tool_is_taken_for_a_scan_or_a_vex_document() -> None:
    folders = ("vuln/osv_json", "vuln/sarif", "vuln/audit_json", "vex/csaf", "policy", "sbom", "test_reports")
    others = [path for folder in folders for path in corpus(folder).rglob("*") if path.is_file()]

    taken = [
        (name, path) for path in others for name in ("grype_json", "trivy_json", "openvex") if recognises(name, path)
    ]

    assert others
    assert taken == []
