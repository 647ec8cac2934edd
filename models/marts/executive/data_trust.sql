-- One row per topic and origin (real or simulated): what was measured, by whom, how fresh, how much of it was bad.
with topics as (

    select * from {{ ref('stg_topics') }}

),

topic_freshness as (

    select * from {{ ref('int_topic_freshness') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

loads_by_topic as (

    select
        load_topics.topic,
        load_topics.is_simulated,
        load_topics.loaded_event_count,
        load_topics.rejected_event_count,
        loads.load_id,
        loads.format,
        loads.repository,
        loads.context_source,
        loads.submitted_by,
        loads.committed_at,
        row_number() over (
            partition by load_topics.topic, load_topics.is_simulated
            order by loads.committed_at desc, loads.load_id desc
        ) = 1 as is_newest
    from {{ ref('stg_load_topics') }} as load_topics
    inner join {{ ref('stg_loads') }} as loads on load_topics.load_id = loads.load_id

),

-- A file that was refused as a whole never came so far as to be of a topic.
refusals as (

    select count(*) as refusal_count
    from {{ ref('stg_refusals') }}

),

topic_loads as (

    select
        topic,
        is_simulated,
        count(*) as load_count,
        sum(loaded_event_count) as loaded_event_count,
        sum(rejected_event_count) as rejected_event_count,
        count(case when context_source = 'api' then 1 end) as api_load_count,
        count(case when context_source = 'ci_environment' then 1 end) as ci_environment_load_count,
        count(case when context_source = 'evidence' then 1 end) as evidence_load_count,
        count(case when context_source = 'flag' then 1 end) as self_declared_load_count,
        count(distinct submitted_by) as submitter_count,
        count(distinct format) as format_count,
        min(committed_at) as first_loaded_at,
        max(committed_at) as last_loaded_at,
        max(case when is_newest then submitted_by end) as last_submitted_by,
        max(case when is_newest then format end) as last_format
    from loads_by_topic
    group by topic, is_simulated

),

{% set unmapped_sources = [
    ('pipeline_run', 'pipeline_runs', 'has_unmapped_status'),
    ('pipeline_job', 'pipeline_jobs', 'has_unmapped_status'),
    ('deployment', 'deployments', "status = 'unknown'"),
] %}
unmapped_words as (

    {% for topic, mart, condition in unmapped_sources %}
        select
            '{{ topic }}' as topic,
            is_simulated,
            count(distinct case when {{ condition }} then provider || ': ' || coalesce(status_original, '(none)') end)
                as unmapped_word_count
        from {{ ref(mart) }}
        group by is_simulated
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

-- Every topic has a row for real evidence, also the one that never spoke.
topic_origins as (

    select
        topic,
        false as is_simulated
    from topics
    union distinct
    select
        topic,
        is_simulated
    from topic_loads
    union distinct
    select
        '(none)' as topic,
        false as is_simulated

),

measured as (

    select
        topic_origins.topic,
        topic_origins.is_simulated,
        topics.summary,
        topics.owner,
        coalesce(topic_loads.load_count, 0) as load_count,
        cast(coalesce(topic_loads.loaded_event_count + topic_loads.rejected_event_count, 0) as {{ dbt.type_bigint() }})
            as event_count,
        cast(coalesce(topic_loads.loaded_event_count, 0) as {{ dbt.type_bigint() }}) as loaded_event_count,
        cast(coalesce(topic_loads.rejected_event_count, 0) as {{ dbt.type_bigint() }}) as rejected_event_count,
        {{ safe_ratio(
            'topic_loads.rejected_event_count',
            'topic_loads.loaded_event_count + topic_loads.rejected_event_count'
        ) }} as reject_ratio,
        case
            when topic_origins.topic = '(none)' and not topic_origins.is_simulated then refusals.refusal_count
            when topic_origins.topic = '(none)' then 0
        end as refusal_count,
        coalesce(topic_loads.api_load_count, 0) as api_load_count,
        coalesce(topic_loads.ci_environment_load_count, 0) as ci_environment_load_count,
        coalesce(topic_loads.evidence_load_count, 0) as evidence_load_count,
        coalesce(topic_loads.self_declared_load_count, 0) as self_declared_load_count,
        {{ safe_ratio('topic_loads.self_declared_load_count', 'topic_loads.load_count') }} as self_declared_load_ratio,
        unmapped_words.unmapped_word_count,
        coalesce(topic_loads.submitter_count, 0) as submitter_count,
        coalesce(topic_loads.format_count, 0) as format_count,
        topic_loads.last_submitted_by,
        topic_loads.last_format,
        topic_loads.first_loaded_at,
        topic_loads.last_loaded_at,
        {{ dbt.datediff('topic_loads.last_loaded_at', as_of(), 'day') }} as age_days,
        coalesce(
            own_freshness.freshness_days,
            (select any_freshness.freshness_days from topic_freshness as any_freshness where any_freshness.topic = '*')
        ) as freshness_days,
        (select targets.green from targets where targets.metric_id = 'reject_ratio') as reject_ratio_green,
        (select targets.amber from targets where targets.metric_id = 'reject_ratio') as reject_ratio_amber
    from topic_origins
    cross join refusals
    left join topics on topic_origins.topic = topics.topic
    left join topic_loads
        on
            topic_origins.topic = topic_loads.topic
            and topic_origins.is_simulated = topic_loads.is_simulated
    left join unmapped_words
        on
            topic_origins.topic = unmapped_words.topic
            and topic_origins.is_simulated = unmapped_words.is_simulated
    left join topic_freshness as own_freshness on topic_origins.topic = own_freshness.topic

),

judged as (

    select
        *,
        case
            -- Nothing of this kind is what one wants to see.
            when topic = '(none)' and event_count = 0 and refusal_count = 0 then 'green'
            when topic = '(none)' then 'amber'
            when load_count = 0 then 'grey'
            when age_days > freshness_days then 'grey'
            when reject_ratio > reject_ratio_amber then 'red'
            when reject_ratio > reject_ratio_green then 'amber'
            else 'green'
        end as status
    from measured

)

select
    topic,
    is_simulated,
    coalesce(summary, 'Events of which the topic cannot be told, and whole files that were refused.') as summary,
    owner,
    load_count,
    event_count,
    loaded_event_count,
    rejected_event_count,
    reject_ratio,
    refusal_count,
    api_load_count,
    ci_environment_load_count,
    evidence_load_count,
    self_declared_load_count,
    self_declared_load_ratio,
    unmapped_word_count,
    submitter_count,
    last_submitted_by,
    format_count,
    last_format,
    first_loaded_at,
    last_loaded_at,
    age_days,
    freshness_days,
    topic <> '(none)' and coalesce(age_days > freshness_days, false) as is_stale,
    status,
    case
        when topic = '(none)'
            then
                'Of ' || cast(event_count as {{ dbt.type_string() }}) || ' events and '
                || cast(refusal_count as {{ dbt.type_string() }}) || ' refused files it cannot be told what they are.'
        when load_count = 0 then 'Never loaded.'
        when age_days > freshness_days
            then
                'Silent for ' || cast(age_days as {{ dbt.type_string() }}) || ' days; evidence is expected every '
                || cast(freshness_days as {{ dbt.type_string() }}) || '.'
        when rejected_event_count = 0 then 'Fresh, and nothing was rejected.'
        else
            'Fresh; ' || cast(rejected_event_count as {{ dbt.type_string() }}) || ' of '
            || cast(event_count as {{ dbt.type_string() }}) || ' events were rejected.'
    end as why
from judged
