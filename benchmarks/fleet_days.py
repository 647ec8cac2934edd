"""
Days of a large fleet, written by SQL straight into the raw tables: half of the runs with their jobs from a
pipeline, half from a provider's API with jobs that arrive apart, and what they deployed.

Each hour is one load of either kind and has its row in the ledger, as if it had been loaded. Every
fiftieth run is the second attempt of one before it, on the next day for some; on each later day some runs
of the day before are corrected.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

FIRST_DAY = "timestamp '2025-06-01'"
JOBS_A_RUN = 10


@dataclass(frozen=True)
class Fleet:
    """How many runs a fleet has in a day."""

    runs_a_day: int

    def write(self, database: Path, first_day: int, end_day: int) -> None:
        """Append the days from `first_day` up to, but without, `end_day`, counted from 0."""
        with duckdb.connect(str(database)) as connection:
            connection.execute("set memory_limit = '4GB'; set preserve_insertion_order = true")
            connection.execute(f"create temp table fleet_runs as {self._runs(first_day, end_day)}")
            connection.execute("begin")
            for table, select in (
                ("pipeline_runs", RUNS),
                ("pipeline_run_jobs", RUN_JOBS),
                ("pipeline_jobs", LONE_JOBS),
                ("deployments", DEPLOYMENTS),
                ("deployment_commits", DEPLOYMENT_COMMITS),
                ("load_topics", LOAD_TOPICS),
                ("loads", LOADS),
            ):
                connection.execute(f"insert into raw.{table} by name {select}")
            connection.execute("commit")
            connection.execute("checkpoint")

    def _runs(self, first_day: int, end_day: int) -> str:
        """Return the query for the runs of these days, and for those of the day before that are corrected."""
        first, end = first_day * self.runs_a_day, end_day * self.runs_a_day
        corrected = self.runs_a_day // 100
        return f"""
            with numbers as (
                select n, n // {self.runs_a_day} as day, false as is_corrected
                from range({first}, {end}) as numbers (n)
                union all
                select n, n // {self.runs_a_day} + 1 as day, true as is_corrected
                from range(greatest({first} - {self.runs_a_day}, 0), {end} - {self.runs_a_day}) as numbers (n)
                where n % {self.runs_a_day} < {corrected}
            ),
            hours as (
                select *, n % {self.runs_a_day} * 24 // {self.runs_a_day} as hour from numbers
            )
            select
                n,
                day,
                is_corrected,
                n % 50 = 49 as is_rerun,
                case when n % 2 = 0 then 'hub' else 'github_rest' end as format,
                case when n % 2 = 0 then 'hub' else 'github' end as provider,
                'acme/service-' || n % 40 as repository,
                -- A rerun follows a run of the same provider and repository.
                md5('run' || case when n % 50 = 49 then n - 80 else n end) as run_id,
                case when n % 50 = 49 then 2 else 1 end as run_attempt,
                sha1('commit' || n // 80) as commit_sha,
                {FIRST_DAY} + to_microseconds(
                    (n // {self.runs_a_day}) * 86400000000 + (n % {self.runs_a_day}) * 86400000000 // {self.runs_a_day}
                ) as started_at,
                (60 + hash(n) % 2400)::bigint as seconds,
                hash(n, 1) % 10 = 0 as is_red,
                hour,
                sha256(concat(format, ' ', day, ' ', hour)) as load_id,
                {FIRST_DAY} + to_days(day::integer) + to_hours(hour::integer + 2) + interval 30 minute as loaded_at,
                row_number() over (partition by format, day, hour order by n, is_corrected) as line
            from hours
            order by day, hour, format, n
        """


def lineage(line: str = "line") -> str:
    """Return the loader's columns of a row that came from this line of its day's load."""
    return f"""
        fleet_runs.load_id as _load_id,
        1 as _generation,
        concat(fleet_runs.load_id, ':1:', {line}) as _event_id,
        {line} as _source_line,
        fleet_runs.loaded_at as _loaded_at
    """


RUN_KEY = """
    fleet_runs.provider,
    fleet_runs.repository,
    fleet_runs.run_id,
    fleet_runs.run_attempt
"""

RUNS = f"""
    select
        {RUN_KEY},
        n as run_number,
        'workflow-' || n % 5 as workflow,
        'push' as event,
        'human' as actor_type,
        commit_sha,
        case when n % 5 < 2 then 'main' else 'feature/' || n % 997 end as branch,
        started_at,
        started_at + to_seconds(seconds) as ended_at,
        case when format = 'github_rest' then 'unknown' when is_red then 'failed' else 'success' end as status,
        case
            when format = 'hub' then null
            when is_red then 'completed/failure'
            else 'completed/success'
        end as status_original,
        hash(n, 2) % 90000 as queue_ms,
        case when n % 3 = 0 then 'staging' end as environment,
        case when n % 200 = 0 then 'd' || n end as deployment_id,
        'linux' as runner_os,
        'hosted' as runner_type,
        200 + hash(n, 3) % 700 as test_count,
        case when is_red then 3 else 0 end as failed_test_count,
        hash(n, 4) % 4000 / 1000 as cost_usd,
        'pipeline_run.v1.3' as _contract,
        started_at + to_seconds(seconds) + case when is_corrected then interval 1 hour else interval 0 hour end
            as _emitted_at,
        {lineage()}
    from fleet_runs
    order by day, hour, format, line
"""

RUN_JOBS = f"""
    select
        {RUN_KEY},
        fleet_runs.started_at,
        place as ordinal,
        'job-' || place as job_id,
        'build / test (' || place || ')' as job_name,
        case when place = 1 and is_red then 'failed' else 'success' end as status,
        1 as job_attempt,
        hash(n, place, 5) % 900000 as duration_ms,
        hash(n, place, 6) % 60000 as queue_ms,
        started_at + to_seconds(place) as job_started_at,
        started_at + to_seconds(place) + to_milliseconds((hash(n, place, 5) % 900000)::bigint) as job_completed_at,
        hash(n, place, 7) % 5 > 0 as is_cache_hit,
        'deps-' || n % 97 as cache_key,
        'standard-4' as machine_class,
        'ubuntu-24.04' as runner_label,
        'pipeline_run.v1.3' as _contract,
        {lineage()}
    from fleet_runs
    cross join range(1, {JOBS_A_RUN + 1}) as places (place)
    where format = 'hub'
    order by day, hour, line, place
"""

LONE_JOBS = f"""
    select
        {RUN_KEY},
        (n * {JOBS_A_RUN} + place)::varchar as job_id,
        'build / test (' || place || ')' as job_name,
        'workflow-' || n % 5 as workflow,
        commit_sha,
        'unknown' as status,
        case when place = 1 and is_red then 'completed/failure' else 'completed/success' end as status_original,
        'ubuntu-24.04' as runner_label,
        'hosted' as runner_type,
        started_at as queued_at,
        started_at + to_seconds(place) as started_at,
        started_at + to_seconds(place) + to_milliseconds((hash(n, place, 5) % 900000)::bigint) as completed_at,
        'pipeline_job.v1.0' as _contract,
        {lineage("1000000 + line * 100 + place")}
    from fleet_runs
    cross join range(1, {JOBS_A_RUN + 1}) as places (place)
    where format = 'github_rest' and not is_corrected
    order by day, hour, line, place
"""

DEPLOYMENTS = f"""
    select
        'hub' as provider,
        'd' || n as deployment_id,
        repository,
        'production' as environment,
        true as is_production,
        case when is_red then 'failed' else 'success' end as status,
        commit_sha,
        started_at + to_seconds(seconds) as started_at,
        started_at + to_seconds(seconds + 300) as finished_at,
        'deployment.v1.0' as _contract,
        {lineage("100000000 + line")}
    from fleet_runs
    where n % 200 = 0 and not is_corrected
    order by day, hour, line
"""

DEPLOYMENT_COMMITS = f"""
    select
        'hub' as provider,
        'd' || n as deployment_id,
        started_at + to_seconds(seconds) as started_at,
        place as ordinal,
        sha1('commit' || (n // 80) || '-' || place) as commit_sha,
        started_at - to_hours((hash(n, place) % 90)::integer) as committed_at,
        'human' as actor_type,
        'deployment.v1.0' as _contract,
        {lineage("100000000 + line")}
    from fleet_runs
    cross join range(1, 4) as places (place)
    where n % 200 = 0 and not is_corrected
    order by day, hour, line, place
"""

# What each load held, counted in what it wrote.
LOAD_TOPICS = """
    with events as (
        select distinct _load_id, 'pipeline_run' as topic, _event_id from raw.pipeline_runs
        union all
        select _load_id, 'pipeline_job' as topic, _event_id from raw.pipeline_jobs
        union all
        select _load_id, 'deployment' as topic, _event_id from raw.deployments
    )
    select
        load_id,
        1 as generation,
        events.topic,
        false as is_simulated,
        count(*) as loaded_event_count,
        0 as rejected_event_count,
        fleet_loads.loaded_at
    from (select distinct load_id, loaded_at from fleet_runs) as fleet_loads
    inner join events on fleet_loads.load_id = events._load_id
    group by all
"""

LOADS = """
    select
        load_id,
        1 as generation,
        load_id as content_sha256,
        format || '-' || day || '-' || hour as source_name,
        format,
        counted.topics,
        counted.event_count,
        counted.event_count as loaded_event_count,
        0 as rejected_event_count,
        0 as duplicate_event_count,
        fleet_loads.loaded_at as started_at,
        fleet_loads.loaded_at,
        fleet_loads.loaded_at + interval 5 minute as committed_at,
        'evidence' as context_source
    from (select distinct load_id, format, day, hour, loaded_at from fleet_runs) as fleet_loads
    inner join (
        select
            load_id,
            string_agg(topic, chr(10) order by topic) as topics,
            sum(loaded_event_count)::bigint as event_count
        from raw.load_topics
        group by load_id
    ) as counted using (load_id)
"""
