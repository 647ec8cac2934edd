-- One row per open matter, ranked: what, since when, how large, whose, and what to do next.
{# A domain is added here, and nowhere else: `int_matters_<domain>` with the columns of `matter_columns()`. #}
{% set domains = ['delivery', 'budgets', 'supply_chain', 'resilience', 'tests', 'runs', 'evidence', 'scorecard'] %}
with matters as (

    {% for domain in domains %}
        select
            {{ matter_columns() | join(',\n            ') }}
        from {{ ref('int_matters_' ~ domain) }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

matter_kinds as (

    select * from {{ ref('matter_kinds') }}

),

repositories as (

    select * from {{ ref('repositories') }}
    where is_in_force

),

-- A metric that the matter of a repository explains would say the same twice, and less.
explained_metrics as (

    select distinct
        matter_kinds.metric_id,
        matters.is_simulated
    from matters
    inner join matter_kinds on matters.kind = matter_kinds.kind
    where matter_kinds.metric_id is not null

),

open_matters as (

    select
        matters.kind,
        coalesce(matters.severity, matter_kinds.severity) as severity,
        matters.repository,
        matters.subject,
        matters.sentence,
        matters.since_at,
        {{ dbt.datediff('matters.since_at', as_of(), 'day') }} as age_days,
        cast(matters.size_value as {{ type_double() }}) as size_value,
        matters.size_unit,
        cast(matters.times_allowed as {{ type_double() }}) as times_allowed,
        coalesce(
            matters.owner,
            repositories.team,
            case when matters.repository is not null then 'unregistered' end,
            '(none)'
        ) as owner,
        case when matters.repository is not null then coalesce(repositories.team, 'unregistered') end as team,
        repositories.tier,
        coalesce(matters.next_step, matter_kinds.next_step) as next_step,
        matters.source_mart,
        matters.source_filter,
        matters.is_simulated
    from matters
    inner join matter_kinds on matters.kind = matter_kinds.kind
    left join repositories on matters.repository = repositories.repository
    left join explained_metrics
        on
            matters.subject = explained_metrics.metric_id
            and matters.is_simulated = explained_metrics.is_simulated
            and matters.kind in ('red_metric', 'worsening_metric')
    where explained_metrics.metric_id is null

),

ranked_matters as (

    select
        row_number() over (
            partition by is_simulated
            order by
                case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end,
                -- What nothing is known of beyond that it is too much counts as just too much.
                coalesce(times_allowed, 1) desc,
                since_at,
                kind,
                subject
        ) as rank_number,
        *
    from open_matters

)

select * from ranked_matters
