-- One row per vulnerability, product and component of it: the newest statement that anybody made.
with documents as (

    select * from {{ ref('int_vex_documents_current') }}

),

statements as (

    select * from {{ ref('int_vex_statements_current') }}

),

subcomponents as (

    select * from {{ ref('int_vex_statement_subcomponents_current') }}

),

identifiers_grouped as (

    select * from {{ ref('int_vulnerability_identifiers_grouped') }}

),

-- A newer version supersedes its whole document: a statement that it no longer has was withdrawn.
newest_documents as (

    select *
    from documents
    where issued_at <= {{ as_of() }}
    qualify row_number() over (
        partition by document_id
        order by issued_at desc, length(document_version) desc, document_version desc
    ) = 1

),

statements_with_subcomponents as (

    select
        identifiers_grouped.vulnerability,
        coalesce(statements.product, '(none)') as product,
        coalesce(subcomponents.subcomponent, '(none)') as subcomponent,
        statements.product_purl,
        statements.product_digest,
        statements.status,
        statements.justification,
        statements.impact_statement,
        statements.stated_at,
        statements.expires_at,
        newest_documents.document_id,
        newest_documents.document_version,
        newest_documents.author,
        newest_documents.issued_at,
        newest_documents.is_simulated,
        statements.ordinal
    from statements
    inner join newest_documents
        on statements._event_id = newest_documents._event_id
    inner join identifiers_grouped
        on statements.vulnerability_id = identifiers_grouped.identifier
    left join subcomponents
        on
            statements._event_id = subcomponents._event_id
            and statements.ordinal = subcomponents.ordinal
    where statements.stated_at <= {{ as_of() }}

),

newest_statements as (

    select *
    from statements_with_subcomponents
    qualify row_number() over (
        partition by vulnerability, product, subcomponent
        order by stated_at desc, issued_at desc, document_id desc, ordinal desc
    ) = 1

),

-- "Not affected" without a reason is a claim that nobody can check: it is kept, and exempts nothing.
effective_statements as (

    select
        vulnerability,
        product,
        subcomponent,
        product_purl,
        product_digest,
        status,
        justification,
        impact_statement,
        stated_at,
        expires_at,
        document_id,
        document_version,
        author,
        is_simulated,
        coalesce(expires_at <= {{ as_of() }}, false) as is_expired,
        (
            status = 'fixed'
            or (status = 'not_affected' and coalesce(justification, impact_statement) is not null)
        )
        and coalesce(expires_at > {{ as_of() }}, true) as is_exempting
    from newest_statements

)

select * from effective_statements
