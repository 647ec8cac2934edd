-- One row per origin (real or simulated), dashboard and matter that is not measured: a topic, metric, repository, or all of it.
with dashboard_topics as (

    select * from {{ ref('dashboard_topics') }}

),

dashboard_metrics as (

    select * from {{ ref('dashboard_metrics') }}

),

executive_scorecard as (

    select * from {{ ref('executive_scorecard') }}
    where weeks_ago = 1 and is_current

),

data_trust as (

    select * from {{ ref('data_trust') }}

),

metric_evidence as (

    select * from {{ ref('metric_evidence') }}

),

repositories as (

    select * from {{ ref('repositories') }}
    where is_in_force

),

repository_metrics as (

    select * from {{ ref('repository_metrics') }}

),

origins as (

    select distinct is_simulated from executive_scorecard

),

expected_topics as (

    select
        dashboard_topics.dashboard,
        dashboard_topics.topic,
        dashboard_topics.how_to_connect,
        origins.is_simulated,
        data_trust.owner,
        data_trust.last_loaded_at,
        -- A topic that never came from the simulated fleet has no row of it at all.
        coalesce(data_trust.load_count, 0) = 0 as is_never_loaded,
        coalesce(data_trust.is_stale, false) as is_stale,
        data_trust.why
    from dashboard_topics
    cross join origins
    left join data_trust
        on
            dashboard_topics.topic = data_trust.topic
            and origins.is_simulated = data_trust.is_simulated

),

dashboards as (

    select
        dashboard,
        is_simulated,
        min(how_to_connect) as how_to_connect,
        min(owner) as owner,
        min({{ one_if('is_never_loaded') }}) = 1 as is_unconnected
    from expected_topics
    group by dashboard, is_simulated

),

repository_coverage as (

    select
        metric_id,
        is_simulated,
        max(name) as name,
        max(how_to_measure) as how_to_measure,
        sum(unmeasured_count) as missing_count,
        count(*) as repository_count,
        string_agg(case when unmeasured_count = 1 then repository end, ', ' order by repository) as missing_repositories
    from repository_metrics
    group by metric_id, is_simulated

),

-- A metric of which some repositories say nothing; one of which none says anything is a topic or a metric already.
partly_measured as (

    select * from repository_coverage
    where missing_count > 0 and missing_count < repository_count

),

unmeasured as (

    select
        is_simulated,
        dashboard,
        'dashboard' as kind,
        'everything' as subject,
        'Not connected: none of its evidence was ever loaded.' as why,
        cast(null as timestamp) as since_at,
        how_to_connect,
        owner
    from dashboards
    where is_unconnected
    union all
    select
        expected_topics.is_simulated,
        expected_topics.dashboard,
        'topic' as kind,
        expected_topics.topic as subject,
        case when expected_topics.is_never_loaded then 'Never loaded.' else expected_topics.why end as why,
        expected_topics.last_loaded_at as since_at,
        expected_topics.how_to_connect,
        expected_topics.owner
    from expected_topics
    inner join dashboards
        on
            expected_topics.dashboard = dashboards.dashboard
            and expected_topics.is_simulated = dashboards.is_simulated
    where (expected_topics.is_never_loaded or expected_topics.is_stale) and not dashboards.is_unconnected
    union all
    select
        executive_scorecard.is_simulated,
        dashboard_metrics.dashboard,
        'metric' as kind,
        executive_scorecard.name as subject,
        executive_scorecard.why,
        executive_scorecard.measured_at as since_at,
        case executive_scorecard.grey_reason
            when 'stale'
                then
                    'Measure it again: evidence is expected every '
                    || {{ whole('executive_scorecard.freshness_days') }} || ' days.'
            when 'too_little' then 'Nothing to do: it is judged when there is enough of it.'
            when 'nothing_counted' then 'Nothing to do: it is judged when something happens.'
            else 'Load ' || metric_evidence.evidence || '.'
        end as how_to_connect,
        executive_scorecard.owner
    from executive_scorecard
    inner join dashboard_metrics on executive_scorecard.metric_id = dashboard_metrics.metric_id
    inner join dashboards
        on
            dashboard_metrics.dashboard = dashboards.dashboard
            and executive_scorecard.is_simulated = dashboards.is_simulated
    inner join metric_evidence on executive_scorecard.metric_id = metric_evidence.metric_id
    where
        executive_scorecard.status = 'grey'
        and executive_scorecard.grey_reason not in ('no_target', 'in_progress')
        and not dashboards.is_unconnected
    union all
    select
        partly_measured.is_simulated,
        dashboard_metrics.dashboard,
        'coverage' as kind,
        partly_measured.name as subject,
        'Not measured in the last four weeks: ' || {{ whole('partly_measured.missing_count') }} || ' of '
        || {{ whole('partly_measured.repository_count') }} || ' repositories'
        -- More than a few names are read by nobody.
        || case when partly_measured.missing_count <= 3 then ', ' || partly_measured.missing_repositories else '' end
        || '.' as why,
        cast(null as timestamp) as since_at,
        partly_measured.how_to_measure as how_to_connect,
        executive_scorecard.owner
    from partly_measured
    inner join dashboard_metrics on partly_measured.metric_id = dashboard_metrics.metric_id
    left join executive_scorecard
        on
            partly_measured.metric_id = executive_scorecard.metric_id
            and partly_measured.is_simulated = executive_scorecard.is_simulated
    union all
    select
        is_simulated,
        'Data trust' as dashboard,
        'repository' as kind,
        repository as subject,
        why,
        silent_since_at as since_at,
        'Ask the team whether it still runs its pipelines, or archive it in the catalogue.' as how_to_connect,
        team as owner
    from repositories
    where status = 'grey' and is_active
    union all
    -- It is missing from whatever any dashboard shows.
    select
        repositories.is_simulated,
        dashboards.dashboard,
        'silent_repository' as kind,
        repositories.repository as subject,
        repositories.why,
        repositories.silent_since_at as since_at,
        'Ask the team whether it still runs its pipelines, or archive it in the catalogue.' as how_to_connect,
        repositories.team as owner
    from repositories
    inner join dashboards on repositories.is_simulated = dashboards.is_simulated
    where
        repositories.status = 'grey'
        and repositories.is_active
        and not dashboards.is_unconnected
        and dashboards.dashboard <> 'Data trust'

),

-- An empty tile could be a broken one: a dashboard that lacks nothing says so.
complete_dashboards as (

    select
        dashboards.is_simulated,
        dashboards.dashboard,
        'nothing' as kind,
        'nothing' as subject,
        'Every metric here was measured in the latest complete week, and no repository is silent.' as why,
        cast(null as timestamp) as since_at,
        'Nothing to do.' as how_to_connect,
        cast(null as {{ dbt.type_string() }}) as owner
    from dashboards
    left join unmeasured
        on
            dashboards.dashboard = unmeasured.dashboard
            and dashboards.is_simulated = unmeasured.is_simulated
    where unmeasured.dashboard is null

)

select * from unmeasured
union all
select * from complete_dashboards
