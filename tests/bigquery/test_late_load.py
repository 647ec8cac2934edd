"""A load that was on its way for long: the models that looked in the meantime still get to see it."""

from __future__ import annotations

import os
import subprocess
import uuid
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
    def file(subject: str, policy: str = "images-are-signed") -> Path:
        return cloud.file(f"{uuid.uuid4().hex}.ndjson", lines(event(subject=subject, policy=policy)))

    cloud.load(file("first"))
    assert build(cloud) == ["first"]
    cloud.load(file("second"))
    assert build(cloud) == ["first", "second"]
    load_as_if_begun(file("late"), cloud, datetime.now(UTC) - timedelta(days=7))
    assert cloud.rows("select count(distinct date(loaded_at)), count(distinct date(committed_at)) from raw.loads") == [
        (2, 1)
    ]
    assert build(cloud) == ["first", "late", "second"]
