"""Files that cannot be used as a whole: refused with a reason, noted, and never in the way of a later try."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
import zstandard
from hub import SHOP, Hub, event, lines

EVENTS = lines(event(), event(decision="deny"))


def tarred(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("evidence.ndjson")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("evidence.ndjson", content)
    return packed.getvalue()


def entities(declared: str) -> bytes:
    return f"<!DOCTYPE t [{declared}]><testsuite name='&a;'><testcase name='b'/></testsuite>".encode()


LAUGHS = "".join(f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("hgfedcb", "gfedcba", strict=True))

REFUSED = [
    pytest.param(b"", "empty", "empty", id="an empty file"),
    pytest.param(b" \n\r\n\t", "empty", "empty", id="only white space"),
    pytest.param(gzip.compress(b""), "empty", "empty", id="gzip of nothing"),
    pytest.param(gzip.compress(EVENTS)[:-9], "undecodable", "decompressed", id="gzip cut short"),
    pytest.param(
        gzip.compress(EVENTS) + gzip.compress(EVENTS)[:30], "undecodable", "decompressed", id="second member cut short"
    ),
    pytest.param(gzip.compress(EVENTS)[:-8] + b"\0" * 8, "undecodable", "decompressed", id="gzip of a wrong checksum"),
    pytest.param(b"\x1f\x8b\x08\x00garbage", "undecodable", "decompressed", id="gzip in name only"),
    pytest.param(zstandard.compress(EVENTS)[:-9], "undecodable", "cut short", id="zstd cut short"),
    pytest.param(
        zstandard.compress(EVENTS) + zstandard.compress(EVENTS)[:20], "undecodable", "cut short", id="frame cut short"
    ),
    pytest.param(b"\x28\xb5\x2f\xfd" + b"\xff" * 50, "undecodable", "decompressed", id="zstd in name only"),
    pytest.param(gzip.compress(b" " * (20 << 20)), "compression_bomb", "--max-ratio", id="gzip bomb"),
    pytest.param(zstandard.compress(b" " * (20 << 20)), "compression_bomb", "--max-ratio", id="zstd bomb"),
    pytest.param(zipped(EVENTS), "unsupported_archive", "unpack", id="zip"),
    pytest.param(tarred(EVENTS), "unsupported_archive", "unpack", id="tar"),
    pytest.param(gzip.compress(tarred(EVENTS)), "unsupported_archive", "unpack", id="tar.gz"),
    pytest.param(zstandard.compress(tarred(EVENTS)), "unsupported_archive", "unpack", id="tar.zst"),
    pytest.param(b"<testsuite><testcase name='a'>", "not_xml", "not well-formed", id="XML cut short"),
    pytest.param(
        b"<testsuite><testcase name='a'",
        "not_xml",
        "not well-formed XML at line 1, column 11: unclosed token",
        id="XML cut in a tag, whose place is no secret",
    ),
    pytest.param(
        b"<?xml version='1.0' encoding='gbk'?><testsuite><testcase name='a'/></testsuite>",
        "not_xml",
        "encoding",
        id="XML in an encoding of many bytes",
    ),
    pytest.param(
        b"<?xml version='1.0' encoding='klingon'?><testsuite><testcase name='a'/></testsuite>",
        "not_xml",
        "encoding",
        id="XML in an unknown encoding",
    ),
    pytest.param(entities(LAUGHS), "xml_entities", "entities", id="XML with a billion laughs"),
    pytest.param(entities("<!ENTITY a SYSTEM 'file:///etc/passwd'>"), "xml_entities", "entities", id="XML that reads"),
    pytest.param(entities("<!ENTITY % a SYSTEM 'http://h/'> %a;"), "xml_entities", "entities", id="XML that fetches"),
    pytest.param(b'{"SchemaVersion": 2, "ArtifactName": "a", "Res', "not_json", "byte", id="a JSON report cut short"),
    pytest.param(
        b'{"SchemaVersion": 2, "ArtifactName": "a", "ArtifactName": "b"}', "duplicate_key", "twice", id="twice in JSON"
    ),
]


@pytest.mark.parametrize(("content", "code", "words"), REFUSED)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason_and_the_next_one_loads(
    hub: Hub, content: bytes, code: str, words: str
) -> None:
    bad = hub.file("in/a", content)
    good = hub.file("in/b.ndjson", EVENTS)

    refused, loaded = hub.load(bad, good, *SHOP, exit_code=1)

    assert (refused["status"], refused["code"], refused["events"]) == ("refused", code, 0)
    assert words in refused["message"]
    assert loaded["status"] == "loaded"
    assert hub.rows("select source_name, status, code, message from raw.refusals") == [
        (str(bad), "refused", code, refused["message"])
    ]
    assert hub.value("select count(*) from raw.loads") == 1


def test_a_refused_file_never_blocks_a_later_try(hub: Hub) -> None:
    path = hub.file("evidence.ndjson.gz", gzip.compress(EVENTS)[:-9])
    hub.load(path, exit_code=1)
    path.write_bytes(gzip.compress(EVENTS))

    assert [report["status"] for report in hub.load(path)] == ["loaded"]
    assert orjson.loads(hub.run("rejects", "--files", "--json").stdout)["code"] == "undecodable"
    assert f"{path}: cannot be decompressed" in hub.run("rejects", "--files").stdout


def fifo(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.mkdir()
    (path / "again").symlink_to(path)


def broken_link(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(fifo, "not_a_file", id="a FIFO, which would wait for its writer"),
        pytest.param(loop, "directory_loop", id="a folder in itself"),
        pytest.param(broken_link, "missing", id="a link to nothing"),
        pytest.param(link_to_itself, "missing", id="a link to itself"),
    ],
)
def test_what_is_no_file_is_refused_whether_named_or_found(hub: Hub, make: Callable[[Path], None], code: str) -> None:
    (hub.folder / "in").mkdir()
    make(hub.folder / "in" / "odd")
    hub.file("in/good.ndjson", EVENTS)

    found = hub.load(hub.folder / "in", exit_code=1)
    named = hub.load(hub.folder / "in" / "odd", exit_code=1)

    assert sorted((report["status"], report["code"]) for report in found) == [("loaded", None), ("refused", code)]
    assert [(report["status"], report["code"]) for report in named] == [("refused", code)]


@pytest.mark.parametrize("name", ["nowhere.ndjson", "nowhere/*.xml", "x" * 300, "nul"])
def test_a_path_to_nothing_is_refused(hub: Hub, name: str) -> None:
    [report] = hub.load(hub.folder / name, exit_code=1)

    assert (report["status"], report["code"]) == ("refused", "missing")


@pytest.mark.parametrize(
    ("flag", "code"), [("--max-content-bytes", "content_too_large"), ("--max-document-bytes", "document_too_large")]
)
def test_limits_are_flags_and_the_message_names_the_flag(hub: Hub, flag: str, code: str) -> None:
    path = hub.file("report.json", orjson.dumps([event() for _ in range(100)], option=orjson.OPT_INDENT_2))

    [refused] = hub.load(path, "--format", "hub", flag, "1000", exit_code=1)
    [loaded] = hub.load(path, "--format", "hub", flag, "10000000")

    assert (refused["code"], flag in refused["message"]) == (code, True)
    assert loaded["loaded"] == 100


def test_a_ratio_that_is_right_can_be_allowed(hub: Hub) -> None:
    path = hub.file("evidence.ndjson.gz", gzip.compress(EVENTS + (b" " * (10 << 20) + b"\n") * 2))

    hub.load(path, exit_code=1)
    [report] = hub.load(path, "--max-ratio", "100000")

    assert report["loaded"] == 2


def test_a_file_that_grows_while_it_is_read_is_refused_and_nothing_of_it_stays(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest import load

    path = hub.file("evidence.ndjson", EVENTS)
    real = load.prepared_parts

    def growing(*arguments: object) -> object:
        yield from real(*arguments)  # type: ignore[arg-type]
        with path.open("ab") as file:
            file.write(EVENTS)

    monkeypatch.setattr(load, "prepared_parts", growing)

    [report] = hub.load(path, exit_code=1)

    assert report["code"] == "changed_while_read"
    assert hub.value("select count(*) from raw.policy_decisions") == 0
    assert hub.value("select count(*) from raw.loads") == 0


def test_a_file_that_is_replaced_while_it_is_read_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest import load

    path = hub.file("evidence.ndjson", EVENTS)
    real = load.prepared_parts

    def replaced(*arguments: object) -> object:
        yield from real(*arguments)  # type: ignore[arg-type]
        hub.file("new.ndjson", EVENTS).replace(path)

    monkeypatch.setattr(load, "prepared_parts", replaced)

    assert [report["code"] for report in hub.load(path, exit_code=1)] == ["changed_while_read"]


def test_an_unknown_file_is_bad_only_if_it_was_named(hub: Hub) -> None:
    path = hub.file("in/notes.txt", b"nothing to see")

    [found] = hub.load(path.parent, exit_code=0)
    [named] = hub.load(path, exit_code=1)

    assert found["status"] == named["status"] == "unknown"
    assert "ci-intel formats" in named["message"]
    assert (
        hub.rows("select status, code, content_sha256 is not null from raw.refusals")
        == [("unknown", "unknown_format", True)] * 2
    )


def test_a_secret_in_a_name_or_a_report_is_struck_out_of_the_refusal(hub: Hub) -> None:
    token = "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    content = orjson.dumps({"schemaVersion": token, "files": {}, "thresholds": {"high": 1, "low": 1}})

    result = hub.run("load", hub.file("report.json", content), *SHOP)

    assert result.exit_code == 1
    assert token not in result.output
    assert "[redacted]" in hub.value("select message from raw.refusals")
