"""Package URLs: what they tell of an artifact, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.purl import artifact_of

HEX = "0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"
COMMIT = "4b1f0c2d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"


@pytest.mark.parametrize(
    ("purl", "told"),
    [
        pytest.param(
            f"pkg:oci/shop@sha256%3A{HEX}?repository_url=registry.example.org/shop&tag=1.4.0",
            {"name": "registry.example.org/shop", "digest": f"sha256:{HEX}", "tag": "1.4.0"},
            id="an image by its digest",
        ),
        pytest.param(
            f"pkg:github/acme/shop@{COMMIT}#src",
            {"name": "acme/shop", "commit_sha": COMMIT, "repository": "acme/shop"},
            id="a commit of a forge",
        ),
        pytest.param("pkg:npm/%40acme/shop@1.3.9", {"name": "@acme/shop", "version": "1.3.9"}, id="a package"),
        pytest.param(
            f"pkg:generic/shop@1.0?checksum=SHA256:{HEX}",
            {"name": "shop", "version": "1.0", "digest": f"sha256:{HEX}"},
            id="a file with its checksum",
        ),
        pytest.param(f"pkg:pypi/acme@{COMMIT}", {"name": "acme"}, id="a version that looks like somebody's commit"),
        pytest.param("pkg:oci/shop", {"name": "shop"}, id="no version"),
        pytest.param("shop-1.0.tar.gz", {}, id="no package URL"),
        pytest.param("pkg:", {}, id="half a package URL"),
        pytest.param(None, {}, id="nothing"),
        pytest.param({"purl": 1}, {}, id="an object"),
    ],
)
def test_a_package_url_tells(purl: Any, told: dict[str, str]) -> None:
    assert artifact_of(purl) == told
