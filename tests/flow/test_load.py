"""Loading, from the command line to the rows of a real DuckDB file."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
import zstandard
from hub import COMMIT, PROJECT, SHOP, Hub, event, lines

CLEAN = PROJECT / "tests/ingest/readers/fixtures/grype_json/valid/clean.json"
JUNIT = PROJECT / "tests/ingest/readers/fixtures/junit_xml/valid/equal_suites.xml"
DECISIONS = "select count(*) from raw.policy_decisions"


def test_good_events_become_rows_and_the_ledger_says_how_many(hub: Hub) -> None:
    path = hub.file("evidence.ndjson", lines(event(), b"", event(decision="deny"), b"   "))

    [report] = hub.load(path)

    assert (report["events"], report["loaded"], report["rejected"], report["duplicate"]) == (2, 2, 0, 0)
    assert report["contracts"] == {"policy_decision.v1.0": 2}
    assert hub.rows("select decision, _source_line, _load_id from raw.policy_decisions order by 2") == [
        ("allow", 1, report["load_id"]),
        ("deny", 3, report["load_id"]),
    ]
    [ledger] = hub.rows(
        "select load_id, generation, source_name, source_bytes, format, topics, contracts, event_count, "
        "loaded_event_count, rejected_event_count, duplicate_event_count, context_source from raw.loads"
    )
    assert ledger == (
        report["load_id"], 1, str(path), path.stat().st_size, "hub", "policy_decision", "policy_decision.v1.0",
        2, 2, 0, 0, "evidence",
    )  # fmt: skip


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(lambda content: content, id="under another name"),
        pytest.param(gzip.compress, id="gzipped"),
        pytest.param(lambda content: gzip.compress(content[:50]) + gzip.compress(content[50:]), id="in gzip members"),
        pytest.param(zstandard.compress, id="as zstd"),
        pytest.param(
            lambda content: zstandard.compress(content[:50]) + zstandard.compress(content[50:]), id="in zstd frames"
        ),
    ],
)
def test_the_same_evidence_again_adds_nothing(hub: Hub, disguise: Callable[[bytes], bytes]) -> None:
    content = lines(event(), event(decision="deny"), {"schema": "no_such.v1.0"})
    [first] = hub.load(hub.file("first.ndjson", content), exit_code=1)

    [again] = hub.load(hub.file("elsewhere/second", disguise(content)))

    assert (again["status"], again["load_id"]) == ("duplicate", first["load_id"])
    assert (again["events"], again["loaded"], again["rejected"], again["duplicate"]) == (3, 0, 0, 3)
    assert hub.value(DECISIONS) == 2
    assert hub.value("select count(*) from raw.loads") == 1
    assert hub.value("select count(*) from raw.rejects") == 1
    assert len(list((hub.path.parent / "archive").rglob("*.zst"))) == 1


def test_the_same_file_twice_on_one_command_line_is_read_once(hub: Hub) -> None:
    path = hub.file("evidence.ndjson", lines(event()))

    assert [report["status"] for report in hub.load(path, path, path.parent / "*.ndjson")] == ["loaded"]


def test_the_same_clean_scan_of_two_repositories_is_two_facts_and_again_a_duplicate(hub: Hub) -> None:
    [shop] = hub.load(CLEAN, "--repository", "acme/shop")
    [cart] = hub.load(CLEAN, "--repository", "acme/cart")
    [again] = hub.load(CLEAN, "--repository", "acme/shop")

    assert (shop["status"], cart["status"], again["status"]) == ("loaded", "loaded", "duplicate")
    assert shop["load_id"] == again["load_id"] != cart["load_id"]
    scans = hub.rows("select repository, vulnerability_scan_id from raw.vulnerability_scans order by 1")
    assert [repository for repository, _ in scans] == ["acme/cart", "acme/shop"]
    assert scans[0][1] != scans[1][1]


def test_for_events_that_say_their_own_run_the_context_does_not_count(hub: Hub) -> None:
    path = hub.file("evidence.ndjson", lines(event()))
    hub.load(path, "--repository", "acme/shop")

    [again] = hub.load(path, "--repository", "acme/cart", "--run-id", "7")

    assert again["status"] == "duplicate"


def test_an_event_that_is_repeated_in_another_file_is_loaded_again_for_its_key_to_resolve(hub: Hub) -> None:
    hub.load(hub.file("a.ndjson", lines(event())))
    hub.load(hub.file("b.ndjson", lines(event(), event(decision="deny"))))

    assert hub.rows("select count(*), count(distinct policy_decision_id) from raw.policy_decisions") == [(3, 2)]


def test_a_report_found_in_two_files_of_different_times_is_one_report(hub: Hub) -> None:
    first, second = hub.file("a.xml", JUNIT.read_bytes()), hub.file("b.xml", JUNIT.read_bytes() + b"<!-- again -->")
    os.utime(first, (1_700_000_000, 1_700_000_000))
    os.utime(second, (1_700_009_000, 1_700_009_000))

    hub.load(first, second, *SHOP)

    assert hub.rows("select count(*), count(distinct test_suite_id) from raw.test_suites") == [(4, 2)]


def test_a_json_document_may_hold_one_event_or_a_list_of_them(hub: Hub) -> None:
    one = hub.file("one.json", json.dumps(event(), indent=2).encode())
    some = hub.file("some.json", json.dumps([event(), event(decision="deny"), 7], indent=2).encode())

    reports = hub.load(one, some, exit_code=1)

    assert [(report["events"], report["loaded"]) for report in reports] == [(1, 1), (3, 2)]
    assert reports[1]["rejects"][0]["line"] == 3


@pytest.mark.parametrize("count", [1, 3])
def test_a_byte_order_mark_before_the_first_line_is_skipped_and_offsets_are_those_of_the_file(
    hub: Hub, count: int
) -> None:
    path = hub.file("marked.ndjson", b"\xef\xbb\xbf" + lines(*[event()] * count) + b"broken\n")

    [report] = hub.load(path, exit_code=1)

    assert report["loaded"] == count
    assert hub.value("select byte_offset from raw.rejects") == path.read_bytes().index(b"broken")


def test_crlf_and_a_missing_newline_at_the_end_are_fine(hub: Hub) -> None:
    content = lines(event(), event(decision="deny")).replace(b"\n", b"\r\n").removesuffix(b"\r\n")

    [report] = hub.load(hub.file("evidence.ndjson", content))

    assert (report["loaded"], report["rejected"]) == (2, 0)


def test_texts_survive_as_they_are(hub: Hub) -> None:
    odd = 'NUL \u0000, quotes "\'", newline \n, 漢字, \U0001f680, \ufeff, \u2028'

    hub.load(hub.file("odd.ndjson", lines(event(reason=odd))))

    assert hub.value("select reason from raw.policy_decisions") == odd


def test_standard_input_is_a_file_too(hub: Hub) -> None:
    [report] = hub.load("-", input=gzip.compress(lines(event())))
    [again] = hub.load(hub.file("same.ndjson", lines(event())))

    assert (report["file"], report["status"], report["loaded"]) == ("-", "loaded", 1)
    assert again["status"] == "duplicate"
    assert hub.value("select source_name from raw.loads") == "-"


def test_a_folder_is_searched_but_for_hidden_files(hub: Hub) -> None:
    hub.file("in/a.ndjson", lines(event()))
    hub.file("in/deeper/b.json", lines(event(decision="deny")))
    hub.file("in/.hidden/c.ndjson", lines(event(decision="warn")))

    reports = hub.load(hub.folder / "in")

    assert [Path(report["file"]).name for report in reports] == ["a.ndjson", "b.json"]


def test_a_native_report_takes_its_run_from_flags(hub: Hub) -> None:
    hub.load(
        CLEAN, *SHOP, "--provider", "jenkins", "--run-id", "9", "--run-attempt", "2", "--job", "scan"
    )  # fmt: skip

    known = ("jenkins", "acme/shop", "9", 2, COMMIT, "scan")
    assert hub.rows("select provider, repository, run_id, run_attempt, commit_sha, job from raw.loads") == [known]
    assert hub.rows(
        "select provider, repository, run_id, run_attempt, commit_sha, job from raw.vulnerability_scans"
    ) == [known]
    assert hub.value("select context_source from raw.loads") == "flag"


def test_a_native_report_takes_its_run_from_the_ci_and_flags_win(hub: Hub) -> None:
    ci = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "77",
        "GITHUB_RUN_ATTEMPT": "3",
        "GITHUB_SHA": COMMIT,
        "GITHUB_JOB": "scan",
        "GITHUB_ACTOR": "octocat",
    }
    hub.load(CLEAN, env=ci)
    hub.load(CLEAN, "--job", "nightly", env=ci)

    assert hub.rows(
        "select repository, run_id, run_attempt, job, context_source, submitted_by from raw.loads order by committed_at"
    ) == [
        ("acme/shop", "77", 3, "scan", "ci_environment", "octocat"),
        ("acme/shop", "77", 3, "nightly", "flag", "octocat"),
    ]


def test_a_native_report_without_its_repository_says_which_flag_is_missing(hub: Hub) -> None:
    [report] = hub.load(CLEAN, exit_code=1)

    assert (report["status"], report["code"]) == ("refused", "context_missing")
    assert "--repository" in report["message"]
    assert hub.load(CLEAN, "--repository", "acme/shop")[0]["status"] == "loaded"


def test_no_archive_keeps_no_bytes_and_show_says_so(hub: Hub) -> None:
    [report] = hub.load(hub.file("evidence.ndjson", lines(event())), "--no-archive")

    result = hub.run("show", report["load_id"])

    assert not (hub.path.parent / "archive").exists()
    assert (result.exit_code, "--no-archive" in result.stderr) == (1, True)


def test_show_prints_the_bytes_of_a_load_and_of_a_line(hub: Hub) -> None:
    content = b"\xef\xbb\xbf" + lines(event()) + b"\r\n  broken \x00\xff line\n" + lines(event(decision="deny"))
    [report] = hub.load(hub.file("evidence.ndjson", content), exit_code=1)

    assert hub.run("show", report["load_id"]).stdout_bytes == content
    assert hub.run("show", report["load_id"][:12] + ":3").stdout_bytes == b"  broken \x00\xff line\n"
    assert hub.run("show", report["load_id"] + ":4").stdout_bytes == lines(event(decision="deny"))


def test_an_event_id_can_be_pasted_into_show(hub: Hub) -> None:
    hub.load(hub.file("evidence.ndjson", lines(event(), event(decision="deny"))))
    event_id = hub.value("select _event_id from raw.policy_decisions where decision = 'deny'")

    assert hub.run("show", event_id).stdout_bytes == lines(event(decision="deny"))


def test_show_prints_the_nth_event_of_a_report(hub: Hub) -> None:
    [report] = hub.load(JUNIT, *SHOP)

    shown = orjson.loads(hub.run("show", report["load_id"] + ":2").stdout_bytes)

    assert (shown["schema"], shown["repo"]) == ("test_report.v1.0", "acme/shop")
    assert shown["suite_ordinal"] == hub.value("select suite_ordinal from raw.test_suites where _source_line = 2")


@pytest.mark.parametrize("place", ["{load}:99", "{load}:0", "ffff", ""])
def test_show_exits_1_for_what_does_not_exist(hub: Hub, place: str) -> None:
    [report] = hub.load(hub.file("evidence.ndjson", lines(event())))

    result = hub.run("show", place.format(load=report["load_id"]))

    assert (result.exit_code, result.stdout) == (1, "")


def test_show_exits_2_for_what_is_no_line(hub: Hub) -> None:
    assert hub.run("show", "abc:x").exit_code == 2


def test_show_exits_3_for_archived_bytes_that_are_no_longer_those(hub: Hub) -> None:
    [report] = hub.load(hub.file("evidence.ndjson", lines(event())))
    [archived] = (hub.path.parent / "archive").rglob("*.zst")
    archived.write_bytes(zstandard.compress(lines(event(decision="deny"))))

    result = hub.run("show", report["load_id"])

    assert (result.exit_code, "damaged" in result.stderr) == (3, True)


def test_archived_bytes_that_can_no_longer_be_unpacked_stop_neither_show_nor_a_reload_of_the_others(hub: Hub) -> None:
    [report] = hub.load(hub.file("evidence.ndjson", lines(event())))
    [archived] = (hub.path.parent / "archive").rglob("*.zst")
    archived.write_bytes(archived.read_bytes()[:-3])
    hub.load(hub.file("other.ndjson", lines(event(decision="deny"))))

    shown, reloaded = hub.run("show", report["load_id"]), hub.run("reload", "--all")

    assert (shown.exit_code, "damaged" in shown.stderr) == (3, True)
    assert (reloaded.exit_code, "damaged" in reloaded.stderr) == (3, True)
    assert hub.value("select count(*) from raw.loads where generation = 2") == 1


def test_status_says_what_is_there_and_what_was_never_loaded(hub: Hub) -> None:
    hub.load(hub.file("evidence.ndjson", lines(event(), b"broken")), exit_code=1)

    known = {row["topic"]: row for row in map(orjson.loads, hub.run("status", "--json").stdout.splitlines())}
    for_people = hub.run("status").stdout

    assert (known["policy_decision"]["rows"], known["policy_decision"]["loads"]) == (1, 1)
    assert known["policy_decision"]["last_committed_at"]
    assert known["incident"] == {"topic": "incident", "rows": 0, "loads": 0, "last_committed_at": None}
    assert "incident             never loaded" in for_people
    assert "1 load of 2 events; 1 rejected" in for_people


def test_validate_judges_like_a_load_and_writes_nothing(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hub.file("evidence.ndjson", lines(event(), b"broken"))
    monkeypatch.chdir(hub.folder)
    before = sorted(hub.folder.rglob("*"))

    judged = hub.run("validate", path, "--json")
    after = sorted(hub.folder.rglob("*"))
    [loaded] = hub.load(path, exit_code=1)

    report = orjson.loads(judged.stdout)
    assert judged.exit_code == 1
    assert after == before
    assert {**report, "status": "loaded", "generation": 1} == loaded


def test_validate_takes_the_run_from_the_ci_as_a_load_does(hub: Hub) -> None:
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop"}

    assert hub.run("validate", CLEAN, env=ci).exit_code == 0
    assert hub.run("validate", CLEAN).exit_code == 1


def test_topics_and_formats_list_what_is_registered(hub: Hub) -> None:
    topics = [orjson.loads(line) for line in hub.run("topics", "--json").stdout.splitlines()]
    formats = [orjson.loads(line) for line in hub.run("formats", "--json").stdout.splitlines()]
    schema = orjson.loads(hub.run("topics", "policy_decision.v1.0").stdout)

    assert {"topic", "summary", "owner", "versions", "raw_tables"} == set(topics[0])
    assert "pipeline_run" in [topic["topic"] for topic in topics]
    assert "junit_xml" in [entry["format"] for entry in formats]
    assert schema["title"] == "policy_decision.v1.0"
    assert hub.run("topics", "no_such.v1.0").exit_code == 2
    assert "policy_decision" in hub.run("topics").stdout
    assert "junit_xml" in hub.run("formats").stdout


def test_json_is_one_object_a_file_and_nothing_else(hub: Hub) -> None:
    good = hub.file("in/good.ndjson", lines(event()))
    hub.file("in/other.txt", b"no evidence")

    result = hub.run("load", good.parent, "--json")

    first, second = map(orjson.loads, result.stdout.splitlines())
    assert result.stderr == ""
    assert set(first) == set(second) == {
        "file", "status", "format", "load_id", "generation", "events", "loaded", "rejected", "duplicate",
        "rejected_before", "contracts", "rejects", "code", "message",
    }  # fmt: skip
    assert (second["status"], second["code"], second["load_id"]) == ("unknown", "unknown_format", None)


@pytest.mark.parametrize("content", [lines(event()), b""], ids=["good", "refused"])
def test_a_file_name_of_any_bytes_is_printed_and_kept_on_one_line(hub: Hub, content: bytes) -> None:
    path = hub.file("in/other", content)
    path.rename(os.fsdecode(os.fsencode(path.parent) + b"/a\nb\x1b[2J\xff.ndjson"))

    result = hub.run("load", path.parent)

    table = "raw.loads" if content else "raw.refusals"
    kept = hub.value(f"select source_name from {table}")
    assert kept == f"{path.parent}/a\\nb\\x1b[2J\\udcff.ndjson"
    assert result.exit_code == (0 if content else 1)
    assert len(result.stdout.splitlines()) == 1
    assert kept in result.stdout


def test_a_summary_shows_names_below_the_folder_that_was_named_and_does_nothing_with_them(hub: Hub) -> None:
    page = hub.folder / "page.md"
    hub.file("in/a``b @octo <b>.xml", b"<testsuite")

    hub.run("load", hub.folder / "in", *SHOP, "--summary", page)

    [problem] = [line for line in page.read_text().splitlines() if line.startswith("- ")]
    assert problem.startswith("- ``` a``b @octo <b>.xml: ")
    assert problem.endswith(" ```")


def test_one_of_a_thing_is_called_so(hub: Hub) -> None:
    one, two = (hub.file(f"{name}.ndjson", lines(event(rule=name))) for name in ("one", "two"))

    alone, again, both = hub.run("load", one), hub.run("load", one), hub.run("load", one, two)

    assert "hub: 1 event  [" in alone.stdout
    assert "hub: 1 event, all read before  [" in again.stdout
    assert "2 files (1 duplicate, 1 loaded); 2 events (1 loaded, 0 rejected, 1 duplicate)" in both.stdout
