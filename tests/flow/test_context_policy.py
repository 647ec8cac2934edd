"""Whose word counts for which repositories: a policy refuses what nobody but the evidence itself says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub import COMMIT, Hub, event, lines

JUNIT = b'<testsuite name="cart"><testcase name="adds"/></testsuite>'
IN_CI = {
    "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "42", "GITHUB_SHA": COMMIT,
    "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "test",
}  # fmt: skip
NOT_IN_CI = {"GITHUB_ACTIONS": "", "GITLAB_CI": ""}
STRICT = b"""
rules:
  - repositories: [acme/shop, "acme/pay*"]
    accepts: [api, ci_environment]
"""


def rejects(hub: Hub) -> list[tuple[str, str]]:
    return hub.rows("select code, message from raw.rejects order by line")


def test_without_a_policy_every_word_counts(hub: Hub) -> None:
    [report] = hub.load(hub.file("run.ndjson", lines(event(), event(repo="acme/other"))))

    assert report["loaded"] == 2


def test_evidence_that_speaks_only_for_itself_is_rejected_for_the_named_repositories(hub: Hub) -> None:
    policy = hub.file("policy.yaml", STRICT)
    events = lines(event(), event(repo="acme/payments"), event(repo="acme/free"))

    [report] = hub.load(hub.file("run.ndjson", events), "--context-policy", policy, exit_code=1, env=NOT_IN_CI)

    assert (report["loaded"], report["rejected"]) == (1, 2)
    assert rejects(hub) == [
        (
            "context_not_accepted",
            f"for {name} the context policy accepts only the word of api, ci_environment, not of evidence: "
            "collect it with `ci-intel collect` or load it in a CI job of that repository",
        )
        for name in ("acme/shop", "acme/payments")
    ]


def test_a_flag_is_no_ci(hub: Hub) -> None:
    [report] = hub.load(
        hub.file("junit.xml", JUNIT), "--repository", "acme/shop", "--commit", COMMIT,
        "--context-policy", hub.file("policy.yaml", STRICT), exit_code=1, env=NOT_IN_CI,
    )  # fmt: skip

    assert report["rejected"] == 1
    assert "not of flag: collect it with `ci-intel collect`" in rejects(hub)[0][1]
    # It is in the ledger too, with whose word it was.
    assert hub.rows("select context_source, event_count, rejected_event_count from raw.loads") == [("flag", 1, 1)]


def test_the_ci_job_of_a_repository_speaks_for_it_and_for_no_other(hub: Hub) -> None:
    policy = hub.file("policy.yaml", STRICT)
    hub.file("reports/junit.xml", JUNIT)
    hub.file("reports/run.ndjson", lines(event(), event(repo="acme/payments")))

    reports = hub.load(hub.folder / "reports", "--context-policy", policy, exit_code=1, env=IN_CI)

    assert sorted((report["loaded"], report["rejected"]) for report in reports) == [(1, 0), (1, 1)]
    assert "acme/payments" in rejects(hub)[0][1]


def test_a_long_file_is_judged_alike_by_all_its_processes(hub: Hub) -> None:
    padding = "x" * 2000
    many = lines(*(event(rule=str(number), reason=padding) for number in range(15_000)))

    [report] = hub.load(
        hub.file("run.ndjson", many), "--context-policy", hub.file("policy.yaml", STRICT), "--workers", "2",
        exit_code=1, env=NOT_IN_CI,
    )  # fmt: skip

    assert (report["loaded"], report["rejected"]) == (0, 15_000)


def test_what_was_let_in_once_can_be_read_again_under_a_stricter_policy(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    [report] = hub.load(hub.file("run.ndjson", lines(event())), env=NOT_IN_CI)
    monkeypatch.chdir(hub.folder)
    hub.file("config/context_policy.yaml", STRICT)

    assert hub.run("reload", report["load_id"], env=NOT_IN_CI).exit_code == 0
    assert hub.value("select count(*) from raw.policy_decisions where _generation = 2") == 1


def test_what_was_rejected_is_loaded_again_when_the_right_one_says_whose_it_is_and_then_only_once(hub: Hub) -> None:
    policy = hub.file("policy.yaml", STRICT)
    path = hub.file("run.ndjson", lines(event(), event(repo="acme/payments"), event(repo="acme/free")))

    def load(environment: dict[str, str]) -> tuple[str, int, int]:
        [report] = hub.load(path, "--context-policy", policy, exit_code=None, env=environment)
        return report["status"], report["loaded"], report["rejected"]

    assert load(NOT_IN_CI) == ("loaded", 1, 2)
    assert load(NOT_IN_CI) == ("duplicate", 0, 0)
    assert load(IN_CI) == ("loaded", 2, 1)
    assert load(IN_CI) == ("duplicate", 0, 0)
    assert load({**IN_CI, "GITHUB_REPOSITORY": "acme/payments"}) == ("loaded", 2, 1)
    assert load({**IN_CI, "GITHUB_REPOSITORY": "acme/free"}) == ("duplicate", 0, 0)

    # What each let in is there; the event that all of them did is the same one in every mart.
    assert hub.rows("select repository, count(*) from raw.policy_decisions group by 1 order by 1") == [
        ("acme/free", 3), ("acme/payments", 1), ("acme/shop", 1),
    ]  # fmt: skip


def test_a_report_that_was_only_typed_counts_once_the_job_itself_says_the_same(hub: Hub) -> None:
    policy = hub.file("policy.yaml", STRICT)
    typed = [
        "--provider", "github", "--repository", "acme/shop", "--run-id", "42", "--run-attempt", "1",
        "--commit", COMMIT, "--job", "test",
    ]  # fmt: skip
    path = hub.file("junit.xml", JUNIT)
    hub.load(path, *typed, "--context-policy", policy, exit_code=1, env=NOT_IN_CI)

    [report] = hub.load(path, "--context-policy", policy, env=IN_CI)

    assert (report["status"], report["loaded"]) == ("loaded", 1)


def test_reading_it_again_is_no_way_round_the_policy(hub: Hub) -> None:
    policy = hub.file("policy.yaml", STRICT)
    broken = {**event(), "decision": 7}
    path = hub.file("run.ndjson", lines(event(), broken, event(repo="acme/free")))
    hub.load(path, "--context-policy", policy, exit_code=1, env=NOT_IN_CI)
    before = rejects(hub)
    # Also of what breaks its contract: after an upgrade it may be good.
    assert [code for code, _ in before] == ["context_not_accepted"] * 2

    for which in ("--rejected", "--all"):
        assert hub.run("reload", which, env=IN_CI).exit_code == 1

    assert hub.value("select max(generation) from raw.loads") == 3
    assert set(rejects(hub)) == set(before)
    assert hub.rows("select distinct repository from raw.policy_decisions") == [("acme/free",)]


def test_a_report_whose_reader_has_changed_is_not_read_again_past_the_policy(hub: Hub) -> None:
    typed = ["--repository", "acme/shop", "--commit", COMMIT]
    path = hub.file("junit.xml", JUNIT)
    hub.load(path, *typed, "--context-policy", hub.file("policy.yaml", STRICT), exit_code=1, env=NOT_IN_CI)
    hub.execute("update raw.loads set reader_version = 0")

    result = hub.run("reload", "--rejected", env=NOT_IN_CI)

    assert (result.exit_code, "load the file again" in result.output) == (1, True), result.output
    assert hub.value("select count(*) from raw.loads") == 1
    assert hub.value("select count(*) from raw.test_suites") == 0


def test_the_policy_of_the_working_folder_is_taken_and_validate_judges_by_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hub.folder)
    hub.file("config/context_policy.yaml", STRICT)

    result = hub.run("validate", hub.file("run.ndjson", lines(event())), env=NOT_IN_CI)

    assert (result.exit_code, "context_not_accepted" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"rules: [", "policy.yaml"),
        (b"accepts: [api]", "`rules:` with a list"),
        (b"rules:\n  - repositories: [acme/shop]", "rule 1"),
        (b"rules:\n  - repositories: [acme/shop]\n    accepts: [telepathy]", "'telepathy'"),
        (b"rules:\n  - repositories: []\n    accepts: [api]", "not an empty one"),
        (b"rules: &a []\nother: *a", "policy.yaml"),
    ],
    ids=["no YAML", "no rules", "half a rule", "unknown source", "no repository", "an anchor"],
)
def test_a_policy_that_cannot_be_understood_lets_nothing_in(hub: Hub, text: bytes, said: str) -> None:
    policy = hub.file("policy.yaml", text)

    result = hub.run("load", hub.file("run.ndjson", lines(event())), "--context-policy", policy)

    assert (result.exit_code, said in result.stderr) == (3, True), result.stderr
    assert hub.value("select count(*) from raw.loads") == 0


def test_a_policy_that_is_not_there_lets_nothing_in(hub: Hub) -> None:
    missing = hub.folder / "nowhere.yaml"

    result = hub.run("load", hub.file("run.ndjson", lines(event())), env={"CI_INTEL_CONTEXT_POLICY": str(missing)})

    assert (result.exit_code, str(missing) in result.stderr) == (3, True)


def test_the_shipped_policy_accepts_every_word(hub: Hub) -> None:
    shipped = Path(__file__).parents[2] / "config" / "context_policy.yaml"

    [report] = hub.load(hub.file("run.ndjson", lines(event())), "--context-policy", shipped)

    assert report["loaded"] == 1
