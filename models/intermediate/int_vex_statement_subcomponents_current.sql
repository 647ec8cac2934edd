-- One row per component that a statement is about, of its parent's newest version.
with vex_statement_subcomponents as (

    select * from {{ ref('stg_vex_statement_subcomponents') }}

),

vex_documents_current as (

    select * from {{ ref('int_vex_documents_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_vex_statement_subcomponents as (

    select vex_statement_subcomponents.*
    from vex_statement_subcomponents
    inner join vex_documents_current
        on vex_statement_subcomponents._event_id = vex_documents_current._event_id

)

select * from current_vex_statement_subcomponents
