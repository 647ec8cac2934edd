-- One row per recovery drill, reported or known from its steps alone.
{{ config(partition_by=partitioned_by('held_date')) }}

with dr_drills as (

    select * from {{ ref('int_dr_drills_current') }}

),

dr_drill_steps as (

    select * from {{ ref('int_dr_drill_steps_current') }}

),

drill_cadences as (

    select * from {{ ref('int_drill_cadences') }}

),

drill_steps as (

    select
        drill_id,
        count(*) as step_count,
        count(case when status = 'success' then 1 end) as finished_step_count,
        count(case when status = 'failure' then 1 end) as failed_step_count,
        count(case when status is null then 1 end) as unfinished_step_count,
        min(started_at) as first_step_started_at
    from dr_drill_steps
    group by drill_id

),

-- Who held a drill of which nothing but steps has arrived.
lone_step_drills as (

    select
        drill_id,
        max(repository) as repository,
        max(provider) as provider,
        max(case when is_simulated then 1 else 0 end) = 1 as is_simulated
    from {{ ref('int_dr_drill_lone_steps_current') }}
    group by drill_id

),

known_drills as (

    select drill_id from dr_drills
    union distinct
    select drill_id from lone_step_drills

),

measured_drills as (

    select
        known_drills.drill_id,
        dr_drills.drill_id is not null as is_reported,
        coalesce(dr_drills.repository, lone_step_drills.repository) as repository,
        coalesce(dr_drills.provider, lone_step_drills.provider) as provider,
        dr_drills.run_id,
        dr_drills.run_attempt,
        dr_drills.commit_sha,
        coalesce(dr_drills.drill, '(none)') as drill,
        coalesce(dr_drills.service, '(none)') as service,
        dr_drills.environment,
        coalesce(dr_drills.disruption_at, drill_steps.first_step_started_at) as held_at,
        dr_drills.disruption_at,
        dr_drills.detected_at,
        dr_drills.restored_at,
        dr_drills.last_recoverable_at,
        dr_drills.rto_objective_ms,
        dr_drills.rpo_objective_ms,
        dr_drills.manifest_sha256,
        dr_drills.restored_manifest_sha256,
        {{ dbt.datediff('dr_drills.disruption_at', 'dr_drills.detected_at', 'millisecond') }} as detection_ms,
        -- Elapsed, detection and waiting included: a sum of steps would leave out what lies between them.
        {{ dbt.datediff('dr_drills.disruption_at', 'dr_drills.restored_at', 'millisecond') }} as rto_ms,
        {{ dbt.datediff('dr_drills.last_recoverable_at', 'dr_drills.disruption_at', 'millisecond') }} as rpo_ms,
        coalesce(drill_steps.step_count, 0) as step_count,
        coalesce(drill_steps.finished_step_count, 0) as finished_step_count,
        coalesce(drill_steps.failed_step_count, 0) as failed_step_count,
        coalesce(drill_steps.unfinished_step_count, 0) as unfinished_step_count,
        -- A report says itself where it comes from; its steps need not.
        coalesce(
            case when dr_drills.repository is not null then dr_drills.is_simulated end,
            lone_step_drills.is_simulated,
            false
        ) as is_simulated,
        dr_drills._event_id
    from known_drills
    left join dr_drills on known_drills.drill_id = dr_drills.drill_id
    left join drill_steps on known_drills.drill_id = drill_steps.drill_id
    left join lone_step_drills on known_drills.drill_id = lone_step_drills.drill_id

),

checked_drills as (

    select
        *,
        case
            when rto_ms <= rto_objective_ms then 'verified'
            when rto_ms > rto_objective_ms then 'refuted'
            -- Not restored yet: refuted as soon as the objective has passed.
            when {{ dbt.datediff('disruption_at', as_of(), 'millisecond') }} > rto_objective_ms then 'refuted'
            else 'undecided'
        end as rto_verdict,
        case
            when rpo_ms <= rpo_objective_ms then 'verified'
            when rpo_ms > rpo_objective_ms then 'refuted'
            else 'undecided'
        end as rpo_verdict,
        case
            when manifest_sha256 = restored_manifest_sha256 then 'verified'
            when manifest_sha256 <> restored_manifest_sha256 then 'refuted'
            else 'undecided'
        end as checksum_verdict,
        case
            when failed_step_count > 0 then 'refuted'
            when unfinished_step_count = 0 then 'verified'
            -- Steps may still be going as long as the service is not back.
            when restored_at is not null then 'refuted'
            else 'undecided'
        end as steps_verdict
    from measured_drills

),

