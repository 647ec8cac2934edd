"""
Jobs: how a statement is run on BigQuery exactly once, over a network that loses answers.

A job's id is chosen here, before it is sent. Sent twice, the second is refused (409), so that
"did it arrive?" always has an answer: look for the job. A job that failed can never be run again
under its id; what may be tried again gets the next id of a chain, and only after the one before it
is known to have failed. So no two jobs of a chain can both succeed, whoever sends them.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY
from requests import exceptions as http

from ci_intel import faults
from ci_intel.errors import WarehouseUnavailable

JOB_MINUTES = 10
"""What a job may take; more than any load needs, and less than the hour that models look back."""

NO_RETRY: Any = None
"""Requests are tried again here, where the deadline is known, and not by the client below."""

_TRANSIENT = (api.TooManyRequests, api.InternalServerError, api.BadGateway, api.ServiceUnavailable, api.GatewayTimeout)
_UNREACHABLE = (http.ConnectionError, http.Timeout, http.ChunkedEncodingError, ConnectionError, auth.TransportError)
_WORTH_ANOTHER_TRY = ("backendError", "internalError", "rateLimitExceeded", "jobRateLimitExceeded", "stopped")
_WORTH_ANOTHER_TRY_BY_TEXT = (
    "too many dml statements outstanding",
    "transaction is aborted due to concurrent update",
    "retrying may solve the problem",
)
_REQUEST_SECONDS = 30.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 8.0
_MAX_CHAIN = 20


class HeldByAnother(Exception):
    """Another account has sent the job of this name, and we may not look at it."""


class JobFailed(Exception):
    """BigQuery ran a job and says that it failed; nothing of it remains."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    @property
    def is_worth_another_try(self) -> bool:
        """Whether the same statement may succeed a little later."""
        text = self.message.lower()
        return self.reason in _WORTH_ANOTHER_TRY or any(part in text for part in _WORTH_ANOTHER_TRY_BY_TEXT)


@dataclass(frozen=True)
class Finished:
    """A job that succeeded; `is_ours` tells whether this process sent it."""

    job: Any
    is_ours: bool


