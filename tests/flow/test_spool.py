"""A warehouse that is down neither fails a pipeline nor loses evidence: it waits in a spool, and is delivered once."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from hub import COMMIT, SHOP, Hub, event, lines

JUNIT = b'<testsuite name="cart"><testcase name="adds"/><testcase name="pays"><failure/></testcase></testsuite>'
IN_CI = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": COMMIT,
    "GITHUB_JOB": "test",
    "GITHUB_ACTOR": "octo",
}


def deliveries(spool: Path) -> list[Path]:
    return sorted(path for path in spool.iterdir() if not path.name.startswith("."))


def test_what_a_locked_warehouse_does_not_take_waits_in_the_spool_and_is_delivered_once(
    hub: Hub, locked: subprocess.Popen[bytes]
) -> None:
    report, spool = hub.file("reports/junit.xml", JUNIT), hub.folder / "spool"

    kept = hub.load(report, "--spool", spool, "--lock-timeout", "0.2", env=IN_CI)
    locked.communicate()
    report.unlink()
    delivered, again = hub.load(spool), hub.load(spool, exit_code=1)

    assert [one["status"] for one in kept] == ["spooled"]
    assert [one["status"] for one in delivered] == ["loaded"]
    assert again[0]["code"] == "empty"
    assert hub.rows(
        "select source_name, repository, run_id, run_attempt, commit_sha, job, context_source, submitted_by"
        " from raw.loads"
    ) == [(str(report), "acme/shop", "42", 2, COMMIT, "test", "ci_environment", "octo")]
    assert hub.value("select count(*) from raw.test_cases") == 2


def test_strict_fails_the_pipeline_but_still_keeps_the_evidence(hub: Hub, locked: subprocess.Popen[bytes]) -> None:
    spool = hub.folder / "spool"

    result = hub.run(
        "load", hub.file("run.ndjson", lines(event())), "--spool", spool, "--strict", "--lock-timeout", "0.2"
    )

    assert (result.exit_code, len(deliveries(spool))) == (3, 1)
    assert f"ci-intel load {spool}" in result.stderr


def test_why_nothing_was_delivered_is_said_once_for_all_files(hub: Hub, locked: subprocess.Popen[bytes]) -> None:
    for name in ("a", "b"):
        hub.file(f"reports/{name}.xml", JUNIT)
    arguments = ("load", hub.folder / "reports", "--spool", hub.folder / "spool", "--lock-timeout", "0.2")

    result = hub.run(*arguments, env=IN_CI)
    reports = [json.loads(line) for line in hub.run(*arguments, "--json", env=IN_CI).stdout.splitlines()]

    assert result.stdout.count("spooled ") == 2
    assert "None" not in result.output
    [warning] = [line for line in result.stderr.splitlines() if "not delivered" in line]
    assert warning.startswith("warning: 2 files not delivered: ")
    assert "locked" in warning
    assert {report["code"] for report in reports} == {"not_delivered"}
    assert all("locked" in report["message"] for report in reports)


def test_the_deadline_ends_a_load_that_hangs(hub: Hub, locked: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    done = hub.finish(
        "load", hub.file("run.ndjson", lines(event())), "--spool", hub.folder / "spool", "--deadline", "700ms"
    )

    assert (done.returncode, time.monotonic() - began < 30) == (0, True)
    assert len(deliveries(hub.folder / "spool")) == 1


def test_the_deadline_ends_a_load_that_hangs_after_it_was_connected(hub: Hub) -> None:
    slow = hub.folder / "sitecustomize.py"
    slow.write_text(
        "import time, ingest.load as loading\nloading.load_file = lambda *arguments, **options: time.sleep(60)\n"
    )
    began = time.monotonic()
    done = hub.finish(
        "load", hub.file("run.ndjson", lines(event())), "--spool", hub.folder / "spool", "--deadline", "3s",
        env={"PYTHONPATH": f"{hub.folder}:{Path(__file__).parents[2]}"},
    )  # fmt: skip

    assert (done.returncode, b"no answer within 3 s" in done.stderr) == (0, True), done.stderr
    assert time.monotonic() - began < 30
    assert len(deliveries(hub.folder / "spool")) == 1


def test_standard_input_is_kept_too(hub: Hub, locked: subprocess.Popen[bytes]) -> None:
    spool = hub.folder / "spool"

    hub.load("-", "--spool", spool, "--lock-timeout", "0.2", input=lines(event(), event(rule="other")))
    locked.communicate()

    assert [one["loaded"] for one in hub.load(spool)] == [2]


def test_what_was_taken_is_not_kept(hub: Hub) -> None:
    spool = hub.folder / "spool"

    taken = hub.load(hub.file("run.ndjson", lines(event())), "-", "--spool", spool, input=lines(event(rule="other")))

    assert [one["status"] for one in taken] == ["loaded", "loaded"]
    assert deliveries(spool) == []


def test_the_same_report_of_the_same_run_is_kept_once_and_of_another_run_again(
    hub: Hub, locked: subprocess.Popen[bytes]
) -> None:
    report, spool = hub.file("junit.xml", JUNIT), hub.folder / "spool"

    for run in ("42", "42", "43"):
        hub.load(report, "--spool", spool, "--lock-timeout", "0.2", env={**IN_CI, "GITHUB_RUN_ID": run})

    assert len(deliveries(spool)) == 2


def test_bad_evidence_is_still_bad_and_stays_in_the_spool(hub: Hub, locked: subprocess.Popen[bytes]) -> None:
    spool = hub.folder / "spool"
    hub.load(hub.file("bad.xml", b"<testsuite"), "--spool", spool, "--lock-timeout", "0.2", env=IN_CI)
    locked.communicate()

    [report] = hub.load(spool, exit_code=1)

    assert report["status"] in ("refused", "unknown")
    assert len(deliveries(spool)) == 1


def test_a_spool_that_cannot_be_written_is_a_failure_since_evidence_may_be_lost(
    hub: Hub, locked: subprocess.Popen[bytes]
) -> None:
    occupied = hub.file("spool", b"a file, not a folder")

    result = hub.run("load", hub.file("run.ndjson", lines(event())), "--spool", occupied, "--lock-timeout", "0.2")

    # The option itself refuses a file; a folder below one cannot be made.
    below = hub.run("load", hub.file("run.ndjson", lines(event())), "--spool", occupied / "x", "--lock-timeout", "0.2")
    assert (result.exit_code, below.exit_code) == (2, 3)
    assert "cannot be kept" in below.stderr


def test_a_full_disk_keeps_no_part_of_a_delivery(hub: Hub, locked: subprocess.Popen[bytes]) -> None:
    report = hub.file("big.ndjson", lines(*(event(rule=str(number)) for number in range(2000))))
    limited = f"ulimit -f 16; exec {' '.join(hub.command('load', report, '--spool', 'spool', '--lock-timeout', '0.2'))}"

    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {limited}"], cwd=hub.folder, capture_output=True, check=False,
        env={**hub.environment, "PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin",
             "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip

    assert (done.returncode, b"cannot be kept" in done.stderr) == (3, True), done.stderr
    assert list((hub.folder / "spool").iterdir()) == []


@pytest.mark.parametrize(
    "envelope",
    [
        b"rubbish",
        b"[]",
        b'{"source_name": "x"}',
        json.dumps(
            {
                "source_name": "x", "modified_at": "2026-01-01T00:00:00Z", "format": None, "submitted_by": None,
                "context": {"provider": "github", "repository": "acme/other", "run_id": "1", "run_attempt": 1,
                            "commit_sha": None, "job": None, "source": "api"},
            }
        ).encode(),
    ],
    ids=["no JSON", "no object", "fields missing", "claims that an API said so"],
)  # fmt: skip
def test_a_delivery_that_somebody_tampered_with_is_refused_and_kept(hub: Hub, envelope: bytes) -> None:
    hub.file("spool/one/evidence", lines(event()))
    hub.file("spool/one/delivery.json", envelope)

    [report] = hub.load(hub.folder / "spool", exit_code=1)

    assert (report["status"], report["code"]) == ("refused", "bad_delivery")
    assert len(deliveries(hub.folder / "spool")) == 1


@pytest.mark.parametrize("options", [("--deadline", "60s"), ("--strict",), ("--spool", "s", "--deadline", "soon")])
def test_options_that_make_no_sense_are_wrong_usage(hub: Hub, options: tuple[str, ...]) -> None:
    assert hub.run("load", hub.file("run.ndjson", lines(event())), *options, *SHOP).exit_code == 2
