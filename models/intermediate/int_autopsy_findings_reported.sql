-- One row per root cause of a failed run or an incident, by whoever reported it.
with autopsy_findings as (

    select * from {{ ref('int_autopsy_findings_current') }}

),

run_findings as (

    select * from {{ ref('int_pipeline_run_findings_current') }}

),

-- The findings that are events of their own say more than what a run repeats of them.
runs_with_findings as (

    select distinct
        coalesce(provider, 'hub') as provider,
        repository,
        run_id,
        coalesce(run_attempt, 1) as run_attempt
    from autopsy_findings
    where repository is not null and run_id is not null

),

lone_run_findings as (

    select run_findings.*
    from run_findings
    left join runs_with_findings
        on
            run_findings.provider = runs_with_findings.provider
            and run_findings.repository = runs_with_findings.repository
            and run_findings.run_id = runs_with_findings.run_id
            and run_findings.run_attempt = runs_with_findings.run_attempt
    where runs_with_findings.run_id is null

),

reported as (

    select
        autopsy_finding_id,
        'autopsy' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        incident_provider,
        incident_id,
        tool,
        category,
        pattern,
        message,
        file_path,
        line_number,
        suggestion,
        severity,
        confidence,
        docs_uri,
        found_at,
        is_simulated,
        _event_id
    from autopsy_findings
    union all
    select
        _event_id || '#' || cast(ordinal as {{ dbt.type_string() }}) as autopsy_finding_id,
        'pipeline' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        cast(null as {{ dbt.type_string() }}) as incident_provider,
        cast(null as {{ dbt.type_string() }}) as incident_id,
        tool,
        cast(null as {{ dbt.type_string() }}) as category,
        pattern,
        message,
        file_path,
        line_number,
        suggestion,
        severity,
        cast(null as {{ type_double() }}) as confidence,
        docs_uri,
        -- A run lists its causes without their times: they were found after it had started.
        started_at as found_at,
        is_simulated,
        _event_id
    from lone_run_findings

)

select * from reported
