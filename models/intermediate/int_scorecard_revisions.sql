-- One row per revision of a closed week of the scorecard (week_start_date, metric_id, is_simulated, revision).
{#
    What was published is kept: rows are only added. That history cannot be computed again, so `--full-refresh` leaves it
    alone too. A week becomes a row with the first build after its end, and another one whenever a build finds something
    else about it. The moment is that of `as_of`, so that the same builds give the same rows on any engine.
#}
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['week_start_date', 'metric_id', 'is_simulated', 'revision'],
    full_refresh=false,
    on_schema_change='append_new_columns'
) }}

with closed_weeks as (

    select * from {{ ref('int_scorecard_measured') }}
    where is_complete

),

{% if is_incremental() %}
    newest_revisions as (

        select *
        from {{ this }}
        qualify row_number() over (
            partition by week_start_date, metric_id, is_simulated
            order by revision desc
        ) = 1

    ),

    compared_weeks as (

        select
            closed_weeks.*,
            newest_revisions.revision as published_revision,
            case
                when newest_revisions.revision is null then null
                when
                    {{ differs('metric_version') }}
                    or {{ differs('unit') }}
                    or {{ differs('direction') }}
                    then 'definition'
                when
                    {{ differs_in_number('green') }}
                    or {{ differs_in_number('amber') }}
                    or {{ differs('minimum_sample') }}
                    or {{ differs('freshness_days') }}
                    then 'target'
                when
                    {{ differs_in_number('metric_value') }}
                    or {{ differs_in_number('numerator') }}
                    or {{ differs_in_number('denominator') }}
                    or {{ differs('sample_count') }}
                    or {{ differs('measured_at') }}
                    then 'evidence'
            end as restatement_reason
        from closed_weeks
        left join newest_revisions
            on
                closed_weeks.week_start_date = newest_revisions.week_start_date
                and closed_weeks.metric_id = newest_revisions.metric_id
                and closed_weeks.is_simulated = newest_revisions.is_simulated

    ),
{% else %}
    compared_weeks as (

        select
            *,
            cast(null as {{ dbt.type_bigint() }}) as published_revision,
            cast(null as {{ dbt.type_string() }}) as restatement_reason
        from closed_weeks

    ),
{% endif %}

new_revisions as (

    select
        week_start_date,
        metric_id,
        is_simulated,
        cast(coalesce(published_revision, 0) + 1 as {{ dbt.type_bigint() }}) as revision,
        known_until_at,
        metric_version,
        unit,
        direction,
        green,
        amber,
        minimum_sample,
        freshness_days,
        metric_value,
        numerator,
        denominator,
        sample_count,
        measured_at,
        {{ as_of() }} as published_at,
        case when published_revision is not null then {{ as_of() }} end as restated_at,
        restatement_reason
    from compared_weeks
    where published_revision is null or restatement_reason is not null

)

select * from new_revisions
