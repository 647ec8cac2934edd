"""Bad reports: each way of being wrong has its outcome, through the same path as a load."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from native import CONTEXT, FIXTURES

from ingest.evidence import Limits, opened
from ingest.load import Options, judge_file

NOW = datetime(2030, 1, 1, tzinfo=UTC)
# Refused as a whole, with a code; else how many events are good, and why the others are not.
OUTCOMES: dict[str, str | tuple[int, list[str]]] = {
    "cdevents/artifact_signed.json": (0, ["no_topic"]),
    "cdevents/artifact_without_digest.json": (0, ["no_release"]),
    "cdevents/change_merged.json": (0, ["no_topic"]),
    "cdevents/cut_short.json": "not_json",
    "cdevents/incident_that_only_ends.json": (0, ["no_beginning"]),
    "cdevents/run_that_only_ends.json": (0, ["no_start"]),
    "cdevents/service_in_no_environment.json": (0, ["contract"]),
    "cdevents/service_removed.json": (0, ["no_topic"]),
    "cdevents/stranger_in_the_batch.json": (1, ["not_a_cdevent"]),
    "cdevents/suite_without_cases.json": (0, ["no_cases"]),
    "cdevents/task_of_no_run.json": (0, ["no_pipeline_run"]),
    "cdevents/test_that_was_canceled.json": (0, ["no_outcome"]),
    "cdevents/two_runs_of_unknown_commits.json": (0, ["missing_context", "missing_context"]),
    "cdevents/without_a_time.json": (0, ["incomplete_event"]),
    "gitlab_rest/an_issue_among_pipelines.json": (1, ["unknown_object"]),
    "gitlab_rest/cut_short.json": "not_json",
    "gitlab_rest/id_that_is_a_text_of_nothing.json": (0, ["contract"]),
    "gitlab_rest/job_that_ends_before_it_starts.json": (0, ["contradiction"]),
    "gitlab_rest/job_without_its_pipeline.json": (0, ["contract"]),
    "gitlab_rest/pipeline_without_commit.json": (0, ["contract"]),
    "jacoco_xml/counters_that_are_no_numbers.xml": "malformed_counter",
    "jacoco_xml/cut_short.xml": "not_xml",
    "jacoco_xml/entities_of_its_own.xml": "xml_entities",
    "jacoco_xml/nothing_measured.xml": "empty_report",
    "jenkins_json/a_view_among_builds.json": (1, ["unknown_object"]),
    "jenkins_json/builds_of_unknown_commits.json": (0, ["missing_context", "missing_context"]),
    "jenkins_json/cut_short.json": "not_json",
    "jenkins_json/number_that_is_none.json": (0, ["contract"]),
    "jenkins_json/stubs_of_builds.json": (0, ["contract"]),
    "jenkins_json/timestamp_beyond_the_calendar.json": (0, ["contract"]),
    "jira/a_project_among_issues.json": (1, ["unknown_object"]),
    "jira/a_story_among_incidents.json": (1, ["not_an_incident"]),
    "jira/cut_short.json": "not_json",
    "jira/done_and_nothing_says_since_when.json": (0, ["no_resolution_time"]),
    "jira/resolved_before_it_began.json": (0, ["contradiction"]),
    "jira/updated_without_an_offset.json": (0, ["contract"]),
    "lcov/cut_short.lcov": "cut_short",
    "lcov/hits_that_are_no_number.lcov": (0, ["malformed_line"]),
    "lcov/line_outside_of_a_record.lcov": (0, ["malformed_line"]),
    "lcov/more_lines_hit_than_found.lcov": (0, ["contradiction"]),
    "lcov/not_utf8.lcov": "not_utf8",
    "lcov/nothing_measured.lcov": "empty_report",
    "mutmut/counts_below_zero.json": (0, ["malformed_count"]),
    "mutmut/counts_beyond_their_total.json": (0, ["contradiction"]),
    "mutmut/export_cut_short.xml": "not_xml",
    "mutmut/export_of_nothing.xml": "empty_report",
    "mutmut/export_with_a_word_of_its_own.xml": (0, ["unknown_status"]),
    "mutmut/more_mutants_than_anyone_has.json": "too_many_mutants",
    "mutmut/no_mutant.json": "empty_report",
    "mutmut/result_that_mutmut_does_not_have.txt": (0, ["unknown_status"]),
    "mutmut/result_with_a_stranger.txt": (0, ["malformed_line"]),
    "mutmut/results_of_version_2.txt": "killed_not_told",
    "mutmut/results_without_the_killed.txt": "killed_not_told",
    "pagerduty/a_service_among_incidents.json": (1, ["unknown_object"]),
    "pagerduty/created_at_no_time_at_all.json": (0, ["contract"]),
    "pagerduty/cut_short.json": "not_json",
    "pagerduty/resolved_before_it_began.json": (0, ["contradiction"]),
    "pagerduty/without_a_time_of_its_version.json": (0, ["contract"]),
    "pit_xml/cut_short.xml": "not_xml",
    "pit_xml/detected_and_survived.xml": (0, ["contradiction"]),
    "pit_xml/no_mutant.xml": "empty_report",
    "pit_xml/one_mutant_with_two_ends.xml": (0, ["contradiction"]),
    "pit_xml/status_that_pit_does_not_have.xml": (0, ["unknown_status"]),
}
FORMATS = {name.partition("/")[0] for name in OUTCOMES}


def outcome_of(path: Path) -> str | tuple[int, list[str]]:
    """Return what a load would say of the file."""
    with opened(path, Limits()) as evidence:
        report = judge_file(evidence, Options(CONTEXT), now=NOW)
    assert report.events == report.loaded + report.rejected
    if report.status == "refused":
        return str(report.code)
    assert report.status == "valid"
    return report.loaded, [reject.code for reject in report.rejects]


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_bad_report_has_the_outcome_that_is_stated_for_it(name: str) -> None:
    folder, file = name.split("/")

    assert outcome_of(FIXTURES / folder / "invalid" / file) == OUTCOMES[name]


def test_each_bad_report_has_a_stated_outcome() -> None:
    written = {f"{path.parts[-3]}/{path.name}" for name in FORMATS for path in (FIXTURES / name / "invalid").iterdir()}

    assert written == OUTCOMES.keys()


@pytest.mark.parametrize(
    ("name", "opening", "closing", "code"),
    [
        ("gitlab_rest", b'[{"id": 1, "web_url": "https://a.org/b/c/-/jobs/1", "x": ', b"}]", "too_deep"),
        ("cdevents", b'[{"type": "dev.cdevents.service.deployed.0.2.0", "x": ', b"}]", "too_deep"),
        ("pagerduty", b'{"incidents": [{"incident_number": 1, "x": ', b"}]}", "too_deep"),
    ],
)
def test_json_that_nests_without_end_is_refused(
    tmp_path: Path, name: str, opening: bytes, closing: bytes, code: str
) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(opening + b"[" * 100_000 + b"]" * 100_000 + closing)

    assert outcome_of(path) == code, name


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        (
            b'<report name="x"><package name="p">' + b'<group name="g">' * 5000,
            b"</group>" * 5000 + b"</package></report>",
        ),
        (b"<mutations><mutation>" + b"<a>" * 5000, b"</a>" * 5000 + b"</mutation></mutations>"),
    ],
    ids=["jacoco_xml", "pit_xml"],
)
def test_xml_that_nests_without_end_is_refused(tmp_path: Path, opening: bytes, closing: bytes) -> None:
    path = tmp_path / "deep.xml"
    path.write_bytes(opening + closing)

    assert outcome_of(path) == "too_deep"
