"""A warehouse to report on: a simulated fleet, and real evidence of somebody who wants to own its readers."""

from __future__ import annotations

from typing import Any

from dbt_project import run_dbt_on
from hub import Hub, lines

UNTIL = "2026-11-26"
WEEK = "2026-11-16"
# Script, markup and calls of each kind that a reader could fall for: HTML, SVG, Markdown, Slack, a template.
HOSTILE = (
    "</title></svg><script>document.title='owned'</script><img src=https://evil.example/x onerror=alert(1)> "
    "*bold* _it_ `code` [click](https://evil.example) <https://evil.example|click> <!channel> <@U1> @here :fire: "
    "${7*7} {{7*7}} &lt;b&gt; javascript:alert(1)"
)


def hostile_evidence() -> list[dict[str, Any]]:
    """Return real evidence whose free texts are hostile: a team, suites, tests, targets and a drill."""
    events: list[dict[str, Any]] = [
        {
            "schema": "repository.v1.0",
            "repo": "acme/shop",
            "valid_from": "2026-01-01T00:00:00Z",
            "team": HOSTILE,
            "tier": 1,
        },
        {
            "schema": "dr_drill.v1.0",
            "repo": "acme/shop",
            "drill_id": "hostile",
            "drill": HOSTILE,
            "service": HOSTILE,
            "disruption_at": "2026-11-17T10:00:00Z",
            "restored_at": "2026-11-17T14:00:00Z",
            "last_recoverable_at": "2026-11-17T09:59:00Z",
            "objectives": {"rto_ms": 3600000, "rpo_ms": 3600000},
        },
        {
            "schema": "mutation_run.v1.0",
            "repo": "acme/shop",
            "commit_sha": "a" * 40,
            "tool": "stryker",
            "target": HOSTILE,
            "generated_at": "2026-11-17T10:00:00Z",
            "mutants": [
                {"id": str(place), "status": "survived", "file": "a.ts", "line": 1, "mutator": "Boolean"}
                for place in range(100)
            ],
        },
    ]
    for place in range(12):
        for run, outcome in enumerate(("passed", "failed")):
            events.append(
                {
                    "schema": "test_report.v1.0",
                    "repo": "acme/shop",
                    "provider": "github",
                    "run_id": f"{place}-{run}",
                    "run_attempt": 1,
                    "job": "test",
                    "commit_sha": f"{place:040x}",
                    "suite": "unit " + HOSTILE,
                    "started_at": f"2026-11-{16 + place % 6}T1{run}:{place:02}:00Z",
                    "cases": [{"name": "test " + HOSTILE, "outcome": outcome}],
                }
            )
    return events


def fill(hub: Hub) -> Hub:
    """Simulate, load and build what a report is made of."""
    folder = hub.folder / "simulated"
    made = hub.run("simulate", "--days", "60", "--seed", "7", "--until", UNTIL, "--out", folder)
    assert made.exit_code == 0, made.output
    hub.load(folder)
    hub.load(hub.file("hostile.ndjson", lines(*hostile_evidence())))
    moment = f"{{as_of: '{UNTIL} 00:00:00'}}"
    run_dbt_on(hub, "build", "--exclude-resource-type", "unit_test", "test", "--vars", moment)
    return hub