class Jobs:
    """
    Runs jobs of one client in one location.

    `deadline` is for how many seconds BigQuery may be unreachable or busy before we give up. Every
    method raises `WarehouseUnavailable` with one line that says what to do.
    """

    def __init__(self, client: bigquery.Client, location: str | None, where: str, deadline: float) -> None:
        self._client = client
        self._location = location
        self._where = where
        self._deadline = deadline
        self._request_seconds = min(_REQUEST_SECONDS, max(1.0, deadline / 4))

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        """Return the rows of a statement that may be run any number of times."""
        configuration = self._configured(parameters)

        def run() -> Sequence[Any]:
            job = self._client.query(
                sql, job_config=configuration, location=self._location, retry=NO_RETRY, timeout=self._request_seconds
            )
            return [*job.result(retry=DEFAULT_RETRY.with_timeout(self._deadline), timeout=JOB_MINUTES * 60)]

        rows: Sequence[Any] = self.call(run)
        return rows

    def run_once(
        self, job_id: str, sql: str, parameters: Sequence[Any] = (), *, holds: Callable[[], bool] = lambda: True
    ) -> Finished:
        """
        Run a script once and for all under this id, or under the next ones of its chain.

        `holds` tells, of a job that somebody else has sent and that succeeded, whether what it did
        is still there: ids outlive tables that were dropped.

        Raises `JobFailed` if BigQuery refuses it and no other try can help, `HeldByAnother` if
        another account has sent it.
        """
        writer = uuid.uuid4().hex
        configuration = self._configured(parameters, writer)
        return self._chain(
            job_id,
            lambda name: self._client.query(
                sql,
                job_id=name,
                job_config=configuration,
                location=self._location,
                retry=NO_RETRY,
                job_retry=None,
                timeout=self._request_seconds,
            ),
            writer,
            holds,
        )

    def load_once(self, job_id: str, path: Path, table: bigquery.TableReference) -> Finished:
        """Replace a table's rows by those of a Parquet file, under this id or the next ones of its chain."""
        writer = uuid.uuid4().hex
        configuration = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
            labels=_labels(writer),
        )

        def send(name: str) -> Any:
            with path.open("rb") as content:
                return self._client.load_table_from_file(
                    content,
                    table,
                    rewind=True,
                    job_id=name,
                    job_config=configuration,
                    location=self._location,
                    timeout=self._request_seconds * 10,
                )

        return self._chain(job_id, send, writer, lambda: True)

    def call(self, request: Callable[[], Any]) -> Any:
        """Return what a request that may be repeated returns, once BigQuery answers."""
        tries = self._tries()
        while True:
            try:
                return request()
            except (*_TRANSIENT, *_UNREACHABLE) as error:
                tries(error)
            except api.Forbidden as error:
                if not _is_rate_limit(error):
                    raise self.unavailable(error) from error
                tries(error)
            except (api.GoogleAPICallError, auth.GoogleAuthError, http.RequestException) as error:
                raise self.unavailable(error) from error

    def _chain(self, job_id: str, send: Callable[[str], Any], writer: str, holds: Callable[[], bool]) -> Finished:
        """`writer` is the label by which this call knows its own jobs: of two threads with one load, one is another."""
        tries = self._tries()
        for number in range(1, _MAX_CHAIN + 1):
            name = job_id if number == 1 else f"{job_id}_{number}"
            job = self._sent(name, send)
            is_ours = (job.labels or {}).get("writer") == writer
            faults.point("after_send")
            try:
                self._wait(job)
            except JobFailed as failure:
                if is_ours and not failure.is_worth_another_try:
                    raise
                if is_ours:
                    tries(failure)
                continue
            if is_ours:
                return Finished(job, is_ours=True)
            if holds():
                return Finished(job, is_ours=False)
        raise WarehouseUnavailable(f"{self._where}: {_MAX_CHAIN} tries failed, the last as job {name}; nothing was written")

    def _sent(self, name: str, send: Callable[[str], Any]) -> Any:
        """Return the job of this name: as sent now, or as it was sent before."""

        def request() -> Any:
            try:
                return send(name)
            except api.Conflict:
                return self._known(name)

        return self.call(request)

    def _known(self, name: str) -> Any:
        try:
            return self._client.get_job(name, location=self._location, retry=NO_RETRY, timeout=self._request_seconds)
        except api.NotFound as error:
            # BigQuery may refuse an id some moments before it can tell of its job.
            unseen = api.ServiceUnavailable(f"job {name} exists, but cannot be seen yet")  # type: ignore[no-untyped-call]
            raise unseen from error
        except api.Forbidden as error:
            raise HeldByAnother(name) from error

    def _wait(self, job: Any) -> None:
        """Wait for a job's end. Raises `JobFailed` if it failed."""
        ends_at = time.monotonic() + JOB_MINUTES * 60 + self._deadline
        pause = _FIRST_PAUSE / 4
        while job.state != "DONE":
            if time.monotonic() > ends_at:
                raise WarehouseUnavailable(
                    f"{self._where}: job {job.job_id} has not ended for {JOB_MINUTES} minutes; "
                    "load the same evidence again later: if the job did commit, that adds nothing"
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE / 4)
            self.call(lambda: job.reload(retry=NO_RETRY, timeout=self._request_seconds))
        if job.error_result:
            raise JobFailed(str(job.error_result.get("reason")), str(job.error_result.get("message")))

    def _tries(self) -> Callable[[Exception], None]:
        """Return what to call after a failure: it pauses, longer each time, and raises at the deadline."""
        ends_at = time.monotonic() + self._deadline
        pauses = [_FIRST_PAUSE]

        def after(error: Exception) -> None:
            if time.monotonic() + pauses[0] > ends_at:
                raise WarehouseUnavailable(
                    f"{self._where}: no answer for {self._deadline:g} s ({first_line(error)}); try again later, "
                    "with the same evidence: what did commit adds nothing"
                ) from error
            # Not all at the same moment: whoever was refused together would be refused together again.
            time.sleep(pauses[0] * random.uniform(0.5, 1))  # noqa: S311
            pauses[0] = min(pauses[0] * 2, _LONGEST_PAUSE)

        return after

    def _configured(self, parameters: Sequence[Any], writer: str = "") -> bigquery.QueryJobConfig:
        return bigquery.QueryJobConfig(
            query_parameters=list(parameters),
            labels=_labels(writer),
            job_timeout_ms=JOB_MINUTES * 60 * 1000,
            use_query_cache=False,
        )

    def unavailable(self, error: Exception) -> WarehouseUnavailable:
        """Say in one line what stands in the way, and what to do."""
        return WarehouseUnavailable(f"{self._where}: {_advice(error)}")


def _labels(writer: str) -> dict[str, str]:
    return {"tool": "ci-intel", "writer": writer}


def _is_rate_limit(error: api.GoogleAPICallError) -> bool:
    return any(item.get("reason") in ("rateLimitExceeded", "jobRateLimitExceeded") for item in error.errors or ())


def _advice(error: Exception) -> str:
    text = first_line(error)
    if isinstance(error, auth.DefaultCredentialsError):
        return (
            "no Google credentials; in CI use workload identity, on a desk `gcloud auth application-default login`"
            " (docs/bigquery.md)"
        )
    if isinstance(error, auth.GoogleAuthError):
        return f"the Google credentials are not accepted: {text}"
    if isinstance(error, api.Unauthorized):
        return f"the Google credentials are not accepted: {text}"
    if isinstance(error, api.Forbidden):
        if any(item.get("reason") == "quotaExceeded" for item in error.errors or ()):
            return f"a quota is used up: {text} (docs/bigquery.md lists what a load uses)"
        return f"no permission: {text}; a loader needs bigquery.jobUser, and bigquery.dataEditor on the datasets"
    if isinstance(error, api.NotFound):
        return f"not found: {text}; check project, dataset and location, or add --create-dataset"
    return f"refused: {text}"


def first_line(error: Exception) -> str:
    """Return an error's own words without addresses and traces, in one line."""
    if isinstance(error, http.Timeout):
        return "it took too long to answer"
    if isinstance(error, (http.ConnectionError, ConnectionError)):
        return "it cannot be reached, or cuts the connection"
    message = error.message if isinstance(error, (api.GoogleAPICallError, JobFailed)) else str(error)
    if isinstance(error, api.GoogleAPICallError) and error.errors:
        # What the client puts before it is the address that it asked.
        message = error.errors[0].get("message", message)
    return str(message).strip().partition("\n")[0].partition("; reason: ")[0][:300]
