"""The target `bigquery` of profiles.yml: what the environment chooses, and what is said when it says nothing."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from dbt.adapters.bigquery import BigQueryCredentials
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt.exceptions import EnvVarMissingError
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

PROFILES = Path(__file__).parents[2] / "profiles.yml"
PROJECT = {"CI_INTEL_BQ_PROJECT": "acme-data", "CI_INTEL_BQ_DATASET": "hub"}


def rendered(environment: Mapping[str, str], target: str | None = "bigquery") -> Profile:
    set_from_args(Namespace(), {})
    set_invocation_context(environment)
    name = "ci_intelligence_hub"
    return Profile.from_raw_profiles(yaml.safe_load(PROFILES.read_text()), name, ProfileRenderer({}), target)


def credentials(environment: Mapping[str, str]) -> BigQueryCredentials:
    found = rendered({**PROJECT, **environment}).credentials
    assert isinstance(found, BigQueryCredentials)
    return found


@pytest.mark.parametrize(
    ("environment", "method"),
    [
        pytest.param({}, "oauth", id="by default what Google's libraries find"),
        pytest.param({"CI_INTEL_BQ_KEYFILE": "key.json"}, "service-account", id="a key file where one is named"),
        pytest.param({"CI_INTEL_BQ_ENDPOINT": "http://127.0.0.1:9"}, "oauth-secrets", id="none for an emulator"),
    ],
)
def test_the_environment_chooses_the_credentials(environment: Mapping[str, str], method: str) -> None:
    chosen = credentials(environment)

    assert (chosen.method, chosen.database, chosen.schema) == (method, "acme-data", "hub")
    assert chosen.api_endpoint == environment.get("CI_INTEL_BQ_ENDPOINT")
    assert chosen.location is None


def test_queries_are_bounded_in_bytes_and_in_time() -> None:
    assert credentials({}).maximum_bytes_billed == 100_000_000_000
    assert credentials({"CI_INTEL_BQ_MAX_BYTES_BILLED": "5000"}).maximum_bytes_billed == 5000
    assert credentials({}).job_execution_timeout_seconds == 900


@pytest.mark.parametrize("missing", PROJECT)
def test_a_missing_variable_is_named(missing: str) -> None:
    environment = {name: value for name, value in PROJECT.items() if name != missing}

    with pytest.raises(EnvVarMissingError, match=f"Env var required but not provided: '{missing}'"):
        rendered(environment)


def test_duckdb_needs_none_of_them() -> None:
    assert rendered({}, target=None).credentials.type == "duckdb"
    assert rendered({**PROJECT, "CI_INTEL_TARGET": "bigquery"}, target=None).credentials.type == "bigquery"
