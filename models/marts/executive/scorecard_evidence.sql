-- One row per cell of the scorecard (week, metric, origin) of the last four complete weeks and thing behind it.
{#- Nothing is stored twice: of runs and jobs the evidence is kept by day, and of all else there is little. #}
{{ config(materialized='view') }}

with cells as (

    select * from {{ ref('executive_scorecard') }}
    where is_current and weeks_ago between 1 and {{ evidence_weeks() }}

),

evidence as (

    {% for domain in [
        'runs', 'costs', 'forecasts',
        'delivery', 'tests', 'supply_chain', 'resilience', 'assurance', 'evidence', 'efficiency'
    ] %}
        select {{ evidence_columns() | join(', ') }}
        from {{ ref('int_scorecard_evidence_' ~ domain) }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

evidence_with_team as (

    select
        evidence.*,
        {{ team_and_tier('evidence') }}
    from evidence
    {{ join_catalogue_entry('evidence', 'happened_at') }}

),

-- A cell without any evidence has a row too, which says why.
cells_with_evidence as (

    select
        cells.week_start_date,
        cells.weeks_ago,
        cells.pillar,
        cells.metric_id,
        cells.name,
        cells.is_simulated,
        cells.status,
        case
            when evidence_with_team.metric_id is null then 'none'
            when evidence_with_team.is_excluded then 'excluded'
            when evidence_with_team.measured_value is not null then 'value'
            when evidence_with_team.numerator <> 0 and evidence_with_team.denominator <> 0 then 'both'
            when evidence_with_team.denominator <> 0 then 'denominator'
            else 'numerator'
        end as counting,
        coalesce(evidence_with_team.is_aggregate, false) as is_aggregate,
        coalesce(evidence_with_team.kind, '(none)') as kind,
        coalesce(evidence_with_team.evidence_id, '(none)') as evidence_id,
        coalesce(evidence_with_team.repository, '(none)') as repository,
        coalesce(evidence_with_team.team, '(none)') as team,
        coalesce(evidence_with_team.tier, '(none)') as tier,
        coalesce(evidence_with_team.subject, evidence_with_team.evidence_id) as subject,
        evidence_with_team.happened_at,
        evidence_with_team.numerator,
        evidence_with_team.denominator,
        evidence_with_team.measured_value,
        evidence_with_team.sample_count,
        cells.unit,
        coalesce(evidence_with_team.why, cells.why) as why,
        -- An event's id is load, generation and line.
        coalesce(evidence_with_team._load_id, regexp_replace(evidence_with_team._event_id, ':.*$', '')) as _load_id,
        cast(regexp_replace(evidence_with_team._event_id, '^.*:', '') as {{ dbt.type_bigint() }}) as _source_line,
        evidence_with_team._event_id
    from cells
    left join evidence_with_team
        on
            cells.week_start_date = evidence_with_team.week_start_date
            and cells.metric_id = evidence_with_team.metric_id
            and cells.is_simulated = evidence_with_team.is_simulated

)

select * from cells_with_evidence
