import pytest

from ci_intel.errors import Refused
from ingest.jsontext import parse_stream


def test_texts_that_follow_each_other_are_read_with_and_without_space_between_them() -> None:
    assert list(parse_stream(b' {"a":1}{"a":2}\n[3]\r\n 4 "\xc3\xbc" ', depth=10)) == [{"a": 1}, {"a": 2}, [3], 4, "ü"]


def test_nothing_holds_nothing() -> None:
    assert list(parse_stream(b" \n", depth=10)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(b'{"a":1}{"a":1,"a":2}', "duplicate_key", id="two readers would see two documents"),
        pytest.param(b"{} " + b"[" * 100_000, "too_deep", id="deeper than any stack"),
        pytest.param(b"{} x", "not_json", id="trailing text"),
        pytest.param(b'{} {"a":NaN}', "not_finite", id="no number of JSON"),
        pytest.param(b"{} \xff", "not_utf8", id="no text"),
    ],
)
def test_each_text_passes_the_strict_parser_or_the_stream_is_refused(text: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        list(parse_stream(text, depth=10))

    assert refused.value.code == code
