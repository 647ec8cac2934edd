from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ci_intel import contracts
from ci_intel.contracts import Contract
from ingest.gate import Load, Prepared, prepare_lines
from ingest.lines import Chunk

PROJECT = Path(__file__).parents[2]
NOW = datetime(2030, 1, 1, tzinfo=UTC)
_REASONS = (
    "contract",
    "contradiction",
    "in_the_future",
    "integer_out_of_range",
    "unknown_contract",
    "unknown_version",
)
LOAD = Load("0" * 64, 1, loaded_at=NOW, now=NOW, observed_at=NOW, depth=100)
CONTRACTS = list(contracts.contracts().values())


def fixtures(kind: str) -> list[object]:
    return [
        pytest.param(contract, path, id=f"{contract.name}/{path.stem}")
        for contract in CONTRACTS
        for path in sorted((PROJECT / contract.fixtures / kind).glob("*.json"))
    ]


def judged(path: Path) -> Prepared:
    """Send a fixture through the gate as the one line it would be in a file."""
    return prepare_lines(Chunk(1, 0, path.read_bytes().replace(b"\n", b" ")), LOAD)


@pytest.mark.parametrize(("contract", "path"), fixtures("valid"))
def test_a_valid_event_becomes_rows(contract: Contract, path: Path) -> None:
    prepared = judged(path)

    assert [reject.message for reject in prepared.rejects] == []
    assert prepared.contracts == {contract.name: 1}
    assert contracts.topics()[contract.topic].raw_tables[0] in prepared.rows


@pytest.mark.parametrize(("contract", "path"), fixtures("invalid"))
def test_an_invalid_event_is_rejected_for_breaking_its_contract_or_contradicting_itself(
    contract: Contract, path: Path
) -> None:
    prepared = judged(path)

    assert prepared.loaded == 0
    [reject] = prepared.rejects
    # Broken for its own reason, not because somebody left a comma in the fixture.
    assert reject.code in _REASONS
    assert reject.message


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_every_contract_shows_what_it_accepts_and_what_it_refuses(contract: Contract, kind: str) -> None:
    assert list((PROJECT / contract.fixtures / kind).glob("*.json"))


def test_every_fixture_belongs_to_a_registered_contract() -> None:
    folders = {path.parent.parent for path in (PROJECT / "tests/schema/fixtures").rglob("*.json")}

    assert folders == {PROJECT / contract.fixtures for contract in CONTRACTS}
