from __future__ import annotations

import pytest

from ingest.context import RunContext, from_environment, overridden

COMMIT = "a" * 40
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": COMMIT,
    "GITHUB_JOB": "unit",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "acme/group/shop",
    "CI_PIPELINE_ID": "88",
    "CI_COMMIT_SHA": COMMIT,
    "CI_JOB_NAME": "unit: [3.11]",
}


@pytest.mark.parametrize(
    ("environment", "context"),
    [
        (GITHUB, RunContext("github", "acme/shop", "77", 2, COMMIT, "unit", "ci_environment")),
        (GITLAB, RunContext("gitlab", "acme/group/shop", "88", 1, COMMIT, "unit: [3.11]", "ci_environment")),
        ({}, RunContext()),
        ({**GITHUB, "GITHUB_ACTIONS": "false"}, RunContext()),
        (
            {**GITHUB, "GITHUB_RUN_ATTEMPT": "x", "GITHUB_SHA": "main", "GITHUB_JOB": ""},
            RunContext("github", "acme/shop", "77", None, None, None, "ci_environment"),
        ),
    ],
    ids=["GitHub Actions", "GitLab CI", "a laptop", "another CI with some of its names", "values that are none"],
)
def test_the_run_is_what_the_ci_says(environment: dict[str, str], context: RunContext) -> None:
    assert from_environment(environment) == context


def test_flags_win_over_the_ci_one_by_one() -> None:
    context = overridden(from_environment(GITHUB), RunContext(repository="acme/cart", job="nightly"))

    assert context == RunContext("github", "acme/cart", "77", 2, COMMIT, "nightly", "flag")


def test_without_flags_nothing_changes() -> None:
    assert overridden(from_environment(GITLAB), RunContext()) == from_environment(GITLAB)


def test_events_get_what_is_known_in_the_words_of_contracts() -> None:
    assert RunContext(repository="acme/shop", run_attempt=1).event_fields() == {"repo": "acme/shop", "run_attempt": 1}
