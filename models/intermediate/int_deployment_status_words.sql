-- One row per provider and word for the status of a deployment: as shipped, or as overridden.
with shipped_words as (

    select * from {{ ref('deployment_status_words') }}

),

overriding_words as (

    select
        provider,
        lower(status_original) as status_original,
        status
    from {{ ref('deployment_status_words_overrides') }}

),

effective_words as (

    select
        shipped_words.provider,
        shipped_words.status_original,
        coalesce(overriding_words.status, shipped_words.status) as status
    from shipped_words
    left join overriding_words
        on
            shipped_words.provider = overriding_words.provider
            and shipped_words.status_original = overriding_words.status_original

    union distinct

    select provider, status_original, status from overriding_words

)

select * from effective_words
