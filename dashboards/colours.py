"""
What is coloured how, in every chart: blue is good, orange is bad, grey is what nobody knows.

Blue and orange are told apart by every eye, and in print; red and green are not. A colour never stands alone: a cell
holds its word, a bar its name in the legend.
"""

from __future__ import annotations

from collections.abc import Iterable

GOOD, WARNING, BAD, UNKNOWN = "#9CC3E6", "#F7C66B", "#E07B39", "#D0D0D0"
STRONG_GOOD, STRONG_BAD, FAINT = "#2F6DB5", "#C9490B", "#8C8C8C"

# The colours of lines and bars by their names in the legend.
SERIES = {
    "green": STRONG_GOOD,
    "amber": "#F2B134",
    "red": STRONG_BAD,
    "grey": "#BDBDBD",
    "grey (unknown)": "#BDBDBD",
    "Target": FAINT,
    "Upper limit": FAINT,
    "Lower limit": FAINT,
    "Of the day": "#C8D9EA",
    "Moving mean": STRONG_GOOD,
    "Succeeded": STRONG_GOOD,
    "Verified": STRONG_GOOD,
    "Failed": STRONG_BAD,
    "Refuted": STRONG_BAD,
    "Timed out": "#F2B134",
    "Canceled": "#BDBDBD",
    "Warned": "#F2B134",
    "Of proven origin": STRONG_GOOD,
    "Of unproven origin": STRONG_BAD,
    "critical": STRONG_BAD,
    "high": "#F2B134",
    "medium": "#9CC3E6",
    "low": "#D6E4F0",
    "Undecided": "#BDBDBD",
    "Measured": STRONG_GOOD,
    "Red beyond": STRONG_BAD,
    "Code that tests run": GOOD,
    "Planted faults that tests notice": STRONG_GOOD,
    "Only flaky tests had failed": STRONG_BAD,
    "A test had really failed": "#F2B134",
    "Nothing had failed": GOOD,
    "Not known, no test report": "#BDBDBD",
    "Origin verified": STRONG_GOOD,
    "Origin refuted": STRONG_BAD,
    "Nobody knew": "#BDBDBD",
    "unknown": "#BDBDBD",
    "recovered": STRONG_GOOD,
    "degraded": "#F2B134",
    "failed": STRONG_BAD,
    "invalid": "#D0D0D0",
    "aborted": "#8C8C8C",
    "Content was not what was stored": STRONG_BAD,
    "No valid signature": "#F2B134",
    "Could not be checked": "#BDBDBD",
}

# The colours of cells by their words, for each column that ends so.
_WORDS = {
    "status": {
        "red": BAD, "amber": WARNING, "green": GOOD, "grey": UNKNOWN,
        "spent": BAD, "within": GOOD, "unknown": UNKNOWN, "overdue": BAD,
    },
    "severity": {"critical": BAD, "high": WARNING, "CRITICAL": BAD, "HIGH": WARNING},
    "verdict": {"refuted": BAD, "verified": GOOD, "undecided": UNKNOWN},
    "band": {"low": BAD, "medium": WARNING, "high": GOOD, "elite": GOOD},
}  # fmt: skip
_BEGINNINGS = {"movement": {"▼": BAD, "▲": GOOD}, "origin": {"SIMULATED": WARNING}}


def cell_colours(columns: Iterable[str]) -> list[dict[str, str]]:
    """Return the rules by which a table colours the words in `columns`; none for a column that holds no verdict."""
    rules = []
    for column in columns:
        for words, operator in ((_WORDS, "="), (_BEGINNINGS, "begins with")):
            for word, colour in words.get(column.rsplit("_", 1)[-1], {}).items():
                rules.append({"column": column, "operator": operator, "targetValue": word, "colorScheme": colour})
    return rules
