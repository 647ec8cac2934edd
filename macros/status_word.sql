{#
    Where to look up what a status means: the provider's own word if that is all that was sent,
    else the contract's word, which belongs to the provider `hub`.
#}
{% macro status_word_provider(relation) -%}
    case when coalesce({{ relation }}.status, 'unknown') = 'unknown' then {{ relation }}.provider else 'hub' end
{%- endmacro %}

{% macro status_word(relation) -%}
    case
        when coalesce({{ relation }}.status, 'unknown') = 'unknown' then lower({{ relation }}.status_original)
        else {{ relation }}.status
    end
{%- endmacro %}
