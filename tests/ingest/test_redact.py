from __future__ import annotations

import time

import pytest

from ci_intel.redact import STRUCK, redact

SECRETS = [
    "ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ",
    "glpat-A1b2C3d4E5f6G7h8I9j0",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "xoxb-1234567890-abcdefghij",
    "sk_live_A1b2C3d4E5f6G7h8I9",
    "npm_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8",
    "pypi-AgEIcHlwaS5vcmcCJGExYjJjM2Q0LWU1ZjYt",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA",
]
ASSIGNED = [
    ("password=hunter2", "hunter2"),
    ("DB_PASSWORD: 's3cr3t!'", "s3cr3t!"),
    ('{"api_key": "0123456789abcdef"}', "0123456789abcdef"),
    ('{"client-secret" : "abcd-efgh"}', "abcd-efgh"),
    ("Authorization: Bearer abc.def.ghi", "abc.def.ghi"),
    ("authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    ("curl -H 'bearer abcdefgh'", "abcdefgh"),
    ("unclosed token: line1secret", "line1secret"),
    ("https://user:pa55@git.example.org/x.git", "pa55"),
    ("postgres://app:p%40ss@db.example.org:5432/app", "p%40ss"),
]
INNOCENT = [
    "a5f3c9be1d24786a5f3c9be1d2478600a5f3c9b1",
    "sha256:4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f",
    "123e4567-e89b-12d3-a456-426614174000",
    "pkg:npm/%40scope/name@1.2.3?arch=x86_64",
    "https://ci.example.org/run/7?attempt=2#job",
    "registry.example.org/shop@sha256:4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f",
    "git@github.com:acme/shop.git",
    "octocat@users.noreply.github.com",
    '{"schema": "pipeline_run.v1.3", "repo": "acme/shop", "started_at": "2026-02-03T10:00:00Z"}',
    "not JSON: Expecting ',' delimiter at column 12",
    "task-runner sk-1 skipped; eyJ is how base64 of JSON begins",
    "C:\\build\\agent\\_work\\1\\s\\tests.xml",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", '"{}"', "export X={} && make", "a\n{}"])
def test_a_token_is_struck_out_wherever_it_stands(secret: str, around: str) -> None:
    text = redact(around.format(secret))

    assert STRUCK in text
    assert secret[8:20] not in text


@pytest.mark.parametrize(("text", "secret"), ASSIGNED)
def test_what_is_said_to_be_a_secret_is_struck_out(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert STRUCK in redact(text)


@pytest.mark.parametrize("text", INNOCENT)
def test_nothing_innocent_is_lost(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", [*SECRETS, *[text for text, _ in ASSIGNED]])
def test_what_was_redacted_stays_as_it_is(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "piece", ["a-", "eyJ", "eyJaaaaaaaa.", "a.", "a:", "password", "-----BEGIN", "tokentoken-", "x"]
)
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()

    redact(piece * (16_384 // len(piece)))

    assert time.process_time() - began < 0.5
