"""Artifacts that runs leave behind: whose evidence that is, the API says; what is in them, nobody believes."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from collecting import Collected, arguments, collect
from hub import Hub, event, lines
from replay import BEGIN, TOKEN, Repo, Response, Server, World, artifact, once, run, sha, zipped
from test_github import contents

Serve = Callable[[object], Server]
JUNIT = b'<testsuite name="cart" tests="1"><testcase classname="cart" name="adds" time="0.1"/></testsuite>'
RUN = 4711
COMMIT = sha("acme/shop", RUN)


def with_artifact(
    content: bytes | None, *, made_at: Any = BEGIN + timedelta(minutes=5), attempts: int = 1, **more: Any
) -> Repo:
    repo = Repo("acme/shop", 1)
    repo.runs = [run(repo, RUN, BEGIN, attempts=attempts)]
    artifact(repo, 900, RUN, content, made_at=made_at, **more)
    return repo


def evidence(hub: Hub, server: Server) -> Collected:
    return collect(hub, server, "--only", "evidence")


def test_a_report_belongs_to_the_run_that_the_api_names_and_says_so(hub: Hub, serve: Serve) -> None:
    collected = evidence(hub, serve(World(with_artifact(zipped(("reports/junit.xml", JUNIT))))))

    assert (collected.exit_code, collected.repositories[0]["collected"]) == (0, {"artifacts_loaded": 1})
    assert hub.rows("select provider, repository, run_id, run_attempt, commit_sha from raw.test_suites") == [
        ("github", "acme/shop", str(RUN), 1, COMMIT)
    ]
    [(source, submitter, name)] = hub.rows("select context_source, submitted_by, source_name from raw.loads")
    assert (source, submitter) == ("api", "mona")
    assert name.endswith(": acme/shop: run 4711, artifact 900: reports/junit.xml")


def test_an_artifact_of_a_second_attempt_is_that_attempts(hub: Hub, serve: Serve) -> None:
    later = BEGIN + timedelta(hours=1, minutes=5)

    evidence(hub, serve(World(with_artifact(zipped(("junit.xml", JUNIT)), made_at=later, attempts=3))))

    assert hub.value("select run_attempt from raw.test_suites") == 2


def test_it_is_downloaded_once_and_the_store_never_sees_the_token(hub: Hub, serve: Serve) -> None:
    server = serve(World(with_artifact(zipped(("junit.xml", JUNIT)))))
    evidence(hub, server)

    second = evidence(hub, server)

    [download] = server.asked("^/store/")
    assert "authorization" not in {name.lower() for name in download.headers}
    assert download.host.startswith("localhost")
    assert second.repositories[0]["collected"] == {}


def report(suite: str) -> bytes:
    return zipped(("junit.xml", JUNIT.replace(b"cart", suite.encode())))


def with_several() -> Repo:
    """A run of two attempts whose jobs left an artifact each; others, whose names only look like theirs."""
    first, second = BEGIN + timedelta(minutes=5), BEGIN + timedelta(hours=1, minutes=5)
    repo = with_artifact(report("whole run"), attempts=2)
    artifact(repo, 901, RUN, report("unit first"), made_at=first, job="unit", attempt=1)
    artifact(repo, 902, RUN, report("lint"), made_at=first, job="lint", attempt=1)
    artifact(repo, 903, RUN, report("unit second"), made_at=second, job="unit", attempt=2)
    for number, name in enumerate(
        ("ci-intel-evidencex", "my-ci-intel-evidence", "CI-intel-evidence-unit-0-1", "reports")
    ):
        artifact(repo, 910 + number, RUN, report(name), made_at=second, name=name)
    return repo


SEVERAL = [("lint", 1), ("unit first", 1), ("unit second", 2), ("whole run", 1)]


def test_all_artifacts_of_a_run_are_taken_each_once_and_none_whose_name_is_another(hub: Hub, serve: Serve) -> None:
    server = serve(World(with_several()))

    collected = evidence(hub, server)

    assert (collected.exit_code, collected.repositories[0]["collected"]) == (0, {"artifacts_loaded": 4})
    assert hub.rows("select suite, run_attempt from raw.test_suites order by suite") == SEVERAL
    assert sorted(request.path.split("/")[-2] for request in server.asked("/zip$")) == ["900", "901", "902", "903"]
    assert evidence(hub, server).repositories[0]["collected"] == {}
    assert len(server.asked("/zip$")) == 4


@pytest.mark.parametrize("point", ["before_commit", "after_commit", "before_position", "after_position"])
@pytest.mark.parametrize("number", [1, 3])
def test_killed_between_two_artifacts_of_a_run_each_is_there_once(
    hub: Hub, serve: Serve, point: str, number: int
) -> None:
    server = serve(World(with_several()))
    process = hub.start(*arguments(server, "--only", "evidence"), env={"CI_INTEL_FAULT": f"{point}:{number}"})
    process.communicate(timeout=300)
    assert process.returncode == -9
    assert hub.value("select count(*) from raw.test_suites") < 4

    assert evidence(hub, server).exit_code == 0

    assert hub.rows("select suite, run_attempt from raw.test_suites order by suite") == SEVERAL
    assert hub.value("select count(*) from raw.loads") == 4


def decision(**fields: Any) -> dict[str, Any]:
    return event(**{"repo": "acme/shop", **fields})


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        pytest.param(decision(repo="acme/bank"), "another_repository", id="another repository"),
        pytest.param(decision(repo="acme/Shop"), "another_repository", id="one that is spelled otherwise"),
        pytest.param(decision(provider="github", run_id="4712"), "another_run", id="another run"),
        pytest.param(decision(provider="jenkins", run_id="4711"), "another_run", id="a run at another provider"),
        pytest.param(
            {
                "schema": "deployment.v1.0", "repo": "acme/shop", "provider": "github", "deployment_id": "1",
                "environment": "production", "is_production": True, "status": "success",
                "started_at": "2026-09-01T08:00:00Z",
            },
            "not_from_a_run",
            id="a deployment, whose number may be another repository's",
        ),
        pytest.param(
            {
                "schema": "incident.v1.0", "incident_id": "1", "opened_at": "2026-09-01T08:00:00Z",
                "updated_at": "2026-09-01T08:00:00Z",
            },
            "not_from_a_run",
            id="an incident, which no run can know",
        ),
    ],
)  # fmt: skip
def test_evidence_that_claims_what_is_not_its_runs_is_rejected_with_the_reason_and_the_rest_is_loaded(
    hub: Hub, serve: Serve, claim: dict[str, Any], code: str
) -> None:
    server = serve(World(with_artifact(zipped(("events.ndjson", lines(claim, decision()))))))

    collected = evidence(hub, server)

    assert collected.exit_code == 1
    assert hub.rows("select code, line from raw.rejects") == [(code, 1)]
    assert code in collected.errors
    assert hub.rows("select provider, repository, run_id, commit_sha from raw.policy_decisions") == [
        ("github", "acme/shop", "4711", COMMIT)
    ]


def test_what_was_rejected_as_anothers_stays_so_when_it_is_read_again(hub: Hub, serve: Serve) -> None:
    server = serve(World(with_artifact(zipped(("events.ndjson", lines(decision(repo="acme/bank"), decision()))))))
    evidence(hub, server)

    hub.run("reload", "--all")

    assert hub.value("select max(generation) from raw.loads") == 2
    assert hub.rows("select code from raw.rejects where generation = 2") == [("another_repository",)]
    assert hub.value("select count(*) from raw.policy_decisions where repository <> 'acme/shop'") == 0


def test_the_same_file_from_two_repositories_is_two_loads_each_with_its_own_run(hub: Hub, serve: Serve) -> None:
    content = zipped(("events.ndjson", lines({name: value for name, value in event().items() if name != "repo"})))
    shop, till = with_artifact(content), Repo("acme/till", 2)
    till.runs = [run(till, 5000, BEGIN)]
    artifact(till, 901, 5000, content, made_at=BEGIN + timedelta(minutes=5))
    server = serve(World(shop, till))

    collect(hub, server, "--only", "evidence", "--repository", "acme/till")

    assert hub.rows("select repository, run_id from raw.policy_decisions order by all") == [
        ("acme/shop", "4711"),
        ("acme/till", "5000"),
    ]


def test_what_only_a_provider_can_say_is_refused_from_an_artifact(hub: Hub, serve: Serve) -> None:
    forged = json.dumps(World().written(Repo("acme/shop"), run(Repo("acme/shop"), 1, BEGIN))).encode()
    forged = forged.replace(b'"url": "/repos', b'"url": "https://api.example.org/repos')

    collected = evidence(hub, serve(World(with_artifact(zipped(("run.json", forged), ("junit.xml", JUNIT))))))

    assert collected.exit_code == 1
    assert hub.rows("select code, format from raw.refusals") == [("not_from_a_run", None)]
    assert hub.value("select count(*) from raw.pipeline_runs") == 0
    assert hub.value("select count(*) from raw.test_suites") == 1


def test_an_emitted_run_of_the_same_attempt_gets_the_key_that_the_api_gives_it(hub: Hub, serve: Serve) -> None:
    emitted = {
        "schema": "pipeline_run.v1.3", "provider": "github", "run_id": "4711", "repo": "acme/shop",
        "commit_sha": "b" * 40, "started_at": "2026-09-01T08:00:00Z", "status": "success", "cost": {"usd": 0.25},
    }  # fmt: skip
    server = serve(World(with_artifact(zipped(("run.json", json.dumps(emitted).encode())))))

    collect(hub, server)

    assert hub.rows("select distinct provider, repository, run_id, run_attempt, commit_sha from raw.pipeline_runs") == [
        ("github", "acme/shop", "4711", 1, COMMIT)
    ]
    assert hub.value("select count(*) from raw.pipeline_runs") == 2


def test_an_artifact_that_has_expired_is_counted_and_not_asked_for(hub: Hub, serve: Serve) -> None:
    server = serve(World(with_artifact(None)))

    collected = evidence(hub, server)

    assert (collected.exit_code, collected.repositories[0]["collected"]) == (0, {"artifacts_expired": 1})
    assert not server.asked("/zip")


def test_an_artifact_that_expires_before_it_is_downloaded_is_counted_as_well(hub: Hub, serve: Serve) -> None:
    repo = with_artifact(zipped(("junit.xml", JUNIT)))
    repo.zips.clear()

    collected = evidence(hub, serve(World(repo)))

    assert (collected.exit_code, collected.repositories[0]["collected"]) == (0, {"artifacts_expired": 1})


def link() -> bytes:
    member = zipfile.ZipInfo("reports/junit.xml")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((member, b"/etc/passwd"))


def overlapping() -> bytes:
    """Two entries of the central directory that share one file's bytes, as bombs do it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.xml", JUNIT * 40)
        archive.filelist += archive.filelist * 3
    return file.getvalue()


