"""The events of a simulated day, one module per kind of evidence; each has `events(world, repository, day)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from simulate.domains import (
    assurance,
    catalogue,
    deliveries,
    hindsight,
    pipelines,
    pull_requests,
    resilience,
    supply_chain,
    tests,
    warehouses,
)
from simulate.fleet import Repository
from simulate.world import Sent, World

Domain = Callable[[World, Repository, date], Iterator[Sent]]

# Which module speaks of which topics; one that marts are built from and that is missing here, a test names.
DOMAINS: Mapping[Domain, tuple[str, ...]] = {
    catalogue.events: ("repository",),
    pipelines.events: ("pipeline_run", "pipeline_job", "job_telemetry"),
    tests.events: ("test_report", "coverage_report", "mutation_run"),
    deliveries.events: ("deployment", "incident", "release"),
    pull_requests.events: ("pull_request",),
    supply_chain.events: ("sbom", "vulnerability_scan", "vex", "verification", "policy_decision"),
    resilience.events: ("chaos_experiment", "dr_drill"),
    warehouses.events: ("dbt_run",),
    assurance.events: ("determinism_check", "cache_check", "evidence_bundle"),
    hindsight.events: ("canary_decision", "autopsy_finding"),
}
