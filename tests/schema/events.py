"""Hypothesis strategies: valid events of a contract, and slightly damaged ones."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from ci_intel import contracts

SPELLINGS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dt%H:%M:%S.%fz", "%Y-%m-%dT%H:%M:%S.%f123+02:00", "%Y-%m-%dT%H:%M:%S-00:00")
MOMENTS = st.builds(
    lambda moment, spelling: moment.strftime(spelling).zfill(20),
    st.datetimes(datetime(2001, 1, 1), datetime(2025, 12, 31)),
    st.sampled_from(SPELLINGS),
)
FORMATS = {
    "date-time": MOMENTS,
    "uuid": st.uuids().map(str),
    "uri": st.sampled_from(["https://ci.example.org/run/7", "oci://registry.example.org/shop", "urn:x:y"]),
}
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, 2**53, 2**63, 2**64, "", "x", "\u0000", "2026-02-30T00:00:00Z",
    "2016-12-31T23:59:60Z", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00+24:00", "2026-01-01 00:00:00Z", [], {}, [None], {"x": 1},
    "http://[", "://", "a b", "%", "mailto:x", "０" * 40, "0" * 40 + "\n", "sha256:" + "0" * 64 + "\n",
    "123e4567-e89b-12d3-a456-42661417400", "{123e4567-e89b-12d3-a456-426614174000}",
)  # fmt: skip


def valid_events(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return events that keep to the contract `name`."""
    return from_schema(contracts.schema_of(name), custom_formats=FORMATS)


@st.composite
def damaged(draw: st.DrawFn, events: st.SearchStrategy[Any]) -> Any:
    """Return an event of which one value was replaced, removed or added to."""
    event = copy.deepcopy(draw(events))
    holders = [holder for holder in _holders(event) if holder]
    holder = draw(st.sampled_from(holders))
    place = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "replace":
        holder[place] = draw(st.sampled_from(_ODD))
    elif how == "remove":
        del holder[place]
    elif isinstance(holder, dict):
        holder["surplus"] = draw(st.sampled_from(_ODD))
    else:
        holder.append(copy.deepcopy(holder[place]))
    return event


def _holders(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(inner for entry in value.values() for inner in _holders(entry))]
    if isinstance(value, list):
        return [value, *(inner for entry in value for inner in _holders(entry))]
    return []