def named(name: str) -> bytes:
    return zipped((name, JUNIT))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(zipped(("zeros.json", b"0" * (64 << 20))), "compression_bomb", id="a bomb"),
        pytest.param(overlapping(), "compression_bomb", id="a bomb of files that overlap"),
        pytest.param(
            zipped(*((f"{number}.xml", b"x") for number in range(2001))), "too_many_files", id="too many files"
        ),
        pytest.param(named("../../etc/cron.d/evil"), "unsafe_artifact", id="a path out of its folder"),
        pytest.param(named("reports/../../evil.xml"), "unsafe_artifact", id="a path that leads out on a detour"),
        pytest.param(named("/etc/cron.d/evil"), "unsafe_artifact", id="an absolute path"),
        pytest.param(named("C:/windows/evil.xml"), "unsafe_artifact", id="a drive"),
        pytest.param(named("..\\..\\evil.xml"), "unsafe_artifact", id="a path of another system"),
        pytest.param(link(), "unsafe_artifact", id="a symbolic link"),
        pytest.param(b"no zip at all", "undecodable", id="no zip"),
        pytest.param(zipped(("junit.xml", JUNIT))[:-30], "undecodable", id="a zip that is cut"),
        pytest.param(zipped(("junit.xml", TOKEN.encode())), "holds_a_token", id="the token that it is collected with"),
    ],
)
def test_an_artifact_that_means_harm_is_refused_whole_and_noted_and_not_downloaded_again(
    hub: Hub, serve: Serve, content: bytes, code: str
) -> None:
    server = serve(World(with_artifact(content)))

    collected = evidence(hub, server)

    assert (collected.exit_code, collected.problems) == (1, [])
    assert hub.rows("select code, repository from raw.refusals") == [(code, "acme/shop")]
    assert collected.repositories[0]["collected"] == {"artifacts_refused": 1}
    assert hub.value("select count(*) from raw.loads") == 0
    assert not [path for path in hub.folder.rglob("*") if path.is_file() and TOKEN.encode() in contents(path)]
    evidence(hub, server)
    assert len(server.asked("/zip")) == 1


def test_an_artifact_that_is_not_the_one_the_api_speaks_of_is_refused(hub: Hub, serve: Serve) -> None:
    repo = with_artifact(zipped(("junit.xml", JUNIT)), digest=f"sha256:{'0' * 64}")

    evidence(hub, serve(World(repo)))

    assert hub.value("select code from raw.refusals") == "another_digest"


def test_an_artifact_of_a_run_that_is_none_of_the_repositorys_is_refused(hub: Hub, serve: Serve) -> None:
    repo = with_artifact(zipped(("junit.xml", JUNIT)))
    repo.runs[0]["repository"] = {"id": 99, "full_name": "acme/bank"}

    evidence(hub, serve(World(repo)))

    assert hub.rows("select code, repository from raw.refusals") == [("another_repository", "acme/shop")]
    assert hub.value("select count(*) from raw.loads") == 0


def test_a_download_that_is_cut_is_begun_anew(hub: Hub, serve: Serve) -> None:
    content = zipped(("junit.xml", JUNIT))
    server = serve(World(with_artifact(content)))
    server.faults.append(once("^/store/", Response(200, content[:50], is_cut=True)))

    assert evidence(hub, server).exit_code == 0
    assert hub.value("select count(*) from raw.test_suites") == 1
