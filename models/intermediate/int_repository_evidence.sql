-- One row per repository and topic of which the repository has ever sent something.
{{ config(materialized='table') }}
{% set sources = [
    ('pipeline_run', 'int_pipeline_runs_current', 'started_at'),
    ('pipeline_job', 'int_pipeline_jobs_current', 'started_at'),
    ('job_telemetry', 'int_job_telemetry_current', 'recorded_at'),
    ('test_report', 'int_test_suites_current', 'started_at'),
    ('coverage_report', 'int_coverage_reports_current', 'generated_at'),
    ('mutation_run', 'int_mutation_runs_current', 'generated_at'),
    ('deployment', 'int_deployments_current', 'started_at'),
    ('incident', 'int_incidents_current', 'opened_at'),
    ('release', 'int_releases_current', 'released_at'),
    ('sbom', 'int_sboms_current', 'created_at'),
    ('vulnerability_scan', 'int_vulnerability_scans_current', 'scanned_at'),
    ('vex', 'int_vex_documents_current', 'issued_at'),
    ('verification', 'int_verifications_current', 'checked_at'),
    ('policy_decision', 'int_policy_decisions_current', 'decided_at'),
    ('chaos_experiment', 'int_chaos_experiments_current', 'started_at'),
    ('dbt_run', 'int_dbt_runs_current', 'ended_at'),
    ('dr_drill', 'int_dr_drills_current', 'disruption_at'),
    ('determinism_check', 'int_determinism_checks_current', 'checked_at'),
    ('cache_check', 'int_cache_checks_current', 'checked_at'),
    ('canary_decision', 'int_canary_decisions_current', 'recorded_at'),
    ('autopsy_finding', 'int_autopsy_findings_current', 'found_at'),
    ('evidence_bundle', 'int_evidence_bundles_current', 'created_at'),
] %}
with self_declared_loads as (

    select load_id from {{ ref('stg_loads') }}
    where context_source = 'flag'

),

-- Each topic is counted for itself, before they come together: those of runs and jobs have millions of rows.
evidence as (

    {% for topic, model, moment in sources %}
        -- What has no time of its own is as old as its load.
        select
            repository,
            '{{ topic }}' as topic,
            count(*) as evidence_count,
            min(coalesce({{ moment }}, _loaded_at)) as first_evidence_at,
            max(coalesce({{ moment }}, _loaded_at)) as last_evidence_at
        from {{ ref(model) }}
        where repository is not null and coalesce({{ moment }}, _loaded_at) <= {{ as_of() }}
        group by repository
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

-- Apart from it, as few loads are: of the others, nobody has to read which load a row is of.
self_declared_evidence as (

    select
        declared.repository,
        declared.topic,
        count(*) as evidence_count
    from (
        {% for topic, model, moment in sources %}
            select
                repository,
                '{{ topic }}' as topic,
                _load_id
            from {{ ref(model) }}
            where coalesce({{ moment }}, _loaded_at) <= {{ as_of() }}
            {% if not loop.last %} union all {% endif %}
        {% endfor %}
    ) as declared
    inner join self_declared_loads on declared._load_id = self_declared_loads.load_id
    group by declared.repository, declared.topic

)

select
    evidence.repository,
    evidence.topic,
    {{ is_simulated('evidence.repository') }} as is_simulated,
    evidence.evidence_count,
    coalesce(self_declared_evidence.evidence_count, 0) as self_declared_evidence_count,
    evidence.first_evidence_at,
    evidence.last_evidence_at
from evidence
left join self_declared_evidence
    on
        evidence.repository = self_declared_evidence.repository
        and evidence.topic = self_declared_evidence.topic
