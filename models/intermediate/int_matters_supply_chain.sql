-- One row per open matter of the supply chain: overdue vulnerabilities, artifacts signed by others, policies that were bypassed.
with exposures as (

    select * from {{ ref('vulnerability_exposure') }}

),

artifacts as (

    select * from {{ ref('artifacts') }}

),

policy_compliance as (

    select * from {{ ref('policy_compliance') }}

),

-- The same vulnerability in several images of a repository is one matter.
overdue as (

    select
        repository,
        vulnerability,
        is_simulated,
        max(exposure_days) as exposure_days,
        min(sla_days) as sla_days,
        min({{ moment_plus('first_seen_at', 'sla_days', 'day') }}) as overdue_since_at,
        max(case when is_kev then 1 else 0 end) = 1 as is_kev,
        max(case when severity = 'critical' then 1 else 0 end) = 1 as is_critical,
        max(case when has_fix then 1 else 0 end) = 1 as has_fix
    from exposures
    where is_open and is_sla_breached
    group by repository, vulnerability, is_simulated

),

overdue_vulnerabilities as (

    select
        'overdue_vulnerability' as kind,
        repository,
        vulnerability as subject,
        is_simulated,
        overdue_since_at as since_at,
        exposure_days - sla_days as size_value,
        'days' as size_unit,
        {{ safe_ratio('exposure_days', 'sla_days') }} as times_allowed,
        'The ' || case when is_critical then 'critical ' else '' end || 'vulnerability ' || vulnerability
        || case when is_kev then ', which attackers are known to use,' else '' end || ' is live in ' || repository || ' '
        || {{ whole(dbt.datediff('overdue_since_at', as_of(), 'day')) }} || ' days beyond its time limit of '
        || {{ whole('sla_days') }}
        || case when has_fix then '; a fix is out.' else '; no fix is known.' end as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        case when is_kev or is_critical then 'critical' end as severity,
        'vulnerability_exposure' as source_mart,
        {{ filter_text({'repository': 'repository', 'vulnerability': 'vulnerability'}) }} || ' and is_open' as source_filter
    from overdue

),

-- What has not been heard of for four weeks was replaced.
refuted as (

    select
        repository,
        is_simulated,
        count(*) as artifact_count,
        count(case when production_deployment_count > 0 then 1 end) as production_artifact_count,
        min(first_mentioned_at) as since_at
    from artifacts
    where
        'refuted' in (signature_verdict, provenance_verdict)
        and last_mentioned_at >= {{ moment_plus(as_of(), -28, 'day') }}
    group by repository, is_simulated

),

refuted_signatures as (

    select
        'refuted_signature' as kind,
        repository,
        coalesce(repository, '(none)') as subject,
        is_simulated,
        since_at,
        cast(artifact_count as {{ type_double() }}) as size_value,
        'artifacts' as size_unit,
        cast(null as {{ type_double() }}) as times_allowed,
        {{ whole('artifact_count') }} || case when artifact_count = 1 then ' artifact of ' else ' artifacts of ' end
        || coalesce(repository, 'an unknown repository')
        || case when artifact_count = 1 then ' is not' else ' are not' end
        || ' what we built: somebody else signed, or the origin does not match; '
        || {{ whole('production_artifact_count') }} || ' went into production.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'artifacts' as source_mart,
        coalesce({{ filter_text({'repository': 'repository'}) }}, 'repository is null')
        || ' and ' || {{ apostrophe() }} || 'refuted' || {{ apostrophe() }}
        || ' in (signature_verdict, provenance_verdict)' as source_filter
    from refuted

),

-- Days of deployments are those of no policy in particular: any should have been asked.
bypasses as (

    select
        repository,
        is_simulated,
        sum(bypass_count) as bypass_count,
        sum(deployment_count) as deployment_count,
        min(case when bypass_count > 0 then decided_date end) as first_bypass_date
    from policy_compliance
    where
        policy_id = '(none)'
        and decided_date >= {{ date_plus('cast(' ~ as_of() ~ ' as date)', -28) }}
    group by repository, is_simulated

),

policy_bypasses as (

    select
        'policy_bypass' as kind,
        repository,
        repository as subject,
        is_simulated,
        cast(first_bypass_date as timestamp) as since_at,
        cast(bypass_count as {{ type_double() }}) as size_value,
        'deployments' as size_unit,
        cast(null as {{ type_double() }}) as times_allowed,
        {{ whole('bypass_count') }} || ' of ' || {{ whole('deployment_count') }} || ' deployments of ' || repository
        || ' within four weeks went into production without any policy being asked.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'policy_compliance' as source_mart,
        {{ filter_text({'repository': 'repository'}) }} || ' and bypass_count > 0' as source_filter
    from bypasses
    where bypass_count > 0

),

matters as (

    select * from overdue_vulnerabilities
    union all
    select * from refuted_signatures
    union all
    select * from policy_bypasses

)

select * from matters
