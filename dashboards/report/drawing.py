"""From a Vega-Lite specification to an SVG for a page: drawn here, without a browser and without the network."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from defusedxml.ElementTree import fromstring

from ci_intel.errors import HubError

_SVG = "http://www.w3.org/2000/svg"


def svg(spec: dict[str, Any], name: str) -> str:
    """
    Draw a picture; `name` is its own on the page, so that no two pictures share an id.

    What a mark is described by becomes its tooltip. Raises `HubError` if the libraries of the extra are missing.
    """
    try:
        import vl_convert
    except ModuleNotFoundError as error:
        raise needs_extra(error) from error
    return _for_page(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]), name)


def needs_extra(error: ModuleNotFoundError) -> HubError:
    """The error of a page whose libraries are not installed."""
    return HubError(f"--format html needs more packages: pip install 'ci-intelligence-hub[report]' ({error.name})")


def _for_page(drawn: str, name: str) -> str:
    # Ids, and what refers to them: the page has many pictures.
    drawn = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", drawn)
    ElementTree.register_namespace("", _SVG)
    root = fromstring(drawn)
    # The figure around it says what is to be seen; a screen reader is spared each mark.
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    # It scales with its column; the box keeps its proportions.
    root.set("width", "100%")
    root.attrib.pop("height", None)
    for mark in list(root.iter()):
        if mark.get("role") == "graphics-symbol" and mark.get("aria-roledescription") not in (
            "axis",
            "legend",
            "title",
        ):
            label = mark.get("aria-label")
            if label:
                title = ElementTree.Element(f"{{{_SVG}}}title")
                title.text = label
                mark.insert(0, title)
        for attribute in ("aria-label", "aria-roledescription", "role"):
            mark.attrib.pop(attribute, None)
    return ElementTree.tostring(root, encoding="unicode")
