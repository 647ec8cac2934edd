"""
dbt's exposures of the dashboards: which marts each of them reads, derived from the assets.

`dbt ls --select +exposure:delivery` then says what a dashboard stands on, and dbt's lineage ends where people look.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from dashboards.assets import Assets, Dashboard

PATH = Path("models/exposures.yml")
_HEADER = "# Written by `ci-intel dashboards exposures` from dashboards/assets; edit those.\n"


def exposures(assets: Assets) -> str:
    """Return the whole file of the exposures, one for each dashboard."""
    content = {"exposures": [_exposure(dashboard, assets) for dashboard in assets.dashboards.values()]}
    return _HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def marts_of(dashboard: Dashboard, assets: Assets) -> list[str]:
    """Return the marts that a dashboard reads: those of its charts, and those whose values its filters list."""
    listed = {assets.filters[key].dataset for key in dashboard.filters}
    return sorted({chart.dataset for chart in dashboard.charts} | {dataset for dataset in listed if dataset})


def _exposure(dashboard: Dashboard, assets: Assets) -> dict[str, object]:
    return {
        "name": dashboard.slug,
        "label": dashboard.dashboard_title,
        "type": "dashboard",
        "maturity": "high",
        "description": dashboard.description,
        "depends_on": [f"ref('{mart}')" for mart in marts_of(dashboard, assets)],
        "owner": {"name": dashboard.owner},
    }
