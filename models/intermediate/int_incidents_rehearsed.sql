-- One row per incident (provider, incident_id), with its cause and the last experiment that had rehearsed it before.
with incidents as (

    select * from {{ ref('int_incidents_attributed') }}

),

autopsy_findings as (

    select * from {{ ref('int_autopsy_findings_reported') }}
    where incident_id is not null and category is not null

),

chaos_experiments as (

    select * from {{ ref('chaos_experiments') }}
    where is_counted

),

-- Of several causes the one that its finder is most sure of counts, and of those the newest.
incident_causes as (

    select
        incidents.provider,
        incidents.incident_id,
        autopsy_findings.category as cause
    from incidents
    inner join autopsy_findings
        on
            incidents.incident_id = autopsy_findings.incident_id
            and (autopsy_findings.incident_provider is null or autopsy_findings.incident_provider = incidents.provider)
    where autopsy_findings.found_at <= {{ as_of() }}
    qualify row_number() over (
        partition by incidents.provider, incidents.incident_id
        order by
            coalesce(autopsy_findings.confidence, 0) desc,
            autopsy_findings.found_at desc,
            autopsy_findings.autopsy_finding_id
    ) = 1

),

known_incidents as (

    select
        incidents.provider,
        incidents.incident_id,
        incidents.repository,
        incidents.service,
        incidents.opened_at,
        incidents.is_simulated,
        incident_causes.cause
    from incidents
    left join incident_causes
        on
            incidents.provider = incident_causes.provider
            and incidents.incident_id = incident_causes.incident_id

),

last_rehearsals as (

    select
        known_incidents.provider,
        known_incidents.incident_id,
        chaos_experiments.chaos_experiment_id,
        chaos_experiments.outcome,
        chaos_experiments.started_at
    from known_incidents
    inner join chaos_experiments
        on
            known_incidents.repository = chaos_experiments.repository
            and lower(known_incidents.cause) = lower(chaos_experiments.fault)
            and chaos_experiments.started_at < known_incidents.opened_at
    qualify row_number() over (
        partition by known_incidents.provider, known_incidents.incident_id
        order by chaos_experiments.started_at desc, chaos_experiments.chaos_experiment_id
    ) = 1

),

incidents_rehearsed as (

    select
        known_incidents.provider,
        known_incidents.incident_id,
        known_incidents.repository,
        known_incidents.service,
        known_incidents.opened_at,
        known_incidents.cause,
        -- Without a cause, or without a repository in which to look, nothing can be said.
        case
            when known_incidents.cause is null or known_incidents.repository is null then 'unknown'
            when last_rehearsals.chaos_experiment_id is not null then 'rehearsed'
            else 'not_rehearsed'
        end as rehearsal,
        last_rehearsals.chaos_experiment_id,
        last_rehearsals.outcome as rehearsed_outcome,
        last_rehearsals.started_at as rehearsed_at,
        known_incidents.is_simulated
    from known_incidents
    left join last_rehearsals
        on
            known_incidents.provider = last_rehearsals.provider
            and known_incidents.incident_id = last_rehearsals.incident_id

)

select * from incidents_rehearsed
