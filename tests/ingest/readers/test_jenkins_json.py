"""Jenkins's builds and stages: milliseconds, early results, and commits that only some builds know."""

from __future__ import annotations

from native import CONTEXT, FIXTURES, events

VALID = FIXTURES / "jenkins_json" / "valid"
COMMIT = "4b1f0c2d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"


def test_a_build_has_the_id_that_jenkins_gives_it_whatever_view_it_was_seen_through() -> None:
    (build,) = events("jenkins_json", VALID / "pipeline_build.json")

    assert build == {
        "schema": "pipeline_run.v1.3",
        "provider": "jenkins",
        "repo": "acme/shop",
        "run_id": "platform/shop/main#41",
        "run_number": 41,
        "workflow": "platform/shop/main",
        "event": "manual",
        "actor": "mara",
        "actor_type": "human",
        "commit_sha": COMMIT,
        "branch": "main",
        "started_at": "2026-03-02T09:00:00.123000+00:00",
        "ended_at": "2026-03-02T09:00:30.538000+00:00",
        "queue_ms": 1220,
        "status": "unknown",
        "status_original": "UNSTABLE",
        "emitted_at": "2026-03-02T09:00:30.538000+00:00",
    }


def test_a_build_that_goes_on_has_no_end_even_if_its_result_is_there() -> None:
    aborted, without_result, with_result = events("jenkins_json", VALID / "page_of_builds.json")

    assert (aborted["status_original"], aborted["ended_at"]) == ("ABORTED", "2026-03-02T10:00:01+00:00")
    for build in (without_result, with_result):
        assert build["status_original"] == "in_progress"
        assert "ended_at" not in build


def test_a_build_is_known_by_its_display_name_where_its_address_was_not_asked_for() -> None:
    aborted, *_ = events("jenkins_json", VALID / "page_of_builds.json")

    assert (aborted["run_id"], aborted["event"]) == ("nightly#9", "push")


def test_a_repository_is_read_from_each_way_of_writing_its_address() -> None:
    of_fork, by_ssh, by_https = events("jenkins_json", VALID / "page_of_builds.json")

    assert (of_fork["repo"], of_fork["branch"], of_fork["pr"]) == ("acme/shop", "PR-57", 57)
    assert (by_ssh["repo"], by_ssh.get("branch")) == ("acme/platform/shop", None)
    assert (by_https["repo"], by_https["branch"]) == ("acme/platform/shop", "main")


def test_a_single_build_that_checked_nothing_out_takes_its_commit_from_outside() -> None:
    (build,) = events("jenkins_json", VALID / "build_that_checked_nothing_out.json")

    assert (build["repo"], build["commit_sha"]) == (CONTEXT.repository, CONTEXT.commit_sha)
    assert build["status_original"] == "NOT_BUILT"


def test_a_build_that_checked_a_library_out_too_does_not_say_which_commit_it_built() -> None:
    (build,) = events("jenkins_json", VALID / "build_with_a_shared_library.json")

    assert build["commit_sha"] == CONTEXT.commit_sha
    assert "branch" not in build


def test_the_stages_of_a_run_are_its_jobs_and_one_that_goes_on_has_no_end() -> None:
    built, testing = events("jenkins_json", VALID / "stages_of_a_run.json")

    assert (built["run_id"], built["job_id"], built["name"]) == ("platform/shop/main#41", "6", "Build")
    assert (built["started_at"], built["completed_at"]) == (
        "2026-03-02T09:00:01+00:00",
        "2026-03-02T09:00:03.299000+00:00",
    )
    assert built["runner_label"] == "agent-7"
    assert testing["status_original"] == "IN_PROGRESS"
    assert "completed_at" not in testing
