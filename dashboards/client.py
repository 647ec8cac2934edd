"""Superset's REST API, as far as the hub speaks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
import httpx

from ci_intel.errors import HubError

USER, PASSWORD, TOKEN = "CI_INTEL_SUPERSET_USER", "CI_INTEL_SUPERSET_PASSWORD", "CI_INTEL_SUPERSET_TOKEN"
PROVIDER = "CI_INTEL_SUPERSET_PROVIDER"
# Superset gives no more at once, whatever it is asked for.
_PAGE = 100
_LARGEST_ID = 2**31 - 2
_SECONDS = httpx.Timeout(30.0, read=600.0)


class SupersetUnavailable(HubError):
    """Superset cannot be reached, refuses the account, or answers what it should not."""


@dataclass(frozen=True)
class Credentials:
    """Who asks: a user with a password, or a bearer token. `provider` is db, or ldap where users are in a directory."""

    user: str | None = None
    password: str | None = None
    token: str | None = None
    provider: str = "db"

    def __repr__(self) -> str:
        """Tell who, and no secret."""
        return f"Credentials(user={self.user!r})"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Credentials:
        """Read them from the environment. Raises `click.UsageError` if they are not there."""
        user, password, token = (environment.get(name) or None for name in (USER, PASSWORD, TOKEN))
        if not token and not (user and password):
            raise click.UsageError(f"who asks? Set {USER} and {PASSWORD}, or {TOKEN}")
        return cls(user, password, token, environment.get(PROVIDER) or "db")


class Client:
    """
    A session with one Superset.

    Every method raises `SupersetUnavailable` with what to do if it gets no answer or not the one it needs.
    """

    def __init__(self, url: str, credentials: Credentials) -> None:
        if not url.startswith(("http://", "https://")):
            raise click.UsageError(f"not an address: {url!r}; write https://superset.example.org")
        self.url = url.rstrip("/")
        self._who = credentials.user or "this token"
        self._http = httpx.Client(
            base_url=self.url, timeout=_SECONDS, follow_redirects=False, headers={"Referer": self.url}
        )
        self._log_in(credentials)

    def __enter__(self) -> Client:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the session."""
        self._http.close()

    def list(self, kind: str, columns: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        """Yield all things of a kind (chart, dashboard, dataset) that this account sees: these columns, and the id."""
        found: dict[int, Mapping[str, Any]] = {}
        count = int(self._page(kind, columns, 0, _LARGEST_ID)["count"])
        low, span = 0, _PAGE
        # By ids, since no order that Superset offers is one of single things: pages would overlap.
        while len(found) < count and low < _LARGEST_ID:
            answer = self._page(kind, columns, low, low + span)
            if int(answer["count"]) > _PAGE:
                span //= 2
                continue
            found |= dict(zip(answer["ids"], answer["result"], strict=True))
            low, span = low + span, span * 2
        if len(found) != count:
            raise SupersetUnavailable(f"{self.url}: somebody is changing {kind}s right now; try again")
        for number, row in found.items():
            if "uuid" not in row:
                raise SupersetUnavailable(
                    f"{self.url}: this Superset is too old: it does not tell the uuids of its {kind}s. "
                    "The hub is tested with 6.1"
                )
            yield {**row, "id": number}

    def _page(self, kind: str, columns: tuple[str, ...], low: int, high: int) -> Mapping[str, Any]:
        """Return things of a kind whose id is above `low` and at most `high`: their count, and the first of them."""
        ids = f"(col:id,opr:gt,value:{low}),(col:id,opr:lt,value:{high + 1})"
        wanted = f"(columns:!({','.join(columns)}),filters:!({ids}),page:0,page_size:{_PAGE})"
        return self.json("GET", f"/api/v1/{kind}/", params={"q": wanted})

    def import_assets(self, bundle: bytes) -> None:
        """Have Superset take over a bundle: what is there with the same uuid is overwritten."""
        files = {"bundle": ("assets.zip", bundle, "application/zip")}
        response = self._ask("POST", "/api/v1/assets/import/", files=files)
        if response.status_code == 404:
            raise SupersetUnavailable(
                f"{self.url}: this Superset is too old: it cannot import assets. The hub is tested with 6.1"
            )
        self._check(response, "import dashboards")

    def delete(self, kind: str, number: int) -> None:
        """Delete a thing of a kind by its id in this Superset."""
        self._check(self._ask("DELETE", f"/api/v1/{kind}/{number}"), f"delete this {kind}")

    def json(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        """Return the answer to a question, which has to be JSON."""
        response = self._ask(method, path, **more)
        self._check(response, f"read {path.split('/')[3]}s" if method == "GET" else "do this")
        return self._parsed(response)

    def response(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Return the answer, whatever it is."""
        return self._ask(method, path, **more)

    def _log_in(self, credentials: Credentials) -> None:
        token = credentials.token or self._token_of(credentials)
        self._http.headers["Authorization"] = f"Bearer {token}"
        response = self._ask("GET", "/api/v1/security/csrf_token/")
        if response.status_code == 422:
            raise SupersetUnavailable(f"{self.url}: Superset does not know this token ({TOKEN}): it is none of its own")
        self._check(response, "ask for what an import needs (can read on SecurityRestApi)")
        self._http.headers["X-CSRFToken"] = str(self._parsed(response)["result"])

    def _token_of(self, credentials: Credentials) -> str:
        asked = {"username": credentials.user, "password": credentials.password, "provider": credentials.provider}
        response = self._ask("POST", "/api/v1/security/login", json={**asked, "refresh": False})
        if response.status_code in (401, 422):
            raise SupersetUnavailable(
                f"{self.url}: Superset refuses {self._who}: wrong user or password ({USER}, {PASSWORD})"
            )
        if response.status_code == 404:
            raise SupersetUnavailable(f"{self.url}: answers, but not as Superset does; is this its address?")
        self._check(response, "log in")
        return str(self._parsed(response)["access_token"])

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx.TimeoutException as error:
            raise SupersetUnavailable(f"{self.url}: Superset does not answer in time; try again later") from error
        except httpx.HTTPError as error:
            raise SupersetUnavailable(f"{self.url}: Superset cannot be reached: {error}") from error

    def _check(self, response: httpx.Response, what: str) -> None:
        if response.is_success:
            return
        if response.status_code == 401:
            raise SupersetUnavailable(
                f"{self.url}: Superset does not know {self._who}: the token is wrong or has expired"
            )
        if response.status_code == 403:
            raise SupersetUnavailable(f"{self.url}: {self._who} may not {what}; give the account the role Admin")
        if response.is_redirect:
            raise SupersetUnavailable(
                f"{self.url}: sends everybody to {response.headers.get('Location')}; if Superset is there, name that"
            )
        raise SupersetUnavailable(
            f"{self.url}: Superset could not {what}: HTTP {response.status_code}: {_reason(response)}"
        )

    def _parsed(self, response: httpx.Response) -> Mapping[str, Any]:
        try:
            answer = response.json()
        except ValueError as error:
            raise SupersetUnavailable(f"{self.url}: answers, but not as Superset does; is this its address?") from error
        if not isinstance(answer, dict):
            raise SupersetUnavailable(f"{self.url}: answers, but not as Superset does; is this its address?")
        return answer


def _reason(response: httpx.Response) -> str:
    """Return why, in Superset's words; it answers with a page where it was surprised itself."""
    try:
        answer = response.json()
    except ValueError:
        return "it gives no reason; its log has one"
    return str(answer.get("message") or answer.get("errors") or answer)[:500]
