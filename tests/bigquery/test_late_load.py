"""A load that was on its way for long: the models that looked in the meantime still get to see it."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cloud import Cloud
from hub import PROJECT, event, lines

from ingest import evidence, load
from ingest.evidence import Limits
from ingest.warehouse.bigquery import BigQueryWarehouse

pytestmark = pytest.mark.bigquery


def build(cloud: Cloud) -> list[str]:
    """Bring the model of current policy decisions up to date; return their subjects."""
    done = subprocess.run(
        ["dbt", "--quiet", "run", "--select", "+int_policy_decisions_current"],
        cwd=PROJECT,
        env={**os.environ, **cloud.environment, "CI_INTEL_TARGET": "bigquery", "DBT_TARGET_PATH": str(cloud.folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = cloud.rows(f"select subject from {cloud.dataset}_intermediate.int_policy_decisions_current order by 1")
    return [subject for (subject,) in rows]


def load_as_if_begun(path: Path, cloud: Cloud, moment: datetime) -> None:
    """Load a file by a process that began at `moment` and commits only now."""
    warehouse = BigQueryWarehouse(f"bigquery://local/{cloud.dataset}", endpoint=cloud.emulator)
    try:
        with evidence.opened(path, Limits()) as opened:
            assert load.load_file(opened, warehouse, load.Options(), now=moment).status == "loaded"
    finally:
        warehouse.close()


def test_models_see_a_load_that_began_a_week_before_it_committed(cloud: Cloud) -> None:
    week_ago = datetime.now(UTC) - timedelta(days=7)
    late = lines(event(subject="late"))

    cloud.load(cloud.file("first.ndjson", lines(event(subject="first"))))
    assert build(cloud) == ["first"]
    load_as_if_begun(cloud.file("late.ndjson", late), cloud, week_ago)
    days = "count(distinct date(loaded_at)), count(distinct date(committed_at))"
    assert cloud.rows(f"select {days} from raw.loads") == [(2, 1)]
    assert build(cloud) == ["first", "late"]
    # The same decision once more, in another file: the merge has to find it among last week's.
    cloud.load(cloud.file("again.ndjson", late + lines(event(subject="last"))))
    assert build(cloud) == ["first", "last", "late"]
    # Loads of the last hour are read again, and so today is opened each time; last week only once there is need.
    today, then = (f"{moment:%Y-%m-%d}" for moment in (datetime.now(UTC), week_ago))
    assert merged_days(cloud) == [{today}, {today, then}]


def merged_days(cloud: Cloud) -> list[set[str]]:
    """Return the partitions that each merge into the model has named, as literals; the oldest merge first."""
    with cloud.client as client:
        sent = sorted(client.list_jobs(max_results=5000), key=lambda job: job.created)
    merges = [job.query for job in sent if job.job_type == "query" and "merge into" in job.query]
    return [
        set(re.findall(r"timestamp '([0-9-]+)'", query.partition("DBT_INTERNAL_SOURCE\n")[2].partition("when")[0]))
        for query in merges
        if f"{cloud.dataset}_intermediate" in query
    ]
