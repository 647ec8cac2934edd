-- One row per bad entry of a check of a cache in its newest version.
with cache_bad_entries as (

    select * from {{ ref('stg_cache_bad_entries') }}

),

cache_checks as (

    select _event_id from {{ ref('int_cache_checks_current') }}

)

select cache_bad_entries.*
from cache_bad_entries
inner join cache_checks on cache_bad_entries._event_id = cache_checks._event_id
