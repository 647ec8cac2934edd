from collections import Counter

import pytest
from native import FIXTURES, corpus, event

from ci_intel.errors import Refused

VALID = FIXTURES / "openvex" / "valid"
INVALID = FIXTURES / "openvex" / "invalid"


def test_a_statement_about_two_products_becomes_two() -> None:
    document = event("openvex", VALID / "0.2_statements_without_time.json")

    assert [statement["product"] for statement in document["statements"]] == [
        "pkg:golang/github.com/acme/shop",
        "pkg:oci/shop@sha256%3A" + "1f" * 32 + "?repository_url=ghcr.io/acme/shop",
        "acme-shop",
    ]


def test_a_statement_has_the_aliases_and_the_components_that_it_is_about() -> None:
    statement = event("openvex", VALID / "0.2_statements_without_time.json")["statements"][0]

    assert statement["vulnerability"] == "GO-2024-2575"
    assert statement["aliases"] == ["CVE-2024-26147", "GHSA-r53h-jv2g-vpx6"]
    assert statement["subcomponents"] == ["pkg:golang/helm.sh/helm/v3"]


def test_a_statement_without_time_has_none_of_its_own() -> None:
    document = event("openvex", VALID / "0.2_statements_without_time.json")

    assert document["timestamp"] == "2026-03-03T14:00:00.115697+04:00"
    assert ["timestamp" in statement for statement in document["statements"]] == [False, False, True]


def test_a_product_is_known_by_its_hash_or_by_the_digest_in_its_package_url() -> None:
    document = event("openvex", VALID / "0.2_statements_without_time.json")

    assert [statement.get("product_digest") for statement in document["statements"]] == [
        None,
        "sha256:" + "1f" * 32,
        "sha256:" + "2e" * 32,
    ]
    assert "product_purl" not in document["statements"][2], "a name is no package URL"


def test_plain_texts_of_version_0_0_1_are_read_and_a_statement_without_product_is_kept() -> None:
    with_product, without = event("openvex", VALID / "0.0.1_plain_texts.json")["statements"]

    assert with_product["subcomponents"] == ["pkg:npm/tiny@1"]
    assert without == {"vulnerability": "CVE-2026-0002", "status": "fixed"}


def test_a_document_takes_nothing_from_the_run_that_loads_it() -> None:
    document = event("openvex", VALID / "0.2_statements_without_time.json")

    assert not {"repo", "run_id", "provider"} & set(document)


@pytest.mark.parametrize(
    ("name", "code"), [("product_that_is_a_number", "unexpected_shape"), ("cut_short", "not_json")]
)
def test_what_is_no_document_is_refused_with_its_reason(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        event("openvex", INVALID / f"{name}.json")

    assert refusal.value.code == code


@pytest.mark.corpus
def test_the_recorded_document_of_trivy_has_21_justified_statements() -> None:
    document = event("openvex", corpus("vex/openvex/aquasecurity__trivy/trivy.openvex.json"))

    assert Counter(statement["status"] for statement in document["statements"]) == {"not_affected": 21}
    assert all(statement["justification"] for statement in document["statements"])
    assert sum(len(statement["aliases"]) for statement in document["statements"]) == 36
