"""The JSON gate accepts what RFC 8259 allows, less what two readers could understand differently."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import jsontext
from ingest.gate import Load, prepare_lines
from ingest.jsontext import NotJson, parse
from ingest.lines import chunks

PROJECT = Path(__file__).parents[2]
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LOAD = Load("0" * 64, 1, loaded_at=NOW, now=NOW, observed_at=NOW, depth=100)


@pytest.fixture(scope="session")
def suite() -> list[Path]:
    folder = (PROJECT / os.environ.get("HUB_ORACLES", "../shared/oracles") / "json_parsing").resolve()
    assert folder.is_dir(), f"{folder} is missing: put the shared oracles there, or set HUB_ORACLES"
    return sorted(folder.glob("*.json"))


def refusal(text: bytes) -> str | None:
    """Return the code of the refusal, None for a text that passes."""
    try:
        parse(text, 100)
    except NotJson as error:
        return error.code
    return None


@pytest.mark.corpus
def test_of_the_parsing_suite_all_bad_texts_are_refused_and_all_good_ones_pass_but_two(suite: list[Path]) -> None:
    codes = {path.name: refusal(path.read_bytes()) for path in suite}
    bad = {name: code for name, code in codes.items() if name.startswith("n_")}
    good = {name: code for name, code in codes.items() if name.startswith("y_")}

    assert (len(bad), len(good)) == (188, 95)
    assert [name for name, code in bad.items() if code is None] == []
    assert {name: code for name, code in good.items() if code} == {
        "y_object_duplicated_key.json": "duplicate_key",
        "y_object_duplicated_key_and_value.json": "duplicate_key",
    }


@pytest.mark.corpus
def test_the_parsing_suite_as_lines_crashes_nothing_and_every_line_is_counted(suite: list[Path]) -> None:
    text = b"\n".join(path.read_bytes() for path in suite)
    count = sum(bool(line.strip(b" \t\r")) for line in text.split(b"\n"))

    parts = [prepare_lines(chunk, LOAD) for chunk in chunks([text], 1 << 20)]

    assert sum(part.events for part in parts) == count
    assert sum(part.loaded + len(part.rejects) for part in parts) == count
    assert all(reject.code and reject.message for part in parts for reject in part.rejects)


FAULTS = {
    "not_json": [
        b"", b"{", b"[1,]", b"{'a': 1}", b"nul", b"01", b"+1", b"1.", b".5", b"\xef\xbb\xbf{}", b"1 2", b"\x0c1",
    ],
    "not_utf8": [b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', '"a"'.encode("utf-16")],
    "duplicate_key": [
        b'{"a": 1, "a": 1}', b'[{"b": {"a": 1, "a": 2}}]', b'{"a": 1, "\\u0061": 2}', b'{"\\"": 1, "\\"": 2}',
    ],
    "not_finite": [b"NaN", b"-Infinity", b"[Infinity]", b"1e999", b"-1e999"],
    "integer_out_of_range": [b"18446744073709551616", b"9223372036854775808", b"-9223372036854775809", b"9" * 5000],
    "lone_surrogate": [b'"\\ud800"', b'"\\udc00\\ud800"', b'{"\\ud83d": 1}', b'"\\ud83d\\ud83d"'],
    "too_deep": [b"[" * 101 + b"]" * 101, b'{"a":' * 101 + b"1" + b"}" * 101, b"[" * 100_000],
}  # fmt: skip


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in FAULTS.items() for text in texts])
def test_each_fault_has_its_code(code: str, text: bytes) -> None:
    assert refusal(text) == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"9223372036854775807", 2**63 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"[" * 100 + b"]" * 100, None),
        (b'"[[[[[[[[[[[["', "[" * 12),
        (b'{"a": "\\"", "b": "\\\\"}', {"a": '"', "b": "\\"}),
        (b'"\\ud83d\\ude80"', "\U0001f680"),
        (b'{"a": {"a": 1}, "b": {"a": 1}}', {"a": {"a": 1}, "b": {"a": 1}}),
        (b" \t\r\n1 \n", 1),
    ],
)
def test_what_looks_odd_but_is_right_passes(text: bytes, value: Any) -> None:
    found = parse(text, 100)

    assert value is None or found == value


texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(values, st.booleans())
def test_every_value_comes_back_as_it_was_written(value: Any, is_escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_escaped).encode()

    assert orjson.dumps(parse(text, 100)) == orjson.dumps(value)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a JSON text with a few bytes of another, which is mostly none any more."""
    text = bytearray(json.dumps(draw(values), ensure_ascii=draw(st.booleans())).encode())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        piece = draw(st.sampled_from(
            [b'"', b"\\", b"{", b"}", b"[", b",", b":", b'"a":1,', b'{"a":1,"a":2}', b"\\u0022", b"\\ud800", b"1e400",
             b"99999999999999999999", b"NaN", b"-", b"0", b"\xff", b"\x00", b"\x0b", b" ", b"\xef\xbb\xbf", b""]
        ))  # fmt: skip
        text[place : place + draw(st.integers(0, 3))] = piece
    return bytes(text)


@given(damaged())
def test_the_fast_path_accepts_only_what_the_slow_parser_accepts_and_with_the_same_value(text: bytes) -> None:
    def said(how: Callable[[], Any]) -> tuple[str, Any]:
        try:
            return "passes", orjson.dumps(how())
        except NotJson as error:
            return "refused", error.code

    assert said(lambda: parse(text, 200)) == said(lambda: jsontext._explain(text))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"[" * 101 + b'"' + b'\\"' * 300_000, id="a text that never ends, full of escaped quotes"),
        pytest.param(b"[" * 101 + b'"' * 300_000, id="nothing but quotes"),
        pytest.param(b'{"a":' * 50_000, id="nothing but openings"),
        pytest.param(b'{"a": 1' + b', "a": 1' * 50_000 + b"}", id="one key many times"),
        pytest.param(b"-" * 500_000, id="nothing but signs"),
    ],
)
def test_no_text_takes_long_to_refuse(text: bytes) -> None:
    began = time.process_time()

    assert refusal(text)

    assert time.process_time() - began < 2
