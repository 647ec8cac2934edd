"""What can be said about loading into BigQuery without any BigQuery: addresses, credentials, statements, weight."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub import PROJECT, Hub, event, lines

from ci_intel import contracts

GOOD = lines(event())
CLOUD = {
    "CI_INTEL_WAREHOUSE": "",
    "CI_INTEL_BQ_PROJECT": "acme-data",
    "CI_INTEL_BQ_DATASET": "hub",
    # No machine of Google's is asked whether this is one.
    "NO_GCE_CHECK": "true",
    "GOOGLE_APPLICATION_CREDENTIALS": "",
    "CLOUDSDK_CONFIG": "/nowhere",
}


@pytest.mark.parametrize("half", [{"CI_INTEL_BQ_PROJECT": "acme"}, {"CI_INTEL_BQ_DATASET": "hub"}])
def test_one_half_of_an_address_is_wrong_usage_also_where_a_warehouse_is_optional(
    hub: Hub, half: dict[str, str]
) -> None:
    result = hub.run("load", hub.file("good.ndjson", GOOD), "--if-configured", env={"CI_INTEL_WAREHOUSE": "", **half})

    assert result.exit_code == 2
    assert "CI_INTEL_BQ_PROJECT and CI_INTEL_BQ_DATASET go together" in result.stderr


def test_empty_variables_as_a_ci_sets_them_are_no_address(hub: Hub) -> None:
    empty = {"CI_INTEL_WAREHOUSE": "", "CI_INTEL_BQ_PROJECT": "", "CI_INTEL_BQ_DATASET": "", "CI_INTEL_BQ_LOCATION": ""}

    result = hub.run("load", hub.file("good.ndjson", GOOD), "--if-configured", env=empty)

    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing loaded" in result.stderr


@pytest.mark.parametrize("url", ["bigquery://acme", "bigquery:///hub", "bigquery://acme/hub/x", "bigquery://a`b/hub"])
def test_an_address_that_is_none_says_how_one_is_written(hub: Hub, url: str) -> None:
    result = hub.run("load", hub.file("good.ndjson", GOOD), "--warehouse", url)

    assert result.exit_code == 3
    assert "write bigquery://project/dataset" in result.stderr


def test_without_credentials_the_only_line_says_where_they_come_from(hub: Hub) -> None:
    result = hub.run("load", hub.file("good.ndjson", GOOD), env=CLOUD)

    assert result.exit_code == 3
    assert "no Google credentials" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_key_file_that_is_none_is_refused_without_a_word_of_its_content(hub: Hub) -> None:
    key = hub.file("key.json", b'{"type": "service_account", "private_key": "a-secret-thing"}')

    result = hub.run("load", hub.file("good.ndjson", GOOD), env={**CLOUD, "GOOGLE_APPLICATION_CREDENTIALS": str(key)})

    assert result.exit_code == 3
    assert "a-secret-thing" not in result.output
    assert len(result.stderr.strip().splitlines()) == 1


def test_without_the_package_the_message_names_the_extra(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ingest.warehouse.bigquery", None)

    result = hub.run("load", hub.file("good.ndjson", GOOD), env=CLOUD)

    assert result.exit_code == 3
    assert "pip install 'ci-intelligence-hub[bigquery]'" in result.stderr


def test_the_plan_for_a_new_dataset_is_printed_without_connecting(hub: Hub) -> None:
    printed = hub.run("warehouse", "plan", "--new", env=CLOUD).stdout
    tables = {name for topic in contracts.topics().values() for name in topic.raw_tables}

    for table in (*tables, "loads", "rejects", "refusals", "topics", "load_topics"):
        assert f"create table if not exists `acme-data.hub_raw.{table}` (" in printed
    runs = printed.partition("hub_raw.pipeline_runs` (")[2].partition(";")[0]
    assert "\n    run_attempt INT64" in runs
    assert runs.endswith(
        ")\npartition by timestamp_trunc(_loaded_at, day)\ncluster by repository, _load_id"
        "\noptions (require_partition_filter = true)"
    )


def test_the_plan_for_a_file_creates_none(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    planned = hub.run("warehouse", "plan")

    assert planned.stdout.startswith("create schema if not exists raw;\ncreate table raw.loads (")
    assert not hub.path.exists()


def test_the_plan_for_a_warehouse_that_has_everything_is_empty(hub: Hub) -> None:
    planned = hub.run("warehouse", "plan")

    assert (planned.exit_code, planned.stdout) == (0, "")
    assert "up to date" in planned.stderr


def test_the_plan_names_just_what_is_missing_and_changes_nothing(hub: Hub) -> None:
    hub.execute("alter table raw.loads drop column job")

    for _ in range(2):
        assert hub.run("warehouse", "plan").stdout == "alter table raw.loads add column job VARCHAR;\n"


def test_loading_into_a_file_imports_nothing_of_google_or_dbt(hub: Hub) -> None:
    path = hub.file("good.ndjson", GOOD)
    script = (
        "import sys; from ci_intel.cli import cli\n"
        "try: cli(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "print({'google.cloud.bigquery', 'google.auth', 'grpc', 'dbt', 'polars'} & {*sys.modules} or 'none')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "load", path],
        env={**os.environ, **hub.environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )

    # pandas is not asked for: pyarrow imports it by itself wherever it is installed.
    assert done.stdout.splitlines()[-1] == "none"
