-- Each topic that fell silent: loaded before, but not for longer than its freshness allows. One never loaded is grey, and none.
{{ config(severity='warn') }}

select
    topic,
    is_simulated,
    age_days,
    freshness_days
from {{ ref('data_trust') }}
where is_stale
