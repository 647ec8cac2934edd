"""Any Superset gets the dashboards that git has, and loses those that left git, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asking
import pytest
import yaml
from click.testing import CliRunner, Result
from expected import ASSETS, charts
from serving import Served

from ci_intel.cli import cli
from dashboards.client import Client

pytestmark = pytest.mark.dashboards
SLUG = "executive_scorecard"


def sync(served: Served, *more: str, account: str = "admin", exit_code: int = 0, **environment: str) -> Result:
    who = {"CI_INTEL_SUPERSET_USER": account, "CI_INTEL_SUPERSET_PASSWORD": served.passwords[account], **environment}
    uri = () if "--database-uri" in more else ("--database-uri", served.uri)
    result = CliRunner().invoke(cli, ["dashboards", "sync", "--url", served.address, *uri, *more], env=who)
    assert result.exit_code == exit_code, result.output
    for secret in served.passwords.values():
        assert secret not in result.output
    return result


def changes(served: Served, *more: str) -> list[tuple[str, str, str]]:
    lines = sync(served, "--json", *more).stdout.splitlines()
    return [(each["action"], each["kind"], each["name"]) for each in map(json.loads, lines)]


@pytest.fixture
def admin(served: Served) -> Iterator[Client]:
    with asking.client(served, "admin") as client:
        yield client


@pytest.fixture
def without_a_chart(tmp_path: Path) -> tuple[Path, str, str]:
    """The assets of which one chart was removed, as somebody would in git; its name there, and its title."""
    folder = tmp_path / "assets"
    shutil.copytree(ASSETS, folder)
    dashboard = folder / SLUG / "dashboard.yaml"
    content = yaml.safe_load(dashboard.read_text())
    removed = next(tile["chart"] for row in content["rows"] for tile in row if "chart" in tile)
    content["rows"] = [[tile for tile in row if tile.get("chart") != removed] for row in content["rows"]]
    content["rows"] = [row for row in content["rows"] if row]
    dashboard.write_text(yaml.safe_dump(content, sort_keys=False))
    chart = folder / SLUG / "charts" / f"{removed}.yaml"
    title = yaml.safe_load(chart.read_text())["slice_name"]
    chart.unlink()
    return folder, f"{SLUG}/{removed}", title


@pytest.fixture
def put_back(served: Served) -> Iterator[None]:
    """Afterwards, everything is as git has it."""
    yield
    sync(served)


def everything(client: Client) -> dict[str, dict[int, Any]]:
    columns = {"dashboard": "dashboard_title", "chart": "slice_name", "dataset": "table_name"}
    return {
        kind: {row["id"]: row[name] for row in client.list(kind, ("id", "uuid", name))}
        for kind, name in columns.items()
    }


def copy_of(client: Client, number: int, title: str) -> int:
    """Save a chart under another title, as its page does."""
    chart = client.json("GET", f"/api/v1/chart/{number}")["result"]
    params = json.loads(chart["params"])
    copied = {
        "slice_name": title,
        "params": json.dumps(params),
        "viz_type": chart["viz_type"],
        "datasource_id": int(params["datasource"].partition("__")[0]),
        "datasource_type": "table",
    }
    return int(client.json("POST", "/api/v1/chart/", json=copied)["id"])


def test_the_same_again_adds_and_removes_nothing_and_every_id_stays(served: Served, admin: Client) -> None:
    sync(served)
    before = everything(admin)

    again = changes(served)

    assert {action for action, _, _ in again} == {"update"}
    assert everything(admin) == before
    assert len(before["chart"]) == len(charts())


@pytest.mark.usefixtures("put_back")
def test_a_chart_that_left_git_goes_and_what_others_made_stays(
    served: Served, admin: Client, without_a_chart: tuple[Path, str, str]
) -> None:
    folder, name, title = without_a_chart
    number = asking.charts_by_name(admin)[name]
    copied = copy_of(admin, number, "a copy of somebody")
    theirs = int(admin.json("POST", "/api/v1/dashboard/", json={"dashboard_title": "theirs", "slug": "theirs"})["id"])

    would = changes(served, "--assets", str(folder), "--dry-run")
    after_dry_run = everything(admin)
    done = changes(served, "--assets", str(folder))
    left = everything(admin)
    admin.delete("chart", copied)
    admin.delete("dashboard", theirs)

    assert ("remove", "chart", title) in done
    assert sorted(would) == sorted(done)
    assert number in after_dry_run["chart"]
    assert number not in left["chart"]
    assert left["chart"][copied] == "a copy of somebody"
    assert left["dashboard"][theirs] == "theirs"
    assert [change for change in done if change[0] == "remove"] == [("remove", "chart", title)]


@pytest.mark.usefixtures("put_back")
def test_a_chart_that_left_git_stays_while_a_dashboard_of_others_shows_it(
    served: Served, admin: Client, without_a_chart: tuple[Path, str, str]
) -> None:
    folder, name, title = without_a_chart
    number = asking.charts_by_name(admin)[name]
    theirs = int(admin.json("POST", "/api/v1/dashboard/", json={"dashboard_title": "theirs"})["id"])
    ours = [row["id"] for row in admin.list("dashboard", ("id", "uuid", "slug")) if row["slug"] == SLUG]
    admin.json("PUT", f"/api/v1/chart/{number}", json={"dashboards": [*ours, theirs]})

    result = sync(served, "--assets", str(folder))
    left = everything(admin)
    admin.delete("dashboard", theirs)

    assert left["chart"][number] == title
    assert f"keep   chart {title}: used by the dashboard 'theirs'" in result.output


@pytest.mark.usefixtures("put_back")
def test_the_dashboards_move_to_bigquery_and_back_and_every_chart_keeps_its_id(served: Served, admin: Client) -> None:
    before = everything(admin)

    sync(served, "--database-uri", "bigquery://acme/hub")
    moved = admin.json("GET", "/api/v1/database/1/connection")["result"]["sqlalchemy_uri"]
    schemas = {row["schema"] for row in admin.list("dataset", ("id", "uuid", "schema"))}
    sync(served)

    assert moved == "bigquery://acme"
    assert schemas == {"hub_marts"}
    assert everything(admin) == before
    assert asking.data_of(admin, min(asking.charts_by_name(admin).values()))["rowcount"] > 0


def test_an_account_that_may_not_import_is_told_so(served: Served) -> None:
    result = sync(served, account="executive", exit_code=3)

    assert "executive may not" in result.output
    assert "Admin" in result.output


def test_a_wrong_password_is_told_from_everything_else_and_not_shown(served: Served) -> None:
    result = sync(served, exit_code=3, CI_INTEL_SUPERSET_PASSWORD="not-the-password")

    assert "wrong user or password" in result.output
    assert "not-the-password" not in result.output


def test_a_token_does_instead_of_a_password(served: Served, admin: Client) -> None:
    login = {"username": "admin", "password": served.passwords["admin"], "provider": "db"}
    token = admin.json("POST", "/api/v1/security/login", json=login)["access_token"]

    sync(served, "--dry-run", CI_INTEL_SUPERSET_TOKEN=token, CI_INTEL_SUPERSET_PASSWORD="")


def test_a_token_that_is_none_is_refused(served: Served) -> None:
    result = sync(served, exit_code=3, CI_INTEL_SUPERSET_TOKEN="not.a.token")

    assert "token" in result.output
    assert "not.a.token" not in result.output