judged_drills as (

    select
        *,
        case
            when 'refuted' in (rto_verdict, rpo_verdict, checksum_verdict, steps_verdict) then 'refuted'
            when 'undecided' in (rto_verdict, rpo_verdict, checksum_verdict, steps_verdict) then 'undecided'
            else 'verified'
        end as drill_verdict
    from checked_drills

),

dated_drills as (

    select
        judged_drills.*,
        coalesce(
            own_cadence.cadence_days,
            (select any_cadence.cadence_days from drill_cadences as any_cadence where any_cadence.drill = '*')
        ) as cadence_days,
        {{ dbt.datediff('judged_drills.held_at', as_of(), 'day') }} as age_days,
        row_number() over (
            partition by judged_drills.repository, judged_drills.service, judged_drills.drill, judged_drills.is_simulated
            order by judged_drills.held_at desc, judged_drills.drill_id desc
        ) = 1 as is_newest,
        {{ team_and_tier('judged_drills') }}
    from judged_drills
    left join drill_cadences as own_cadence on judged_drills.drill = own_cadence.drill
    {{ join_catalogue_entry('judged_drills', 'held_at') }}

),

explained_drills as (

    select
        drill_id,
        repository,
        provider,
        run_id,
        run_attempt,
        commit_sha,
        drill,
        service,
        environment,
        is_reported,
        held_at,
        cast(held_at as date) as held_date,
        {{ week_of('held_at') }} as week_start_date,
        disruption_at,
        detected_at,
        restored_at,
        last_recoverable_at,
        detection_ms,
        rto_ms,
        rto_objective_ms,
        rto_verdict,
        rpo_ms,
        rpo_objective_ms,
        rpo_verdict,
        manifest_sha256,
        restored_manifest_sha256,
        checksum_verdict,
        step_count,
        finished_step_count,
        failed_step_count,
        unfinished_step_count,
        steps_verdict,
        drill_verdict,
        drill_verdict = 'verified' as is_met,
        -- Counted once it is over; what nobody checked is then not met.
        {{ one_if("restored_at is not null or drill_verdict = 'refuted'") }} as counted_drill_count,
        {{ one_if("drill_verdict = 'verified'") }} as met_drill_count,
        case
            when not is_reported then 'Only steps have arrived, no report of the drill.'
            when rto_verdict = 'refuted' and restored_at is null then 'The service was not restored in time.'
            when rto_verdict = 'refuted'
                then
                    'The service was back after ' || {{ minutes('rto_ms') }}
                    || ' minutes; ' || {{ minutes('rto_objective_ms') }} || ' were allowed.'
            when rpo_verdict = 'refuted'
                then
                    'Data of ' || {{ minutes('rpo_ms') }}
                    || ' minutes was lost; ' || {{ minutes('rpo_objective_ms') }} || ' were allowed.'
            when checksum_verdict = 'refuted' then 'What was restored is not what was backed up.'
            when failed_step_count > 0
                then cast(failed_step_count as {{ dbt.type_string() }}) || ' of its steps failed.'
            when steps_verdict = 'refuted'
                then cast(unfinished_step_count as {{ dbt.type_string() }}) || ' of its steps were never finished.'
            when restored_at is null then 'The service is not restored yet.'
            when rto_verdict = 'undecided' then 'No recovery time objective was given.'
            when rpo_verdict = 'undecided'
                then 'The last recoverable moment, or the objective for it, is missing.'
            when checksum_verdict = 'undecided' then 'Nobody compared what was restored with what was backed up.'
            else 'Both objectives were met, and what was restored is what was backed up.'
        end as why,
        cadence_days,
        age_days,
        is_newest,
        held_at is null or age_days > cadence_days as is_stale,
        team,
        tier,
        is_simulated,
        _event_id
    from dated_drills

)

select * from explained_drills
