"""What the emulator has to do as BigQuery does, or the tests of loading would prove nothing."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cloud import Cloud
from google.api_core import exceptions as api

pytestmark = pytest.mark.bigquery


def test_an_id_is_taken_by_one_job_however_many_ask_in_the_same_moment(bigquery_address: str, tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, emulator=bigquery_address)
    with cloud.client as client, ThreadPoolExecutor(8) as threads:
        for _ in range(25):
            name = uuid.uuid4().hex

            def is_taken(_: int, name: str = name) -> bool:
                try:
                    client.query("select 1", job_id=name, retry=None, job_retry=None)
                except api.Conflict:
                    return False
                return True

            assert sum(threads.map(is_taken, range(8))) == 1
