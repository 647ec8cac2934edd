"""Each bad line is rejected by itself, with a reason a person can act on, while the lines around it load."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hub import PROJECT, Hub

FOLDER = PROJECT / "tests/ingest/fixtures/bad_lines"
LIMITS = ("--max-line-bytes", "4000", "--max-depth", "20")

REASONS: dict[str, tuple[str, str, str]] = {
    # file: code, JSON pointer, words of the message
    "cut_short": ("not_json", "", "not JSON"),
    "plain_text": ("not_json", "", "not JSON"),
    "trailing_comma": ("not_json", "", "not JSON"),
    "single_quotes": ("not_json", "", "double quotes"),
    "two_events_on_a_line": ("not_json", "", "Extra data"),
    "form_feed_before_the_event": ("not_json", "", "not JSON"),
    "latin_1": ("not_utf8", "", "not UTF-8"),
    "utf_8_of_a_surrogate": ("not_utf8", "", "not UTF-8"),
    "too_long": ("too_long", "", "--max-line-bytes"),
    "too_deep": ("too_deep", "", "--max-depth"),
    "duplicate_key": ("duplicate_key", "", '"decision" occurs twice'),
    "duplicate_key_written_with_an_escape": ("duplicate_key", "", '"decision" occurs twice'),
    "nan": ("not_finite", "", "NaN"),
    "infinity": ("not_finite", "", "-Infinity"),
    "number_beyond_a_double": ("not_finite", "", "too large"),
    "integer_beyond_64_bits": ("integer_out_of_range", "/duration_ns", "64 bits"),
    "integer_beyond_the_contract": ("contract", "/duration_ns", "maximum"),
    "lone_surrogate": ("lone_surrogate", "", "surrogate"),
    "list": ("not_an_object", "", "JSON object"),
    "text": ("not_an_object", "", "JSON object"),
    "no_contract": ("no_contract", "/schema", "ci-intel topics"),
    "unknown_contract": ("unknown_contract", "/schema", "policy_decision"),
    "unknown_version": ("unknown_version", "/schema", "known: v1.0"),
    "unknown_field": ("contract", "", "colour"),
    "missing_field": ("contract", "", "'decision' is a required property"),
    "wrong_type": ("contract", "/duration_ns", "not of type 'integer'"),
    "value_that_is_not_listed": ("contract", "/decision", "is not one of"),
    "time_without_offset": ("contract", "/decided_at", "date-time"),
    "day_that_does_not_exist": ("contract", "/decided_at", "date-time"),
    "year_zero": ("contract", "/decided_at", "date-time"),
    "in_the_future": ("in_the_future", "/decided_at", "clock"),
    "ends_before_it_starts": ("contradiction", "/completed_at", "before it starts"),
}


@pytest.mark.parametrize("name", REASONS)
def test_a_bad_line_is_rejected_with_its_reason_and_its_neighbours_load(hub: Hub, name: str) -> None:
    path = FOLDER / f"{name}.ndjson"
    code, pointer, words = REASONS[name]
    content = path.read_bytes().split(b"\n")[1]

    [report] = hub.load(path, *LIMITS, exit_code=1)

    assert (report["status"], report["events"], report["loaded"], report["rejected"]) == ("loaded", 3, 2, 1)
    [reject] = report["rejects"]
    assert (reject["line"], reject["code"], reject["pointer"]) == (2, code, pointer)
    assert words in reject["message"]
    kept = hub.rows("select line, byte_offset, code, pointer, message, content from raw.rejects")
    assert kept == [
        (2, path.read_bytes().index(b"\n") + 1, code, pointer, reject["message"], kept[0][5]),
    ]
    assert kept[0][5][:20] == content.decode("utf-8", "backslashreplace")[:20]
    assert hub.rows("select rule, _source_line from raw.policy_decisions order by 2") == [("first", 1), ("third", 3)]


def test_every_file_of_a_fault_is_tested() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(REASONS)


def test_people_read_the_path_the_line_and_the_reason_on_standard_error(hub: Hub) -> None:
    path = FOLDER / "unknown_version.ndjson"

    result = hub.run("load", path)

    assert f"{path}:2: policy_decision has no version 'v7.0'; known: v1.0 [unknown_version]" in result.stderr
    assert result.stdout.startswith(f"loaded     {path}  hub: 2 events, 1 rejected  [")


def test_rejects_lists_them_for_people_and_for_machines(hub: Hub) -> None:
    [report] = hub.load(FOLDER / "nan.ndjson", exit_code=1)

    for_people = hub.run("rejects")
    [for_machines] = map(orjson.loads, hub.run("rejects", report["load_id"][:8], "--json").stdout.splitlines())
    of_another = hub.run("rejects", "f" * 64)

    place = f"{report['load_id'][:12]}:2"
    assert for_people.stdout == f"{place}  {FOLDER / 'nan.ndjson'}:2: NaN is not a JSON number [not_finite]\n"
    assert b"NaN" in hub.run("show", place).stdout_bytes
    assert for_machines["line"] == 2
    assert for_machines["load_id"] == report["load_id"]
    assert of_another.stdout == "none\n"


def test_all_bad_lines_in_one_file_are_counted_and_only_the_first_few_are_printed(hub: Hub, tmp_path: Path) -> None:
    path = hub.file("many.ndjson", (FOLDER / "list.ndjson").read_bytes() + b"broken\n" * 500)

    [report] = hub.load(path, exit_code=1)
    for_people = hub.run("load", path, "--warehouse", f"duckdb:///{tmp_path / 'other.duckdb'}", "--no-archive")

    assert (report["events"], report["loaded"], report["rejected"]) == (503, 2, 501)
    assert len(report["rejects"]) == 20
    assert hub.value("select count(*) from raw.rejects") == 501
    shown = for_people.stderr.splitlines()
    assert [line.rpartition(" ")[2] for line in shown[:-1]] == ["[not_an_object]", *["[not_json]"] * 3]
    assert shown[-1] == f"{path}: … and 497 more (ci-intel rejects {report['load_id'][:12]})"


def test_a_reason_that_comes_late_is_still_among_the_first_few(hub: Hub) -> None:
    path = hub.file("many.ndjson", (FOLDER / "nan.ndjson").read_bytes() + b"broken\n" * 300 + b"[]\n")

    [report] = hub.load(path, exit_code=1)

    assert (len(report["rejects"]), report["rejects"][-1]["code"]) == (21, "not_an_object")


SECRETS = {
    "github": "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "password": "password=hunter2hunter2",
    "url": "https://bot:s3cr3t-s3cr3t@git.example.org/shop.git",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_in_a_bad_line_reaches_neither_the_rejects_nor_the_terminal(hub: Hub, secret: str) -> None:
    path = hub.file(
        "leak.ndjson",
        orjson.dumps({"schema": "policy_decision.v1.0", "note": secret, secret: 1, "decided_at": secret})
        + b"\n"
        + f"plain text with {secret} in it\n".encode()
        + b'{"schema": "'
        + secret.encode()
        + b'"}\n',
    )
    hidden = secret.split("=")[-1].split("bot:")[-1].split("@")[0]

    result = hub.run("load", path)
    as_json = hub.run("load", path, "--json", "--warehouse", f"duckdb:///{hub.folder / 'other.duckdb'}")

    assert result.exit_code == as_json.exit_code == 1
    everything = [result.output, as_json.output, hub.run("rejects", "--json").output, hub.run("rejects").output]
    everything += [str(row) for row in hub.rows("select * from raw.rejects")]
    assert not [text for text in everything if hidden in text]
    assert hub.value("select count(*) from raw.rejects where content like '%[redacted]%'") == 3
