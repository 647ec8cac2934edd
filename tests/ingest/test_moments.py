from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_intel.moments import is_moment, utc
from ingest.checks import instant, is_reversed
from ingest.tables import _moments

AT = datetime(2026, 2, 3, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-03T10:00:00Z", AT),
        ("2026-02-03t10:00:00z", AT),
        ("2026-02-03T12:00:00+02:00", AT),
        ("2026-02-03T04:30:00-05:30", AT),
        ("2026-02-03T10:00:00-00:00", AT),
        ("2026-02-03T10:00:00.1Z", AT.replace(microsecond=100_000)),
        ("2026-02-03T10:00:00.123456789Z", AT.replace(microsecond=123_456)),
        ("2026-02-03T09:59:60Z", AT),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60.5Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_every_spelling_of_rfc_3339_is_a_moment_and_raw_tables_keep_the_same(text: str, moment: datetime) -> None:
    assert utc(text) == moment
    # One odd spelling makes Arrow give up on the whole column.
    assert _moments(pa.array([text, None])).to_pylist() == [moment.replace(tzinfo=None), None]
    assert _moments(pa.array([text, "2026-02-03t10:00:00z"]))[0].as_py() == moment.replace(tzinfo=None)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-02-03", "2026-02-03T10:00:00", "2026-02-03 10:00:00Z", "2026-02-03T10:00Z", "2026-02-30T10:00:00Z",
        "2025-02-29T00:00:00Z", "2026-02-03T24:00:00Z", "2026-02-03T10:60:00Z", "2026-02-03T10:00:61Z",
        "2026-02-03T10:00:00+24:00", "20260203T100000Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z", "2026-02-03T10:00:00Z\n", "２026-02-03T10:00:00Z",
        "2026-W06-2T10:00:00Z", "now",
    ],
)  # fmt: skip
def test_what_names_no_moment_is_refused(text: str) -> None:
    assert not is_moment(text)
    with pytest.raises(ValueError, match=r".*"):
        utc(text)


@given(st.datetimes(timezones=st.timezones()))
def test_arrow_and_python_agree_on_every_moment(moment: datetime) -> None:
    text = moment.astimezone(UTC).isoformat() if 1 < moment.year < 9999 else "2026-02-03T10:00:00Z"

    assert pa.array([utc(text).replace(tzinfo=None)], pa.timestamp("us")) == _moments(pa.array([text]))
    assert instant(text) == utc(text)


@pytest.mark.parametrize(
    ("started_at", "ended_at", "answer"),
    [
        ("2026-02-03T10:00:00Z", "2026-02-03T09:59:59.999Z", True),
        ("2026-02-03T10:00:00Z", "2026-02-03T10:00:00Z", False),
        ("2026-02-03T10:00:00Z", "2026-02-03T11:30:00+02:00", True),
        ("2026-02-03T10:00:00Z", None, False),
        (None, "2026-02-03T10:00:00Z", False),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", False),
    ],
)
def test_what_ends_before_it_starts_is_reversed(started_at: str | None, ended_at: str | None, answer: bool) -> None:
    assert is_reversed(started_at, ended_at) is answer
