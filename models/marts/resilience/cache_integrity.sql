-- One row per repository, cache and day (UTC) on which the cache was checked.
{{ config(partition_by=partitioned_by('checked_date')) }}

with cache_checks as (

    select * from {{ ref('int_cache_checks_current') }}
    where checked_at <= {{ as_of() }}

),

-- Whole is what is known to be: no mismatch that was looked for, and a manifest that can be trusted.
judged_checks as (

    select
        *,
        verdict <> 'undecided' and mismatched_entry_count = 0 and is_signed as is_intact
    from cache_checks

),

cache_integrity as (

    select
        coalesce(repository, '(none)') as repository,
        cache,
        cast(checked_at as date) as checked_date,
        count(*) as check_count,
        count(case when is_intact then 1 end) as intact_check_count,
        {{ safe_ratio('count(case when is_intact then 1 end)', 'count(*)') }} as cache_integrity_ratio,
        count(case when verdict = 'undecided' then 1 end) as undecided_check_count,
        count(case when mismatched_entry_count > 0 then 1 end) as mismatched_check_count,
        count(case when not is_signed then 1 end) as unsigned_check_count,
        cast(sum(entry_count) as {{ dbt.type_bigint() }}) as entry_count,
        cast(sum(mismatched_entry_count) as {{ dbt.type_bigint() }}) as mismatched_entry_count,
        cast(sum(missing_entry_count) as {{ dbt.type_bigint() }}) as missing_entry_count,
        cast(sum(unexpected_entry_count) as {{ dbt.type_bigint() }}) as unexpected_entry_count,
        cast(sum(quarantined_entry_count) as {{ dbt.type_bigint() }}) as quarantined_entry_count,
        max(checked_at) as last_checked_at,
        max(case when is_simulated then 1 else 0 end) = 1 as is_simulated
    from judged_checks
    group by 1, 2, 3

)

select * from cache_integrity
