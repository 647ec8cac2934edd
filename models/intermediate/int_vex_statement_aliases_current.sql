-- One row per further identifier of a statement's vulnerability, of its parent's newest version.
with vex_statement_aliases as (

    select * from {{ ref('stg_vex_statement_aliases') }}

),

vex_documents_current as (

    select * from {{ ref('int_vex_documents_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_vex_statement_aliases as (

    select vex_statement_aliases.*
    from vex_statement_aliases
    inner join vex_documents_current
        on vex_statement_aliases._event_id = vex_documents_current._event_id

)

select * from current_vex_statement_aliases
