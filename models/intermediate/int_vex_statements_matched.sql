-- One row per exposure to a vulnerability and VEX statement that is about it.
with exposures as (

    select * from {{ ref('int_vulnerability_exposures') }}

),

statements as (

    select * from {{ ref('int_vex_statements_effective') }}

),

-- What each statement is about, in the terms in which exposures are known.
read_statements as (

    select
        *,
        {{ purl_without_version('product_purl') }} as product_component,
        {{ purl_version('product_purl') }} as product_version,
        coalesce(
            {{ purl_image_name('product_purl') }},
            -- A name with a tag means that tag only, which a name cannot tell apart.
            case
                when product not like 'pkg:%' and product = regexp_replace(product, ':[A-Za-z0-9_][A-Za-z0-9._-]*$', '')
                    then {{ image_name('product') }}
            end
        ) as product_image,
        -- Without a registry the package URL of an image gives only the last part of its name.
        case
            when product_purl like 'pkg:oci/%' and product_purl not like '%repository_url=%' and product_purl not like '%tag=%'
                then substr({{ purl_without_version('product_purl') }}, length('pkg:oci/') + 1)
        end as product_image_end,
        {{ purl_without_version('subcomponent') }} as part_component,
        {{ purl_version('subcomponent') }} as part_version
    from statements

),

candidates as (

    select
        exposures.repository,
        exposures.subject,
        exposures.component,
        exposures.vulnerability,
        read_statements.product,
        read_statements.subcomponent,
        -- A digest is exact; a name stands for the image under every tag, and `pkg:github` for the repository.
        case
            when read_statements.product_digest is not null
                then coalesce(read_statements.product_digest = exposures.subject_digest, false)
            else
                coalesce(read_statements.product_image = exposures.subject, false)
                or coalesce(
                    read_statements.product_version is null
                    and read_statements.product_image_end = regexp_replace(exposures.subject, '^.*/', ''),
                    false
                )
                or coalesce(
                    read_statements.product_version is null
                    and read_statements.product_component = 'pkg:github/' || exposures.repository,
                    false
                )
        end as is_about_subject,
        -- A version is exact too, and says nothing about another copy of the component in the same subject.
        coalesce(read_statements.product_component = exposures.component, false)
        and (
            read_statements.product_version is null
            or coalesce(
                exposures.component_version_count = 1
                and read_statements.product_version = {{ purl_version('exposures.component_purl') }},
                false
            )
        ) as is_about_component,
        read_statements.part_component = exposures.component
        and (
            read_statements.part_version is null
            or coalesce(
                exposures.component_version_count = 1
                and read_statements.part_version = {{ purl_version('exposures.component_purl') }},
                false
            )
        ) as is_about_part
    from exposures
    inner join read_statements
        on exposures.vulnerability = read_statements.vulnerability

),

matches as (

    select
        repository,
        subject,
        component,
        vulnerability,
        product,
        subcomponent
    from candidates
    where
        (subcomponent = '(none)' and (is_about_subject or is_about_component))
        or (subcomponent <> '(none)' and is_about_subject and is_about_part)

)

select * from matches
