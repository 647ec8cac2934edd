"""Load and build meet in the same warehouse: dbt's profile reads the variables as the command does."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.config.profile import Profile
from dbt.config.renderer import ProfileRenderer
from dbt.exceptions import DbtProfileError, EnvVarMissingError
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context

from ci_intel.settings import duckdb_path, warehouse_url

PROJECT = Path(__file__).parents[2]
BOTH = {"CI_INTEL_BQ_PROJECT": "acme-data", "CI_INTEL_BQ_DATASET": "hub"}


def profile(environment: Mapping[str, str], target: str | None = None) -> Profile:
    """Return what dbt makes of profiles.yml; it keeps the environment in a context, which is this call's own."""
    set_from_args(Namespace(PROFILES_DIR=str(PROJECT), PROJECT_DIR=str(PROJECT)), None)
    profiles: dict[str, Any] = yaml.safe_load((PROJECT / "profiles.yml").read_bytes())

    def rendered() -> Profile:
        set_invocation_context(environment)
        return Profile.from_raw_profiles(profiles, "ci_intelligence_hub", ProfileRenderer({}), target_override=target)

    return copy_context().run(rendered)


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="nothing is set"),
        pytest.param({"CI_INTEL_WAREHOUSE": "duckdb:///here/hub.duckdb"}, id="a file"),
        pytest.param({"CI_INTEL_WAREHOUSE": "duckdb:////there/hub.duckdb", **BOTH}, id="a file, before two variables"),
        pytest.param({"CI_INTEL_WAREHOUSE": "bigquery://acme-data/hub"}, id="BigQuery"),
        pytest.param({"CI_INTEL_WAREHOUSE": "bigquery://other/one", **BOTH}, id="BigQuery, before two variables"),
        pytest.param(BOTH, id="BigQuery by two variables"),
        pytest.param({"CI_INTEL_WAREHOUSE": "", **BOTH, "CI_INTEL_TARGET": ""}, id="what is empty is not set"),
        pytest.param({"CI_INTEL_WAREHOUSE": "", "CI_INTEL_BQ_PROJECT": ""}, id="all that is set is empty"),
    ],
)
def test_load_and_build_meet_in_the_same_warehouse(environment: Mapping[str, str]) -> None:
    loaded = warehouse_url(None, environment)

    built = profile(environment)

    credentials: Any = built.credentials
    if credentials.type == "duckdb":
        assert Path(credentials.path) == duckdb_path(str(loaded))
    else:
        assert f"bigquery://{credentials.database}/{credentials.schema}" == loaded


@pytest.mark.parametrize("missing", sorted(BOTH))
@pytest.mark.parametrize("left", [{}, {"CI_INTEL_WAREHOUSE": "duckdb:///here/hub.duckdb"}])
def test_an_empty_name_stops_the_build_rather_than_leading_elsewhere(missing: str, left: Mapping[str, str]) -> None:
    with pytest.raises(EnvVarMissingError, match=f"'{missing}, which is empty'"):
        profile({**left, **BOTH, missing: ""}, target="bigquery")


def test_half_an_address_is_no_warehouse() -> None:
    with pytest.raises(DbtProfileError):
        profile({"CI_INTEL_WAREHOUSE": "bigquery://acme-data"})
