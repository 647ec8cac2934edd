-- One row per activity of a chaos experiment's newest version.
with chaos_activities as (

    select * from {{ ref('stg_chaos_activities') }}

),

chaos_experiments as (

    select _event_id from {{ ref('int_chaos_experiments_current') }}

)

select chaos_activities.*
from chaos_activities
inner join chaos_experiments on chaos_activities._event_id = chaos_experiments._event_id
