-- One row per time that a whole file was refused or not understood.
with source as (

    select * from {{ source('raw', 'refusals') }}

),

renamed as (

    select
        source_name,
        content_sha256,
        source_bytes,
        format,
        status,
        code,
        message,
        refused_at,
        repository,
        submitted_by
    from source

)

select * from renamed
