-- One row per version of an entry of the catalogue.
with source as (

    {{ committed_rows('repositories') }}

),

renamed as (

    select
        repository,
        valid_from,
        team,
        service,
        service_rules,
        tier,
        default_branch,
        is_active,
        provider,
        {{ is_simulated('repository') }} as is_simulated,

        _load_id,
        _generation,
        _event_id,
        _source_line,
        _contract,
        _emitted_at,
        _loaded_at,
        _committed_at
    from source

)

select * from renamed
