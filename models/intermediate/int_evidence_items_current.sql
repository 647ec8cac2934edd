-- One row per item that a bundle of evidence should hold in its newest version.
with evidence_items as (

    select * from {{ ref('stg_evidence_items') }}

),

evidence_bundles as (

    select _event_id from {{ ref('int_evidence_bundles_current') }}

)

select evidence_items.*
from evidence_items
inner join evidence_bundles on evidence_items._event_id = evidence_bundles._event_id
