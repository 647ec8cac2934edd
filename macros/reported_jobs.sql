{#
    CTEs that end with `reported_jobs`: the jobs of run attempts, from whoever reported them.

    Given `attempts`, a CTE before them with the keys of attempts, only theirs, with the days on which the newest
    versions of their runs, and jobs apart from these, were loaded: an incremental mart reads the jobs of a few days,
    not of years.

    What is asked of all jobs before one of them is read is asked of the models, not of the CTEs: DuckDB keeps a CTE that
    is named twice, every column of ten million jobs.
#}
{% macro reported_jobs(attempts=none, loading_days=none, lone_loading_days=none) %}
run_jobs as (

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

runs_with_lone_jobs as (

    select distinct
        lone_jobs.provider,
        lone_jobs.repository,
        lone_jobs.run_id,
        lone_jobs.run_attempt
    from {{ ref('int_pipeline_jobs_current') }} as lone_jobs
    {{ _join_attempts('lone_jobs', attempts) }}
    where {{ is_loaded_on('lone_jobs', lone_loading_days) }}

),

-- Should both the provider and the pipeline list them, the provider's list counts.
runs_listed_by_api as (

    select distinct
        run_jobs.provider,
        run_jobs.repository,
        run_jobs.run_id,
        run_jobs.run_attempt
    from {{ ref('int_pipeline_run_jobs_current') }} as run_jobs
    {{ _join_attempts('run_jobs', attempts) }}
    where
        run_jobs.measured_by = 'api'
        and {{ is_loaded_on('run_jobs', loading_days) }}

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
        _source_line
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
        _source_line
    from lone_jobs

)
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
