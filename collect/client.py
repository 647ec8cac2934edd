"""
The client: one request after the other to one API, whatever the network and the provider's limits do.

The token is sent to the API's own host and to nobody else: not to where a download is redirected, not to
another port. It is in no message, and an answer that repeats it is refused.
"""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import IO, Any

import click
import httpx
import orjson

from ci_intel import __version__
from ci_intel.errors import Refused
from collect.errors import CollectionEnded, Denied, Gone, NoAnswer
from collect.throttle import Throttle, pause_asked_for

ATTEMPTS = 5
_FIRST_PAUSE = 0.5
_MOST_PAUSES_IN_A_ROW = 10
_MOST_REDIRECTS = 3
_UNSTABLE = frozenset({408, 500, 502, 503, 504})
_NOTICED_SKEW = timedelta(minutes=5)
_PERMISSION = re.compile(r"[a-z_]+=(?:read|write)(?:[,;] ?[a-z_]+=(?:read|write))*", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """What the API said; `document` is its JSON. `is_unchanged`: it is what it was when it had the ETag sent along."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_unchanged(self) -> bool:
        """Whether there is nothing new."""
        return self.status == 304

    @property
    def etag(self) -> str | None:
        """The version of this answer."""
        return self.headers.get("etag")

    @cached_property
    def document(self) -> Any:
        """The JSON of the body."""
        return orjson.loads(self.content)


@dataclass
class Counts:
    """What a collection asked, by what it asked for; each request that was sent counts, repeated ones too."""

    sent: Counter[str] = field(default_factory=Counter)
    not_modified: int = 0
    repeated: int = 0
    pauses: int = 0


class Client:
    """
    An API at `url`, asked with a token.

    `authorise` makes a header of the token. `rights` says, for a path, which right reading it needs. Every method
    may be called by several threads at once.
    """

    def __init__(
        self,
        url: str,
        token: str,
        authorise: Callable[[str], Mapping[str, str]],
        rights: Callable[[str], str],
        *,
        longest_wait: float,
        connections: int,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.url = checked_url(url)
        self.host = httpx.URL(self.url).netloc.decode()
        self.counts = Counts()
        self.clock_notice: str | None = None
        self.throttle = Throttle(longest_wait, say)
        self._token = token.encode()
        self._authorisation = authorise(token)
        self._rights = rights
        self._say = say
        self._lock = threading.Lock()
        self._offset: timedelta | None = None
        self._http = httpx.Client(
            headers={"User-Agent": f"ci-intelligence-hub/{__version__}", "Accept": "application/json"},
            timeout=httpx.Timeout(60.0, connect=15.0),
            limits=httpx.Limits(max_connections=connections + 1, max_keepalive_connections=connections + 1),
        )

    def now(self) -> datetime:
        """Return the time by the provider's clock, as far as it is known: a wrong clock here moves nothing."""
        return datetime.now(UTC) + (self._offset or timedelta())

    def get(self, path: str, *, what: str, where: str, etag: str | None = None) -> Answer:
        """
        Ask for `path` (below the API's URL) and return the answer: 200, or 304 if `etag` is still its version.

        `what` is counted, `where` says in messages of which repository it was. Raises `Gone`, `Denied`, `NoAnswer`
        for this request, and `CollectionEnded` if no other would be answered either.
        """
        url = self.url + path
        headers = {**self._authorisation, **({"If-None-Match": etag} if etag else {})}
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._answered(url, headers, what, where)
            if answer.status not in (301, 302, 307, 308):
                return self._judged(answer, what, where)
            url = self._redirected(answer)
            if not self._is_own(url):
                raise NoAnswer(f"{where}: {what}: the API redirects to another host ({_host(url)}); not followed")
        raise NoAnswer(f"{where}: {what}: redirected {_MOST_REDIRECTS} times without an answer")

    def download(self, path: str, file: IO[bytes], *, limit: int, what: str, where: str) -> None:
        """
        Write what `path` leads to into `file`: the API redirects to a store, which gets no token.

        Raises like `get`, and `Refused` beyond `limit` bytes.
        """
        url = self.url + path
        for _ in range(_MOST_REDIRECTS + 1):
            headers = self._authorisation if self._is_own(url) else {}
            answer = self._answered(url, headers, what, where, file, limit)
            if answer.status not in (301, 302, 307, 308):
                self._judged(answer, what, where)
                return
            url = self._redirected(answer)
            if self.url.startswith("https:") and not url.startswith("https:"):
                raise NoAnswer(f"{where}: {what}: redirected to an address without TLS; not followed")
        raise NoAnswer(f"{where}: {what}: redirected {_MOST_REDIRECTS} times without an answer")

    def holds_token(self, content: bytes) -> bool:
        """Tell whether the token stands in `content`, which then must not be kept."""
        return self._token in content

    def close(self) -> None:
        """Close the connections, and let nobody wait on."""
        self.throttle.end()
        self._http.close()

    def _is_own(self, url: str) -> bool:
        own, other = httpx.URL(self.url), httpx.URL(url)
        return (own.scheme, own.netloc) == (other.scheme, other.netloc)

    def _redirected(self, answer: Answer) -> str:
        return str(httpx.URL(answer.url).join(answer.headers.get("location", "")))

    def _answered(
        self,
        url: str,
        headers: Mapping[str, str],
        what: str,
        where: str,
        file: IO[bytes] | None = None,
        limit: int = 0,
    ) -> Answer:
        """Send a request until it is answered: after pauses that the provider asks for, and after failures."""
        failures = pauses = 0
        while True:
            self.throttle.wait()
            with self._lock:
                self.counts.sent[what] += 1
                self.counts.repeated += failures + pauses > 0
            try:
                answer = self._sent(url, headers, file, limit)
            except (httpx.TransportError, httpx.DecodingError, orjson.JSONDecodeError) as error:
                failures += 1
                message = f"{where}: {what}: no answer from {_host(url)}: {_reason(error)}"
                elsewhere = ", or say with --api-url where the API is" if self._is_own(url) else ""
                self._pause_or_give_up(failures, message, elsewhere)
                continue
            if self._is_own(url):
                self._learn_time(answer)
                seconds = self._pause_of(answer, pauses)
                if seconds is not None:
                    pauses += 1
                    if pauses > _MOST_PAUSES_IN_A_ROW:
                        raise CollectionEnded(f"{self.host} limits the rate however long one waits; try again later")
                    continue
            if answer.status in _UNSTABLE:
                failures += 1
                self._pause_or_give_up(failures, f"{where}: {what}: {_host(url)} answers {answer.status}")
                continue
            return answer

    def _pause_or_give_up(self, failures: int, message: str, hint: str = "") -> None:
        if failures >= ATTEMPTS:
            raise NoAnswer(f"{message}, {failures} times in a row; run the same command again later{hint}")
        time.sleep(_FIRST_PAUSE * 2 ** (failures - 1))

    def _pause_of(self, answer: Answer, earlier: int) -> float | None:
        """Close the gate if the provider asks for it; return for how long if this request was not answered."""
        seconds = pause_asked_for(answer.status, answer.headers, answer.content, self.now().timestamp(), earlier)
        if seconds is not None:
            with self._lock:
                self.counts.pauses += 1
            self.throttle.close_for(seconds, f"{self.host}: rate limit ({answer.status})")
        elif answer.headers.get("x-ratelimit-remaining") == "0" and answer.status < 400:
            # Answered, but the next one would not be.
            empty = pause_asked_for(429, answer.headers, b"", self.now().timestamp(), 0)
            self.throttle.close_for(empty or 0.0, f"{self.host}: rate limit used up")
        return seconds

    def _sent(self, url: str, headers: Mapping[str, str], file: IO[bytes] | None, limit: int) -> Answer:
        if file is None:
            response = self._http.get(url, headers=headers)
            answer = Answer(url, response.status_code, response.headers, response.content)
            if answer.status == 200:
                _ = answer.document  # Cut off where nobody said how long it would be, it is no JSON.
            return answer
        with self._http.stream("GET", url, headers={**headers, "Accept-Encoding": "identity"}) as response:
            if response.status_code != 200:
                return Answer(url, response.status_code, response.headers, response.read()[:4096])
            file.seek(0)
            file.truncate()
            written = 0
            for block in response.iter_raw(1 << 20):
                written += len(block)
                if written > limit:
                    raise Refused("artifact_too_large", f"an artifact of more than {limit:,} bytes is not downloaded")
                file.write(block)
            return Answer(url, 200, response.headers, b"")

    def _learn_time(self, answer: Answer) -> None:
        if self._offset is not None:
            return
        with suppress(TypeError, ValueError):
            offset = (
                parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC) if "date" in answer.headers else None
            )
            if offset is None:
                return
            # The header has whole seconds, and the answer was on its way.
            self._offset = offset if abs(offset) > timedelta(seconds=5) else timedelta()
            if abs(offset) > _NOTICED_SKEW:
                skew = timedelta(seconds=round(abs(offset).total_seconds()))
                direction = "behind" if offset > timedelta() else "ahead of"
                self.clock_notice = (
                    f"this machine's clock is {skew} {direction} that of {self.host}; the latter is used"
                )
                self._say(self.clock_notice)

    def _judged(self, answer: Answer, what: str, where: str) -> Answer:
        """Return a good answer; raise what any other means."""
        if self._token in answer.content:
            raise NoAnswer(f"{where}: {what}: the answer repeats the token; it is not kept")
        if answer.status == 304:
            with self._lock:
                self.counts.not_modified += 1
        if answer.status in (200, 304):
            return answer
        right = self._rights(httpx.URL(answer.url).path.removeprefix(httpx.URL(self.url).path.rstrip("/")))
        named = answer.headers.get("x-accepted-github-permissions", "")
        hint = f" (the API says: {named})" if _PERMISSION.fullmatch(named) else ""
        if answer.status == 401:
            raise CollectionEnded(
                f"{self.host} does not accept the token (401): it is wrong, expired or revoked; make a new one"
            )
        if answer.status == 403:
            single_sign_on = (
                "; authorise it for the organisation's single sign-on" if "x-github-sso" in answer.headers else ""
            )
            raise Denied(f"{where}: the token may not read {what}: it needs {right}{hint}{single_sign_on}")
        if answer.status in (404, 410):
            raise Gone(f"{where}: {what}: not there, or not visible to this token, which needs {right}{hint}")
        raise NoAnswer(f"{where}: {what}: {self.host} answers {answer.status}")


def checked_url(url: str) -> str:
    """Return an API's URL without its last slash. Raises `click.UsageError` if the token would travel in the open."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise click.UsageError(f"not a URL: {url!r}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo or parsed.query:
        raise click.UsageError(f"not the URL of an API: {_shown(parsed)}; write https://HOST/PATH")
    if parsed.scheme == "http" and not _is_this_machine(parsed.host):
        raise click.UsageError(f"{_shown(parsed)} is not https: the token would travel in the open")
    return url.rstrip("/")


def _shown(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.host}{url.path}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(url: str) -> str:
    return httpx.URL(url).netloc.decode()


def _reason(error: Exception) -> str:
    if isinstance(error, orjson.JSONDecodeError):
        return "the answer is no JSON, or was cut off"
    return str(error) or type(error).__name__


@contextmanager
def closing(client: Client) -> Iterator[Client]:
    """Close `client` whatever happens."""
    try:
        yield client
    finally:
        client.close()
