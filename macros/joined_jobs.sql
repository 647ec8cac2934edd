{#
    The jobs of the runs that started on these dates, for a mart that has their attempts as a CTE; all
    jobs where the dates are none.
#}
{% macro jobs_of_dates(dates, attempts) %}
    {#- While dbt looks for dependencies, both ways are gone. -#}
    {%- set all_jobs = ref('int_jobs_joined') -%}
    {%- if execute and dates is none -%}
        select * from {{ all_jobs }}
    {%- else -%}
        {{ joined_jobs(attempts, loading_days_of_runs(dates), loading_days_of_lone_jobs(dates)) }}
    {%- endif -%}
{% endmacro %}


{#
    The jobs of run attempts, from whoever reported them: the body of `int_jobs_joined`.

    Given `attempts`, a CTE of the caller with the keys of attempts, only theirs, with the days on which
    their newest versions, and jobs apart from them, were loaded: an incremental mart reads the jobs of a
    few days, not of years.
#}
{% macro joined_jobs(attempts=none, loading_days=none, lone_loading_days=none) %}
    {# "Re-run failed jobs" lists the jobs that were not run again once more, with their old times. #}
    {% set is_carried_over = 'coalesce(reported_jobs.run_attempt > 1 and reported_jobs.started_at < runs.started_at, false)' %}

with run_jobs as (

    select run_jobs.*
    from {{ ref('int_pipeline_run_jobs_current') }} as run_jobs
    {{ _join_attempts('run_jobs', attempts) }}
    where {{ is_loaded_on('run_jobs', loading_days) }}

),

lone_jobs as (

    select lone_jobs.*
    from {{ ref('int_pipeline_jobs_current') }} as lone_jobs
    {{ _join_attempts('lone_jobs', attempts) }}
    where {{ is_loaded_on('lone_jobs', lone_loading_days) }}

),

runs as (

    select runs.*
    from {{ ref('int_pipeline_runs_joined') }} as runs
    {{ _join_attempts('runs', attempts) }}
    where {{ is_loaded_on('runs', loading_days) }}

),

status_words as (

    select * from {{ ref('int_run_status_words') }}

),

runs_with_lone_jobs as (

    select distinct
        provider,
        repository,
        run_id,
        run_attempt
    from lone_jobs

),

-- Should both the provider and the pipeline list them, the provider's list counts.
runs_listed_by_api as (

    select distinct
        provider,
        repository,
        run_id,
        run_attempt
    from run_jobs
    where measured_by = 'api'

),

-- Jobs that came by themselves say more than the list in their run, which then is not counted again.
run_only_jobs as (

    select run_jobs.*
    from run_jobs
    left join runs_with_lone_jobs
        on
            run_jobs.provider = runs_with_lone_jobs.provider
            and run_jobs.repository = runs_with_lone_jobs.repository
            and run_jobs.run_id = runs_with_lone_jobs.run_id
            and run_jobs.run_attempt = runs_with_lone_jobs.run_attempt
    left join runs_listed_by_api
        on
            run_jobs.provider = runs_listed_by_api.provider
            and run_jobs.repository = runs_listed_by_api.repository
            and run_jobs.run_id = runs_listed_by_api.run_id
            and run_jobs.run_attempt = runs_listed_by_api.run_attempt
    where
        runs_with_lone_jobs.run_id is null
        and (run_jobs.measured_by = 'api' or runs_listed_by_api.run_id is null)

),

reported_jobs as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        job_id,
        ordinal,
        job_name,
        'run' as reported_by,
        cast(null as {{ dbt.type_string() }}) as workflow,
        cast(null as {{ dbt.type_string() }}) as commit_sha,
        cast(null as {{ dbt.type_string() }}) as branch,
        status,
        cast(null as {{ dbt.type_string() }}) as status_original,
        job_attempt,
        job_queued_at as queued_at,
        job_started_at as started_at,
        job_completed_at as completed_at,
        duration_ms as reported_duration_ms,
        queue_ms as reported_queue_ms,
        failed_step_count,
        is_cache_hit,
        cache_key,
        machine_class,
        machine_cpu,
        machine_ram_gb,
        runner_label,
        cast(null as {{ dbt.type_string() }}) as runner_type,
        logs_uri,
        is_simulated,
        _event_id,
        _load_id,
        _source_line,
        _committed_at
    from run_only_jobs
    union all
    select
        provider,
        repository,
        run_id,
        run_attempt,
        job_id,
        1 as ordinal,
        job_name,
        'job' as reported_by,
        workflow,
        commit_sha,
        branch,
        status,
        status_original,
        cast(null as {{ dbt.type_int() }}) as job_attempt,
        queued_at,
        started_at,
        completed_at,
        cast(null as {{ dbt.type_int() }}) as reported_duration_ms,
        cast(null as {{ dbt.type_int() }}) as reported_queue_ms,
        failed_step_count,
        cast(null as {{ dbt.type_boolean() }}) as is_cache_hit,
        cast(null as {{ dbt.type_string() }}) as cache_key,
        cast(null as {{ dbt.type_string() }}) as machine_class,
        cast(null as {{ dbt.type_string() }}) as machine_cpu,
        cast(null as {{ dbt.type_float() }}) as machine_ram_gb,
        runner_label,
        runner_type,
        cast(null as {{ dbt.type_string() }}) as logs_uri,
        is_simulated,
        _event_id,
        _load_id,
        _source_line,
        _committed_at
    from lone_jobs

),

jobs_of_runs as (

    select
        reported_jobs.provider,
        reported_jobs.repository,
        reported_jobs.run_id,
        reported_jobs.run_attempt,
        reported_jobs.job_id,
        reported_jobs.ordinal,
        reported_jobs.job_name,
        reported_jobs.reported_by,
        coalesce(runs.workflow, reported_jobs.workflow, '(none)') as workflow,
        coalesce(runs.environment, '(none)') as environment,
        coalesce(reported_jobs.commit_sha, runs.commit_sha) as commit_sha,
        coalesce(reported_jobs.branch, runs.branch) as branch,
        runs.event,
        runs.started_at as run_started_at,
        reported_jobs.status,
        reported_jobs.status_original,
        reported_jobs.job_attempt,
        reported_jobs.queued_at,
        reported_jobs.started_at,
        reported_jobs.completed_at,
        {{ is_carried_over }} as is_carried_over,
        coalesce(
            reported_jobs.reported_duration_ms,
            {{ dbt.datediff('reported_jobs.started_at', 'reported_jobs.completed_at', 'millisecond') }}
        ) as duration_ms,
        case
            when {{ is_carried_over }} then null
            when reported_jobs.reported_queue_ms is not null then reported_jobs.reported_queue_ms
            -- A queue that ends before it begins is two clocks that disagree, not a measurement.
            when reported_jobs.queued_at <= reported_jobs.started_at
                then {{ dbt.datediff('reported_jobs.queued_at', 'reported_jobs.started_at', 'millisecond') }}
        end as queue_ms,
        reported_jobs.failed_step_count,
        reported_jobs.is_cache_hit,
        reported_jobs.cache_key,
        reported_jobs.machine_class,
        reported_jobs.machine_cpu,
        reported_jobs.machine_ram_gb,
        reported_jobs.runner_label,
        coalesce(reported_jobs.runner_type, runs.runner_type) as runner_type,
        runs.runner_os,
        reported_jobs.logs_uri,
        reported_jobs.is_simulated,
        reported_jobs._event_id,
        reported_jobs._load_id,
        reported_jobs._source_line,
        reported_jobs._committed_at
    from reported_jobs
    left join runs
        on
            reported_jobs.provider = runs.provider
            and reported_jobs.repository = runs.repository
            and reported_jobs.run_id = runs.run_id
            and reported_jobs.run_attempt = runs.run_attempt

),

all_words as (

    select max(_words_fingerprint) as _words_fingerprint
    from status_words

),

jobs_with_status as (

    select
        jobs_of_runs.*,
        coalesce(status_words.run_status, 'unknown') as job_status,
        status_words.run_status is null
        and coalesce({{ status_word('jobs_of_runs') }}, 'unknown') <> 'unknown' as has_unmapped_status,
        all_words._words_fingerprint
    from jobs_of_runs
    cross join all_words
    left join status_words
        on
            {{ status_word_provider('jobs_of_runs') }} = status_words.provider
            and {{ status_word('jobs_of_runs') }} = status_words.status_original

)

select * from jobs_with_status
{% endmacro %}


{# Their keys are distinct, so that this multiplies nothing. #}
{% macro _join_attempts(relation, attempts) -%}
    {%- if attempts -%}
        inner join {{ attempts }} as wanted
            on
                {{ relation }}.provider = wanted.provider
                and {{ relation }}.repository = wanted.repository
                and {{ relation }}.run_id = wanted.run_id
                and {{ relation }}.run_attempt = wanted.run_attempt
    {%- endif -%}
{%- endmacro %}
