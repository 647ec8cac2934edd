-- One row per CI system, type of runner, pattern of labels and first day of a price, as shipped or as overridden.
with overrides as (

    select * from {{ ref('runner_rates_overrides') }}

),

shipped as (

    select * from {{ ref('runner_rates') }}

),

rates as (

    select
        provider,
        runner_type,
        label_pattern,
        from_year,
        usd_per_minute,
        billing_increment_ms,
        source
    from overrides
    union all
    select
        shipped.provider,
        shipped.runner_type,
        shipped.label_pattern,
        shipped.from_year,
        shipped.usd_per_minute,
        shipped.billing_increment_ms,
        shipped.source
    from shipped
    left join overrides
        on
            shipped.provider = overrides.provider
            and shipped.runner_type = overrides.runner_type
            and shipped.label_pattern = overrides.label_pattern
            and shipped.from_year = overrides.from_year
    where overrides.provider is null

)

select
    provider,
    runner_type,
    label_pattern,
    cast(cast(from_year as {{ dbt.type_string() }}) || '-01-01' as date) as from_date,
    usd_per_minute,
    billing_increment_ms,
    source
from rates
