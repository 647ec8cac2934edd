"""Pipeline runs: one attempt of one CI run, with its jobs, test totals, verdicts and cost."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import Event, Table, boolean, child, integer, joined, number, string, timestamp

RUNS = Table(
    "pipeline_runs",
    # A v1.2 event knows neither provider nor attempt: its run id is a uuid of its own making.
    key=("provider", "repository", "run_id", "run_attempt"),
    event_time="started_at",
    columns=(
        string("provider", default="hub"),
        string("repository", "repo"),
        string("run_id"),
        integer("run_attempt", default=1),
        integer("run_number"),
        string("workflow"),
        string("event"),
        string("actor"),
        string("actor_type"),
        string("commit_sha"),
        string("branch"),
        boolean("is_default_branch"),
        integer("pull_request_number", "pr"),
        timestamp("started_at"),
        timestamp("ended_at"),
        string("status"),
        string("status_original"),
        integer("queue_ms"),
        integer("artifact_bytes"),
        string("environment"),
        string("deployment_id"),
        integer("rollout_step"),
        string("strategy"),
        string("image_digest"),
        string("sbom_uri"),
        string("provenance_uri"),
        string("signature_uri"),
        string("release_evidence_uri"),
        string("runner_os"),
        string("runner_type"),
        string("region"),
        boolean("is_spot", "spot"),
        string("canary_decision", "canary.decision"),
        timestamp("canary_recorded_at", "canary.recorded_at"),
        timestamp("canary_window_started_at", "canary.window.start"),
        timestamp("canary_window_ended_at", "canary.window.end"),
        string("canary_query", "canary.query"),
        string("canary_metrics_uri", "canary.metrics_uri"),
        string("canary_notes", "canary.notes"),
        number("canary_error_rate", "canary_metrics.error_rate"),
        number("canary_success_ratio", "canary_metrics.success_rate"),
        number("canary_latency_p50_ms", "canary_metrics.latency_p50_ms"),
        number("canary_latency_p95_ms", "canary_metrics.latency_p95_ms"),
        number("canary_latency_p99_ms", "canary_metrics.latency_p99_ms"),
        number("canary_requests_per_second", "canary_metrics.reqs_per_s"),
        string("rollback_reason"),
        number("carbon_g_co2e"),
        number("energy_kwh", "energy.kwh"),
        joined("cache_keys"),
        number("flakiness_index"),
        integer("test_count", "tests.total"),
        integer("failed_test_count", "tests.failed"),
        integer("skipped_test_count", "tests.skipped"),
        integer("flaky_test_count", "tests.flaky"),
        integer("test_duration_ms", "tests.duration_ms"),
        number("line_coverage_ratio", "tests.coverage.lines_pct"),
        number("branch_coverage_ratio", "tests.coverage.branches_pct"),
        number("statement_coverage_ratio", "tests.coverage.statements_pct"),
        integer("mutant_count", "tests.resilience.mutants_total"),
        integer("killed_mutant_count", "tests.resilience.killed"),
        integer("equivalent_mutant_count", "tests.resilience.equiv"),
        integer("timeout_mutant_count", "tests.resilience.timeout"),
        integer("dropped_equivalent_mutant_count", "tests.resilience.equivalent_mutants_dropped"),
        number("reported_mutation_score_ratio", "tests.resilience.score"),
        number("reported_mutation_score_delta", "tests.resilience.delta_vs_main"),
        number("cost_usd", "cost.usd"),
        number("cpu_seconds", "cost.cpu_seconds"),
        number("gpu_seconds", "cost.gpu_seconds"),
    ),
)

JOBS = child(
    RUNS,
    "pipeline_run_jobs",
    "jobs",
    [
        string("job_id", "id"),
        string("job_name", "name"),
        string("status"),
        integer("job_attempt", "attempt"),
        integer("duration_ms"),
        integer("queue_ms"),
        timestamp("job_queued_at", "queued_at"),
        timestamp("job_started_at", "started_at"),
        timestamp("job_completed_at", "completed_at"),
        integer("failed_step_count", "steps_failed"),
        boolean("is_cache_hit", "cache.hit"),
        string("cache_key", "cache.key"),
        string("machine_class", "machine.class"),
        string("machine_cpu", "machine.cpu"),
        number("machine_ram_gb", "machine.ram_gb"),
        string("runner_label"),
        string("logs_uri"),
    ],
)

JOB_MATRIX = child(RUNS, "pipeline_run_job_matrix", "jobs[].matrix", [string("key"), string("value")])

CHAOS = child(
    RUNS,
    "pipeline_run_chaos",
    "chaos",
    [
        string("fault"),
        string("target"),
        integer("seed"),
        number("rate_ratio", "rate"),
        timestamp("experiment_started_at", "started_at"),
        timestamp("experiment_ended_at", "ended_at"),
        string("outcome"),
        integer("retry_count", "retries"),
    ],
)

FINDINGS = child(
    RUNS,
    "pipeline_run_findings",
    "autopsy.root_causes",
    [
        string("pattern"),
        string("suggestion"),
        string("tool"),
        string("file_path", "file"),
        integer("line_number", "line"),
        string("message"),
        string("severity"),
        string("docs_uri"),
    ],
)

POLICIES = child(
    RUNS,
    "pipeline_run_policies",
    "policies",
    [
        string("policy_id", "id"),
        string("decision", "result"),
        string("reason"),
        string("docs_uri"),
        integer("duration_ns", "time_ns"),
    ],
)

TABLES = (RUNS, JOBS, JOB_MATRIX, CHAOS, FINDINGS, POLICIES)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: ends before starts, and parts greater than their whole."""
    if is_reversed(event["started_at"], event.get("ended_at")):
        yield Violation("/ended_at", f"the run ends ({event['ended_at']}) before it starts ({event['started_at']})")
    canary = event.get("canary")
    if canary and is_reversed(canary["window"]["start"], canary["window"]["end"]):
        yield Violation("/canary/window/end", "the canary's window ends before it starts")
    for place, job in enumerate(event.get("jobs") or ()):
        if is_reversed(job.get("started_at"), job.get("completed_at")):
            yield Violation(f"/jobs/{place}/completed_at", "the job ends before it starts")
    for place, experiment in enumerate(event.get("chaos") or ()):
        if is_reversed(experiment.get("started_at"), experiment.get("ended_at")):
            yield Violation(f"/chaos/{place}/ended_at", "the experiment ends before it starts")
    tests = event.get("tests")
    if not tests:
        return
    if tests["failed"] + tests.get("skipped", 0) > tests["total"]:
        yield Violation("/tests", f"failed + skipped tests are more than the total of {tests['total']}")
    if tests.get("flaky", 0) > tests["total"]:
        yield Violation("/tests/flaky", f"flaky tests are more than the total of {tests['total']}")
    mutants = tests.get("resilience")
    if mutants and mutants["killed"] + mutants["timeout"] + mutants["equiv"] > mutants["mutants_total"]:
        yield Violation(
            "/tests/resilience",
            f"killed + timeout + equivalent mutants are more than the total of {mutants['mutants_total']}",
        )
