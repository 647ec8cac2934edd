"""One emulator for all tests of a session; each test names a dataset of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud import Cloud
from emulated import emulator
from proxy import Proxy, proxy


@pytest.fixture(scope="session")
def bigquery_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator of BigQuery, as CI_INTEL_BQ_ENDPOINT takes it."""
    with emulator(tmp_path_factory.mktemp("bigquery")) as address:
        yield address


@pytest.fixture
def network(bigquery_address: str) -> Iterator[Proxy]:
    """A network between the command and the emulator, that can be told to fail."""
    with proxy(bigquery_address) as made:
        yield made


@pytest.fixture(scope="session")
def prepared_dataset(tmp_path_factory: pytest.TempPathFactory, bigquery_address: str) -> str:
    """A dataset with all raw tables, made once: that takes longer than most tests."""
    made = Cloud(tmp_path_factory.mktemp("prepared"), emulator=bigquery_address)
    result = made.run("warehouse", "init", "--create-dataset")
    assert result.exit_code == 0, result.output
    return made.dataset


@pytest.fixture
def cloud(tmp_path: Path, bigquery_address: str, prepared_dataset: str) -> Cloud:
    """A hub with empty raw tables, on the emulator."""
    made = Cloud(tmp_path, emulator=bigquery_address, dataset=prepared_dataset)
    made.empty()
    return made


@pytest.fixture
def cloud_behind_network(cloud: Cloud, network: Proxy) -> Cloud:
    """The same, with the network between."""
    return Cloud(cloud.folder, endpoint=network.address, emulator=cloud.emulator, dataset=cloud.dataset)
