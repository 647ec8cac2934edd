-- One row per statement of a VEX document and product, of its parent's newest version.
with vex_statements as (

    select * from {{ ref('stg_vex_statements') }}

),

vex_documents_current as (

    select * from {{ ref('int_vex_documents_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_vex_statements as (

    select vex_statements.*
    from vex_statements
    inner join vex_documents_current
        on vex_statements._event_id = vex_documents_current._event_id

)

select * from current_vex_statements
