from pathlib import Path

import pytest
from native import FIXTURES, corpus, event, recognises

from ci_intel.errors import Refused

VALID = FIXTURES / "cyclonedx_json" / "valid"
INVALID = FIXTURES / "cyclonedx_json" / "invalid"


def test_a_document_says_its_identity_its_tool_and_its_subject() -> None:
    sbom = event("cyclonedx_json", VALID / "1.2_tools_as_a_list.json")

    assert sbom["document_id"] == "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
    assert (sbom["spec_version"], sbom["tool"], sbom["tool_version"]) == ("1.2", "maven-plugin", "2.0.2")
    assert (sbom["subject_name"], sbom["subject_version"]) == ("shop", "2.3.0")
    assert sbom["repo"] == "acme/shop"


def test_the_subject_is_not_one_of_the_components() -> None:
    sbom = event("cyclonedx_json", VALID / "1.2_tools_as_a_list.json")

    assert [component["name"] for component in sbom["components"]] == ["log4j-core"]


def test_licences_are_identifiers_names_or_expressions() -> None:
    [component] = event("cyclonedx_json", VALID / "1.2_tools_as_a_list.json")["components"]

    assert component["licences"] == ["Apache-2.0", "MIT OR ISC", "Own licence"]
    assert (component["group"], component["supplier"]) == ("org.apache.logging.log4j", "Apache")


def test_tools_may_be_an_object_and_the_digest_is_in_the_package_url_of_an_image() -> None:
    sbom = event("cyclonedx_json", VALID / "1.7_tools_as_an_object_and_an_image.json")

    assert (sbom["tool"], sbom["tool_version"]) == ("trivy", "0.70.0")
    assert sbom["subject_digest"] == "sha256:" + "1f" * 32


def test_a_component_without_version_or_package_url_is_kept_without_them() -> None:
    sbom = event("cyclonedx_json", VALID / "1.7_tools_as_an_object_and_an_image.json")

    assert sbom["components"][0] == {"name": "package-lock.json", "type": "application", "depth": 1}


def test_nested_components_are_listed_after_their_parent_with_their_depth() -> None:
    sbom = event("cyclonedx_json", VALID / "nested_components_without_times.json")

    assert [(component["name"], component["depth"]) for component in sbom["components"]] == [
        ("base", 1),
        ("openssl", 2),
        ("libssl.so", 3),
        ("zlib", 1),
    ]


def test_a_document_without_time_and_serial_number_invents_neither() -> None:
    sbom = event("cyclonedx_json", VALID / "nested_components_without_times.json")

    assert not {"created_at", "document_id", "tool", "subject_name"} & set(sbom)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("vulnerabilities_without_components", "unsupported_document", id="VEX is no SBOM"),
        pytest.param("no_components", "empty_sbom", id="an SBOM of nothing proves nothing"),
        pytest.param("component_that_is_a_text", "unexpected_shape", id="no component is skipped in silence"),
        pytest.param("cut_short", "not_json", id="a broken document is refused for being broken"),
    ],
)
def test_what_is_no_sbom_is_refused_with_its_reason(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        event("cyclonedx_json", INVALID / f"{name}.json")

    assert refusal.value.code == code


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("path", "components"),
    [
        ("dropwizard-1.3.15__bom.json.gz", 167),
        ("keycloak-10.0.2__bom.json.gz", 903),
        ("laravel-7.12.0__bom.1.2.json.gz", 62),
        ("laravel-7.12.0__bom.1.4.json.gz", 62),
        ("proton-bridge__proton-bridge-v1.8.0.bom.json.gz", 201),
    ],
)
def test_recorded_documents_keep_all_their_components(path: str, components: int) -> None:
    sbom = event("cyclonedx_json", corpus("sbom/cyclonedx/CycloneDX__bom-examples") / path)

    assert len(sbom["components"]) == components


@pytest.mark.corpus
def test_no_xml_spdx_or_other_json_of_the_corpus_is_taken_for_cyclonedx_json() -> None:
    taken = [path for path in corpus("").rglob("*") if path.is_file() and recognised(path)]

    assert {path.relative_to(corpus("")).parts[0] for path in taken} == {"sbom", "vex"}
    assert {path.relative_to(corpus("")).parts[1] for path in taken} == {"cyclonedx", "cyclonedx_vex"}
    assert not [path for path in taken if ".xml" in path.name]


def recognised(path: Path) -> bool:
    try:
        return recognises("cyclonedx_json", path)
    except Refused:
        return False  # an archive
