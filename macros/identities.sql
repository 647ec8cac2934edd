{#
    Names of software, reduced to what two sources agree on. RE2, which both engines speak, without
    backslashes, which their string literals do not agree on.
#}

{# The image that a reference names, without tag, digest and Docker Hub's own prefix: `ghcr.io/acme/shop`. #}
{% macro image_name(reference) -%}
    regexp_replace(
        regexp_replace(
            regexp_replace({{ reference }}, '@sha256:[0-9a-f]{64}$', ''),
            ':[A-Za-z0-9_][A-Za-z0-9._-]*$', ''
        ),
        '^(index[.])?docker[.]io/(library/)?', ''
    )
{%- endmacro %}


{# A package URL without version, qualifiers and subpath: `pkg:maven/org.acme/shop`. #}
{% macro purl_without_version(purl) -%}
    regexp_replace(regexp_replace({{ purl }}, '[?#].*$', ''), '@[^/@]*$', '')
{%- endmacro %}


{# The version in a package URL, as it is encoded there; null if it names none, and so means every version. #}
{% macro purl_version(purl) -%}
    nullif(
        substr(
            regexp_replace({{ purl }}, '[?#].*$', ''),
            length({{ purl_without_version(purl) }}) + 2
        ),
        ''
    )
{%- endmacro %}


{#
    The image that the package URL of an OCI image names by its repository; null for any other
    package URL, and for one that means a single tag only, which a name cannot tell apart.
#}
{% macro purl_image_name(purl) -%}
    case
        when {{ purl }} like 'pkg:oci/%repository_url=%' and {{ purl }} not like '%tag=%'
            then {{ image_name(
                "replace(regexp_replace(regexp_replace(" ~ purl ~ ", '^.*[?&]repository_url=', ''), '[&#].*$', ''), '%2F', '/')"
            ) }}
    end
{%- endmacro %}
