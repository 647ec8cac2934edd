"""What answers is not always a Superset, and not always a new one: each case says what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner, Result
from serving import free_port

from ci_intel.cli import cli

Answers = dict[str, tuple[int, Any]]
WHO = {"CI_INTEL_SUPERSET_USER": "anna", "CI_INTEL_SUPERSET_PASSWORD": "a-secret-of-anna"}
SUPERSET: Answers = {
    "/api/v1/security/login": (200, {"access_token": "token"}),
    "/api/v1/security/csrf_token/": (200, {"result": "csrf"}),
    "/api/v1/dashboard/": (200, {"count": 0, "ids": [], "result": []}),
    "/api/v1/chart/": (200, {"count": 0, "ids": [], "result": []}),
    "/api/v1/dataset/": (200, {"count": 0, "ids": [], "result": []}),
    "/api/v1/assets/import/": (200, {"message": "OK"}),
}


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """Serve these answers, by path, and 404 for the rest."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = answers.get(self.path.partition("?")[0], (404, "<html>not found</html>"))
            body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", answer)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def sync(url: str, *more: str, env: dict[str, str] = WHO) -> Result:
    clean = {"CI_INTEL_SUPERSET_USER": "", "CI_INTEL_SUPERSET_PASSWORD": "", "CI_INTEL_SUPERSET_TOKEN": ""}
    arguments = ["dashboards", "sync", "--url", url, "--database-uri", "bigquery://acme/hub", *more]
    result = CliRunner().invoke(cli, arguments, env={**clean, **env})
    assert isinstance(result.exception, SystemExit | None)
    assert "a-secret-of-anna" not in result.output
    return result


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            {"/api/v1/security/login": (401, {"message": "no"})}, "wrong user or password", id="wrong password"
        ),
        pytest.param({"/api/v1/security/login": (404, "?")}, "not as Superset does", id="something else answers"),
        pytest.param({"/api/v1/security/login": (200, "<html>")}, "not as Superset does", id="a page answers"),
        pytest.param({"/api/v1/security/login": (302, "https://sso.test")}, "https://sso.test", id="a sign-on page"),
        pytest.param({"/api/v1/security/csrf_token/": (403, {"message": "no"})}, "anna may not", id="no rights at all"),
        pytest.param(
            {"/api/v1/assets/import/": (403, {"message": "no"})}, "anna may not import", id="no right to import"
        ),
        pytest.param({"/api/v1/assets/import/": (404, "?")}, "too old", id="too old to import"),
        pytest.param({"/api/v1/assets/import/": (500, "<html>")}, "its log has one", id="fails without a reason"),
        pytest.param({"/api/v1/assets/import/": (422, {"message": "bad uuid"})}, "bad uuid", id="fails with a reason"),
        pytest.param(
            {"/api/v1/chart/": (200, {"count": 1, "ids": [1], "result": [{"slice_name": "x"}]})},
            "too old",
            id="too old to tell uuids",
        ),
        pytest.param(
            {"/api/v1/chart/": (200, {"count": 5, "ids": [], "result": []})}, "try again", id="changes meanwhile"
        ),
    ],
)
def test_it_says_what_to_do(change: Answers, said: str) -> None:
    with answering({**SUPERSET, **change}) as url:
        result = sync(url)

    assert result.exit_code == 3
    assert said in result.output


def test_what_is_fine_is_fine() -> None:
    with answering(SUPERSET) as url:
        assert sync(url).exit_code == 0


def test_nobody_answers() -> None:
    result = sync(f"http://127.0.0.1:{free_port()}")

    assert result.exit_code == 3
    assert "cannot be reached" in result.output


@pytest.mark.parametrize(
    ("url", "env", "said"),
    [
        pytest.param("http://127.0.0.1:1", {}, "CI_INTEL_SUPERSET_USER", id="nobody asks"),
        pytest.param("http://127.0.0.1:1", {"CI_INTEL_SUPERSET_USER": "anna"}, "PASSWORD", id="no password"),
        pytest.param("superset.example.org", WHO, "https://superset.example.org", id="no scheme"),
    ],
)
def test_a_wrong_call_exits_2(url: str, env: dict[str, str], said: str) -> None:
    result = sync(url, env=env)

    assert result.exit_code == 2
    assert said in result.output


def test_a_superset_elsewhere_needs_to_be_told_where_the_marts_are() -> None:
    result = CliRunner().invoke(cli, ["dashboards", "sync", "--url", "https://superset.test"], env=WHO)

    assert result.exit_code == 2
    assert "--database-uri" in result.output
