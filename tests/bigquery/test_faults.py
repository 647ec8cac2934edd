"""Whatever the network, the server or another loader does: nothing is lost, nothing is there twice."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from cloud import Cloud
from hub import SHOP, event, lines
from proxy import (
    Proxy,
    Request,
    any_of,
    cut_after,
    cut_before,
    failing_job,
    held,
    proxy,
    refused,
    slow,
    twice,
)

pytestmark = pytest.mark.bigquery

SMALL = 20
# More than may be sent along with a job: it is uploaded first.
LARGE = 6000


def evidence(count: int) -> bytes:
    """Return so many good events, never seen before, and a bad one."""
    name = uuid.uuid4().hex
    return lines(*(event(subject=f"{name}:{number}") for number in range(count)), b"not an event")


def commits(request: Request) -> bool:
    return request.commits


def asks_for_a_job(request: Request) -> bool:
    return request.method == "GET" and "/jobs/ci_intel_load_" in request.path


def anything(_request: Request) -> bool:
    return True


def is_whole_and_once(cloud: Cloud, good: int) -> None:
    """All events of the only load are there, each once, and nothing else."""
    assert cloud.rows("select count(*), count(distinct load_id) from raw.loads") == [(1, 1)]
    assert cloud.rows("select loaded_event_count, rejected_event_count from raw.loads") == [(good, 1)]
    assert cloud.rows(
        "select count(*), count(distinct _source_line) from raw.policy_decisions where _loaded_at >= '1970-01-01'"
    ) == [(good, good)]
    assert cloud.rows("select count(*) from raw.rejects") == [(1,)]
    assert cloud.rows("select sum(loaded_event_count), sum(rejected_event_count) from raw.load_topics") == [(good, 1)]
    assert cloud.tables("uploads") == set(), "uploads are removed"


@pytest.mark.parametrize("count", [pytest.param(SMALL, id="small"), pytest.param(LARGE, id="large")])
def test_a_load_arrives_whole_and_the_same_evidence_again_adds_nothing(cloud: Cloud, count: int) -> None:
    path = cloud.file("evidence.ndjson", evidence(count))
    [first] = cloud.load(path, exit_code=1)
    [again] = cloud.load(path)
    assert (first["status"], again["status"]) == ("loaded", "duplicate")
    is_whole_and_once(cloud, count)


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param(cut_before, 2, id="the request is lost"),
        pytest.param(cut_after, 1, id="the job is accepted, its answer lost"),
        pytest.param(twice, 1, id="the request arrives twice"),
        pytest.param(slow(4), 1, id="the answer comes too late"),
        pytest.param(refused(503, "backendError"), 3, id="503"),
        pytest.param(refused(500, "internalError"), 2, id="500"),
        pytest.param(refused(502, "badGateway"), 2, id="502"),
        pytest.param(refused(429, "rateLimitExceeded"), 2, id="429"),
        pytest.param(refused(403, "rateLimitExceeded"), 2, id="403 for being too fast"),
        pytest.param(refused(409, "duplicate"), 1, id="409 for a job that nobody can see"),
        pytest.param(failing_job("backendError"), 1, id="the job fails, and may be tried again"),
        pytest.param(
            failing_job("invalidQuery", "Transaction is aborted due to concurrent update against table x"),
            2,
            id="the transaction is aborted twice",
        ),
        pytest.param(
            failing_job("quotaExceeded", "Too many DML statements outstanding against table x, limit is 100"),
            1,
            id="too many are waiting for the table",
        ),
    ],
)
@pytest.mark.parametrize("count", [pytest.param(SMALL, id="small"), pytest.param(LARGE, id="large")])
def test_a_fault_while_committing_is_overcome(
    cloud_behind_network: Cloud, network: Proxy, count: int, fault: Callable[..., None], times: int
) -> None:
    cloud = cloud_behind_network
    network.tell(fault, commits, times)
    [report] = cloud.load(cloud.file("evidence.ndjson", evidence(count)), "--lock-timeout", "8", exit_code=1)
    assert network.done == times, "the fault was met"
    assert report["status"] == "loaded"
    is_whole_and_once(cloud, count)


@pytest.mark.parametrize("fault", [cut_before, cut_after, refused(503, "backendError")])
def test_a_fault_while_waiting_for_the_job_is_overcome(
    cloud_behind_network: Cloud, network: Proxy, fault: Callable[..., None]
) -> None:
    cloud = cloud_behind_network
    network.tell(cut_after, commits)
    network.tell(fault, asks_for_a_job, 2)
    [report] = cloud.load(cloud.file("evidence.ndjson", evidence(SMALL)), exit_code=1)
    assert (network.done, report["status"]) == (3, "loaded")
    is_whole_and_once(cloud, SMALL)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (refused(503, "backendError", "the backend is away"), "no answer for 2 s (the backend is away)"),
        (cut_before, "it cannot be reached, or cuts the connection"),
        (refused(403, "accessDenied", "Access Denied: jobs.create"), "no permission: Access Denied: jobs.create"),
        (refused(403, "quotaExceeded", "Quota exceeded: load jobs"), "a quota is used up: Quota exceeded: load jobs"),
        (failing_job("invalidQuery", "Unrecognized name: x"), "the warehouse refused: Unrecognized name: x"),
    ],
)
def test_what_cannot_be_overcome_is_one_line_and_leaves_nothing(
    cloud_behind_network: Cloud, network: Proxy, fault: Callable[..., None], says: str
) -> None:
    cloud = cloud_behind_network
    path = cloud.file("evidence.ndjson", evidence(SMALL))
    network.tell(fault, commits, 1000)
    result = cloud.run("load", path, "--lock-timeout", "2")
    assert result.exit_code == 3
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert cloud.rows("select count(*) from raw.loads") == [(0,)]
    network.faults.clear()
    assert cloud.load(path, exit_code=1)[0]["status"] == "loaded"
    is_whole_and_once(cloud, SMALL)


POINTS = ("after_part", "after_append", "before_commit", "after_send", "after_commit")


@pytest.mark.parametrize(
    ("count", "point"),
    [
        *((SMALL, point) for point in POINTS),
        *((LARGE, point) for point in (*POINTS, "after_upload", "after_send:2", "after_send:3")),
    ],
    ids=lambda value: {SMALL: "small", LARGE: "large"}.get(value, value),
)
def test_a_loader_killed_at_any_step_is_resumed_or_recognised(cloud: Cloud, count: int, point: str) -> None:
    path = cloud.file("evidence.ndjson", evidence(count))
    killed = cloud.finish("load", path, env={"CI_INTEL_FAULT": point})
    assert killed.returncode == -signal.SIGKILL
    [report] = cloud.load(path, "--json", exit_code=0 if point == "after_commit" else None)
    assert report["status"] in ("loaded", "duplicate")
    # What the killed one had uploaded expires by itself: nobody else may know that it is dead.
    for upload in cloud.tables("uploads"):
        with cloud.client as client:
            assert client.get_table(f"{cloud.dataset}_uploads.{upload}").expires is not None
            client.delete_table(f"{cloud.dataset}_uploads.{upload}")
    is_whole_and_once(cloud, count)


def test_two_loaders_with_the_same_file_make_one_load(cloud: Cloud) -> None:
    for number in range(4):
        path = cloud.file(f"evidence-{number}.ndjson", lines(event(subject=uuid.uuid4().hex)))
        both = [cloud.start("load", path, "--json") for _ in range(3)]
        said = [json.loads(process.communicate(timeout=120)[0]) for process in both]
        assert sorted(report["status"] for report in said) == ["duplicate", "duplicate", "loaded"]
    assert cloud.rows("select count(*), count(distinct load_id) from raw.loads") == [(4, 4)]
    assert cloud.rows("select count(*) from raw.policy_decisions where _loaded_at >= '1970-01-01'") == [(4,)]


def test_the_same_evidence_twice_in_one_command_is_said_to_be_loaded_once(
    cloud_behind_network: Cloud, cloud: Cloud, network: Proxy
) -> None:
    content = evidence(SMALL)
    copies = [cloud.file(f"copy-{number}.ndjson", content) for number in range(2)]
    arrived = threading.Event()
    network.tell(held(arrived), commits)
    loader = cloud_behind_network.start("load", *copies, "--json")
    until(lambda: cloud.rows("select count(*) from raw.loads") == [(1,)])
    arrived.set()
    said = [json.loads(line)["status"] for line in loader.communicate(timeout=120)[0].splitlines()]
    assert sorted(said) == ["duplicate", "loaded"]
    is_whole_and_once(cloud, SMALL)


def test_of_two_loaders_in_the_same_moment_the_second_finds_the_job_of_the_first(
    cloud_behind_network: Cloud, cloud: Cloud, network: Proxy
) -> None:
    path = cloud.file("evidence.ndjson", evidence(SMALL))
    arrived = threading.Event()
    network.tell(held(arrived), commits)
    slow_one = cloud_behind_network.start("load", path, "--json")
    until(lambda: bool(network.commits()))
    assert cloud.load(path, exit_code=1)[0]["status"] == "loaded"
    arrived.set()
    said = json.loads(slow_one.communicate(timeout=120)[0])
    assert (said["status"], slow_one.returncode) == ("duplicate", 0)
    is_whole_and_once(cloud, SMALL)


def test_a_warehouse_that_was_emptied_takes_the_same_evidence_again(cloud: Cloud) -> None:
    path = cloud.file("evidence.ndjson", evidence(SMALL))
    cloud.load(path, exit_code=1)
    cloud.empty()
    assert cloud.load(path, exit_code=1)[0]["status"] == "loaded"
    is_whole_and_once(cloud, SMALL)


def test_in_a_storm_of_faults_every_loader_ends_with_an_answer_and_the_sums_hold(cloud: Cloud) -> None:
    dice, name = random.Random(7), uuid.uuid4().hex
    files = [
        cloud.file(f"{number}.ndjson", lines(*(event(subject=f"{name}:{number}:{place}") for place in range(5))))
        for number in range(30)
    ]
    with proxy(cloud.emulator) as network:
        network.tell(any_of(seed=7, out_of=4), anything, 100_000)
        stormy = Cloud(cloud.folder, endpoint=network.address, emulator=cloud.emulator, dataset=cloud.dataset)
        loaders = [stormy.start("load", *dice.sample(files, 20), "--json") for _ in range(3)]
        said = [loader.communicate(timeout=300) for loader in loaders]
    statuses = [json.loads(line)["status"] for output, _ in said for line in output.splitlines()]
    assert set(statuses) == {"loaded", "duplicate"}, said
    assert [loader.returncode for loader in loaders] == [0, 0, 0], said
    assert len(statuses) == 60
    cloud.load(*files)
    assert cloud.rows("select count(*), count(distinct load_id) from raw.loads") == [(30, 30)]
    assert cloud.rows(
        "select count(*), count(distinct subject) from raw.policy_decisions where _loaded_at >= '1970-01-01'"
    ) == [(150, 150)]


def test_refusals_are_noted_once_even_if_the_answer_is_lost(cloud_behind_network: Cloud, network: Proxy) -> None:
    network.tell(cut_after, lambda request: request.sent_job.startswith("ci_intel_note_"))
    result = cloud_behind_network.run("load", *SHOP, cloud_behind_network.file("nothing.json", b""))
    assert (result.exit_code, network.done) == (1, 1)
    assert cloud_behind_network.rows("select code from raw.refusals") == [("empty",)]


def until(condition: Callable[[], Any]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within a minute")


def test_datasets_that_are_missing_or_elsewhere_are_said_in_one_line(tmp_path: Any, bigquery_address: str) -> None:
    cloud = Cloud(tmp_path, emulator=bigquery_address)
    path = cloud.file("evidence.ndjson", evidence(SMALL))
    result = cloud.run("load", path)
    assert result.exit_code == 3
    assert f"there is no dataset {cloud.dataset}_raw in local; create it with --create-dataset" in result.stderr
    assert cloud.run("load", path, "--create-dataset", env={"CI_INTEL_BQ_LOCATION": "EU"}).exit_code == 1
    result = cloud.run("load", path, env={"CI_INTEL_BQ_LOCATION": "US"})
    assert result.exit_code == 3
    assert f"the dataset {cloud.dataset}_raw is in EU, but CI_INTEL_BQ_LOCATION is US" in result.stderr
