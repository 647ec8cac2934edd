-- One row per pipeline run attempt (provider, repository, run_id, run_attempt), with what its status means.
with runs as (

    select * from {{ ref('int_pipeline_runs_reconciled') }}

),

status_words as (

    select * from {{ ref('int_run_status_words') }}

),

all_words as (

    select max(_words_fingerprint) as _words_fingerprint
    from status_words

),

runs_with_status as (

    select
        runs.*,
        coalesce(status_words.run_status, 'unknown') as run_status,
        status_words.run_status is null
        and coalesce({{ status_word('runs') }}, 'unknown') <> 'unknown' as has_unmapped_status,
        all_words._words_fingerprint
    from runs
    cross join all_words
    left join status_words
        on
            {{ status_word_provider('runs') }} = status_words.provider
            and {{ status_word('runs') }} = status_words.status_original

)

select * from runs_with_status
