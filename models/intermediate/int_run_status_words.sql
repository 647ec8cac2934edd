-- One row per provider and word for the status of a run or job: as shipped, or as overridden.
with shipped_words as (

    select * from {{ ref('run_status_words') }}

),

overriding_words as (

    select
        provider,
        lower(status_original) as status_original,
        run_status
    from {{ ref('run_status_words_overrides') }}

),

kept_words as (

    select shipped_words.*
    from shipped_words
    left join overriding_words
        on
            shipped_words.provider = overriding_words.provider
            and shipped_words.status_original = overriding_words.status_original
    where overriding_words.provider is null

),

effective_words as (

    select provider, status_original, run_status, false as is_overridden from kept_words
    union all
    select provider, status_original, run_status, true as is_overridden from overriding_words

),

-- Marts that keep what a word meant compare this with what they were made with.
fingerprint as (

    select
        {{ dbt.hash("string_agg(word, ', ' order by word)") }} as _words_fingerprint
    from (select provider || ' ' || status_original || ' ' || run_status as word from effective_words) as words

)

select
    effective_words.*,
    fingerprint._words_fingerprint
from effective_words
cross join fingerprint
