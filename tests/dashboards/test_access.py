"""An executive sees dashboards and nothing else; who has no account sees the login page."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asking
import duckdb
import httpx
import pytest
from serving import Served

from dashboards.client import Client

pytestmark = pytest.mark.dashboards


@pytest.fixture(scope="module")
def executive(served: Served) -> Iterator[Client]:
    with asking.client(served) as client:
        yield client


@pytest.fixture(scope="module")
def admin(served: Served) -> Iterator[Client]:
    with asking.client(served, "admin") as client:
        yield client


REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "SQL Lab": ("POST", "/api/v1/sqllab/execute/", {"json": {"database_id": 1, "sql": "select 1", "schema": "marts"}}),
    "the list of databases": ("GET", "/api/v1/database/", {}),
    "a database": ("GET", "/api/v1/database/1", {}),
    "a new database": ("POST", "/api/v1/database/", {"json": {"database_name": "x", "sqlalchemy_uri": "duckdb://"}}),
    "a test of a connection": ("POST", "/api/v1/database/test_connection/", {"json": {"sqlalchemy_uri": "duckdb://"}}),
    "an export of everything": ("GET", "/api/v1/assets/export/", {}),
    "an export of dashboards": ("GET", "/api/v1/dashboard/export/", {"params": {"q": "!(1)"}}),
    "an export of charts": ("GET", "/api/v1/chart/export/", {"params": {"q": "!(1)"}}),
    "an export of datasets": ("GET", "/api/v1/dataset/export/", {"params": {"q": "!(1)"}}),
    "an import": ("POST", "/api/v1/assets/import/", {"files": {"bundle": ("a.zip", b"", "application/zip")}}),
    "a change of a chart": ("PUT", "/api/v1/chart/1", {"json": {"slice_name": "mine"}}),
    "a new chart": (
        "POST",
        "/api/v1/chart/",
        {"json": {"slice_name": "x", "datasource_id": 1, "datasource_type": "table"}},
    ),
    "the end of a chart": ("DELETE", "/api/v1/chart/1", {}),
    "a change of a dashboard": ("PUT", "/api/v1/dashboard/1", {"json": {"dashboard_title": "mine"}}),
    "a new dashboard": ("POST", "/api/v1/dashboard/", {"json": {"dashboard_title": "mine"}}),
    "the end of a dashboard": ("DELETE", "/api/v1/dashboard/1", {}),
    "an embedded dashboard": ("POST", "/api/v1/dashboard/1/embedded", {"json": {"allowed_domains": []}}),
    "the list of datasets": ("GET", "/api/v1/dataset/", {}),
    "a change of a dataset": ("PUT", "/api/v1/dataset/1", {"json": {"description": "mine"}}),
    "rows behind a chart": (
        "POST",
        "/datasource/samples",
        {"params": {"datasource_type": "table", "datasource_id": 1}, "json": {}},
    ),
    "the list of users": ("GET", "/api/v1/security/users/", {}),
    "a new user": ("POST", "/api/v1/security/users/", {"json": {"username": "x", "roles": [1]}}),
    "row-level rules": ("GET", "/api/v1/rowlevelsecurity/", {}),
    "saved queries": ("GET", "/api/v1/saved_query/", {}),
    "the log": ("GET", "/api/v1/log/", {}),
    "a guest's token": ("POST", "/api/v1/security/guest_token/", {"json": {"resources": [], "rls": [], "user": {}}}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_executive_is_refused(executive: Client, name: str) -> None:
    method, path, more = REFUSED[name]

    response = executive.response(method, path, **more)

    assert response.status_code in (302, 401, 403), response.text[:300]


def test_an_administrator_is_not_refused_so_that_the_questions_are_real(admin: Client) -> None:
    harmless = [name for name, (method, path, _) in REFUSED.items() if method == "GET" and path.startswith("/api/")]

    answers = {name: admin.response("GET", REFUSED[name][1], **REFUSED[name][2]).status_code for name in harmless}

    assert len(answers) > 8
    assert set(answers.values()) <= {200, 404}, answers


def test_an_executive_cannot_have_a_chart_compute_other_sql(executive: Client) -> None:
    number = next(iter(asking.charts_by_name(executive).values()))
    form = json.loads(executive.json("GET", f"/api/v1/chart/{number}")["result"]["query_context"])
    form["queries"][0]["extras"] = {"where": "1 = (select count(*) from read_csv('/etc/passwd'))", "having": ""}

    response = executive.response("POST", "/api/v1/chart/data", json=form)

    assert response.status_code >= 400
    assert "root:" not in response.text


def test_an_executive_cannot_take_a_charts_rows_away_as_a_file(executive: Client) -> None:
    number = next(iter(asking.charts_by_name(executive).values()))
    form = json.loads(executive.json("GET", f"/api/v1/chart/{number}")["result"]["query_context"])

    response = executive.response("POST", "/api/v1/chart/data", json={**form, "result_format": "csv"})

    assert response.status_code == 403


def test_the_database_cannot_read_files_or_be_written_even_by_an_administrator(admin: Client) -> None:
    for sql in ("select * from read_csv('/etc/passwd')", "create table marts.mine as select 1", "install httpfs"):
        asked = {"database_id": 1, "sql": sql, "schema": "marts", "runAsync": False}
        response = admin.response("POST", "/api/v1/sqllab/execute/", json=asked)
        assert response.status_code >= 400, sql
        assert "root:" not in response.text


@pytest.mark.parametrize(
    "path", ["/", "/superset/welcome/", "/dashboard/list/", "/superset/dashboard/executive_scorecard/", "/chart/list/"]
)
def test_who_has_no_account_sees_the_login_page(served: Served, path: str) -> None:
    with httpx.Client(base_url=served.address, follow_redirects=True, trust_env=False) as browser:
        response = browser.get(path)

    assert response.url.path == "/login/"
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/dashboard/", "/api/v1/chart/", "/api/v1/chart/1/data/", "/api/v1/database/"])
def test_who_has_no_account_gets_no_data(served: Served, path: str) -> None:
    response = httpx.get(f"{served.address}{path}", trust_env=False)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("mart", "clause"),
    [
        pytest.param("repositories", "team = '{team}'", id="a mart that has the team"),
        pytest.param(
            "run_health",
            "repository in (select repository from marts.repositories where team = '{team}')",
            id="a mart that has the repository alone",
        ),
    ],
)
def test_a_rule_shows_a_team_its_own_rows_alone(
    served: Served, admin: Client, executive: Client, mart: str, clause: str
) -> None:
    roles = admin.json("GET", "/api/v1/security/roles/", params={"q": "(page_size:100)"})["result"]
    [role] = [each["id"] for each in roles if each["name"] == "Executive"]
    datasets = {row["table_name"]: row["id"] for row in admin.list("dataset", ("id", "uuid", "table_name"))}
    query = {"columns": ["repository"], "metrics": [], "filters": [], "orderby": [], "row_limit": 1000}
    asked = {
        "datasource": {"id": datasets[mart], "type": "table"},
        "queries": [query],
        "force": True,
        "result_format": "json",
        "result_type": "full",
    }
    team = "commerce"
    with duckdb.connect(str(served.published), read_only=True) as marts:
        everyones = marts.execute(f"select distinct repository from marts.{mart}").fetchall()
        theirs = marts.execute(
            f"select distinct repository from marts.{mart} "
            "where repository in (select repository from marts.repositories where team = ?)",
            [team],
        ).fetchall()
    rule = {
        "name": "one team",
        "filter_type": "Regular",
        "tables": [datasets[mart]],
        "roles": [role],
        "clause": clause.format(team=team),
        "group_key": "",
        "description": "",
    }

    made = admin.json("POST", "/api/v1/rowlevelsecurity/", json=rule)
    seen = executive.json("POST", "/api/v1/chart/data", json=asked)["result"][0]["data"]
    admin.delete("rowlevelsecurity", made["id"])
    afterwards = executive.json("POST", "/api/v1/chart/data", json=asked)["result"][0]["data"]

    assert {row["repository"] for row in seen} == {repository for (repository,) in theirs}
    assert {row["repository"] for row in afterwards} == {repository for (repository,) in everyones}
    assert 0 < len(seen) < len(afterwards)


def test_secrets_are_made_for_this_superset_and_only_its_owner_may_read_them(served: Served) -> None:
    path = served.home / "secrets.json"
    secrets = json.loads(path.read_text())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(served.home.stat().st_mode) == 0o700
    assert len(set(secrets.values())) == len(secrets) == 3
    assert all(len(secret) >= 48 for secret in secrets.values())


def test_no_password_or_secret_is_in_any_log(served: Served) -> None:
    told = b"".join(path.read_bytes() for path in served.home.glob("*.log"))
    secrets = json.loads((served.home / "secrets.json").read_text())

    for secret in [*served.passwords.values(), *secrets.values()]:
        assert secret.encode() not in told


def test_pages_may_load_nothing_from_elsewhere(served: Served) -> None:
    policy = httpx.get(f"{served.address}/login/", trust_env=False).headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "scarf" not in policy


def test_it_listens_on_the_loopback_address_alone(served: Served) -> None:
    port = int(served.address.rpartition(":")[2])
    sockets = Path("/proc/net/tcp").read_text().splitlines()
    listening = [line.split()[1] for line in sockets if line.split()[3] == "0A"]

    assert [address for address in listening if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]
