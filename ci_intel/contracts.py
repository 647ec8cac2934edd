"""
The contracts: which events exist, in which versions, and whether an event keeps to its own.

`schema/registry.json` lists the topics. An event names its contract in its field `schema`,
as `<topic>.v<major>.<minor>`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ci_intel.errors import RegistryBroken
from ci_intel.moments import is_moment

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Contract:
    """One version of one topic's contract. `name` is the word an event carries in `schema`."""

    topic: str
    version: str
    status: str
    introduced: str
    path: Path
    compatibility: str
    fixtures: str

    @property
    def name(self) -> str:
        """The word that an event of this contract carries, as in `pipeline_run.v1.2`."""
        return f"{self.topic}.{self.version}"


@dataclass(frozen=True)
class Topic:
    """A kind of evidence: its contracts, oldest first, and the raw tables its events become."""

    name: str
    summary: str
    owner: str
    raw_tables: tuple[str, ...]
    contracts: tuple[Contract, ...]


@dataclass(frozen=True)
class Violation:
    """Where an event breaks its contract (a JSON pointer, `""` for the whole) and how."""

    pointer: str
    message: str


def schema_folder() -> Path:
    """Return the folder of the contracts: inside the installed package, else of the checkout."""
    packaged = Path(__file__).parent / "schema"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "schema"


@cache
def topics() -> Mapping[str, Topic]:
    """
    Return the registered topics by name.

    Raises `RegistryBroken` if the registry cannot be read.
    """
    folder = schema_folder()
    try:
        registry = json.loads((folder / "registry.json").read_bytes())
        return {name: _topic(name, entry, folder) for name, entry in registry["topics"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegistryBroken(f"{folder / 'registry.json'}: cannot be used as the registry: {error!r}") from error


def _topic(name: str, entry: Json, folder: Path) -> Topic:
    contracts = tuple(
        Contract(
            topic=name,
            version=version,
            status=fields["status"],
            introduced=fields["introduced"],
            path=folder / fields["path"],
            compatibility=fields["compatibility"],
            fixtures=fields["fixtures"],
        )
        for version, fields in entry["versions"].items()
    )
    return Topic(name, entry["summary"], entry["owner"], tuple(entry["raw_tables"]), contracts)


@cache
def contracts() -> Mapping[str, Contract]:
    """Return every version of every contract by the word an event carries."""
    return {contract.name: contract for topic in topics().values() for contract in topic.contracts}


@cache
def schema_of(name: str) -> Json:
    """
    Return the JSON Schema of the contract `name`.

    Raises `RegistryBroken` if its file is missing or not JSON.
    """
    path = contracts()[name].path
    try:
        schema: Json = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RegistryBroken(f"{path}: cannot be used as a contract: {error}") from error
    return schema


@cache
def _compiled(name: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(dict(schema_of(name)), validate_formats=True)


def is_valid(name: str, event: Any) -> bool:
    """Decide whether `event` keeps to the contract `name`: the fast answer, without a reason."""
    return bool(_compiled(name).is_valid(event))


def beyond_calendar(name: str, event: Any) -> Sequence[Violation]:
    """
    Say which times of a valid event no calendar has: year 0, or a year 10000 once it is UTC.

    RFC 3339 and JSON Schema allow them, warehouses do not. Slow; for events that may hold one.
    """
    return [
        Violation(_pointer(error.instance_path), error.message) for error in _with_calendar(name).iter_errors(event)
    ]


@cache
def _with_calendar(name: str) -> Any:
    import jsonschema_rs

    formats = {"date-time": is_moment}
    return jsonschema_rs.Draft202012Validator(dict(schema_of(name)), validate_formats=True, formats=formats)


def violations(name: str, event: Any) -> Sequence[Violation]:
    """
    Say how `event` breaks the contract `name`: the slow answer, most telling violation first.

    jsonschema is the reference and words it best. Should it find nothing in what the compiled
    validator refused, the compiled validator's own words are given: strictness wins.
    """
    found = sorted(
        _reference(name).iter_errors(event), key=lambda error: (len(error.absolute_path), str(error.message))
    )
    if found:
        return [Violation(_pointer(error.absolute_path), str(error.message)) for error in found]
    return [Violation(_pointer(error.instance_path), error.message) for error in _compiled(name).iter_errors(event)]


@cache
def _reference(name: str) -> Any:
    # Half a second of import that only a bad event has to pay.
    from jsonschema import Draft202012Validator, FormatChecker

    formats = FormatChecker()
    # The library's own check refuses leap seconds, which RFC 3339 allows.
    formats.checks("date-time")(lambda value: not isinstance(value, str) or is_moment(value))
    return Draft202012Validator(dict(schema_of(name)), format_checker=formats)


def _pointer(path: Sequence[str | int]) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
