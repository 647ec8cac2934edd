{#
    Fails unless what was loaded is accounted for: each version of `versions` is the current one of its
    key or was superseded by it, and each current row is one of them.
#}
{% test accounts_for_every_version(model, versions, key) %}

    with compared as (

        select
            count(case when current_rows._event_id = versions._event_id then 1 end) as current_count,
            count(case when current_rows._event_id <> versions._event_id then 1 end) as superseded_count
        from {{ versions }} as versions
        left join {{ model }} as current_rows
            on
                {% for column in key -%}
                    versions.{{ column }} = current_rows.{{ column }}
                    {%- if not loop.last %} and {% endif %}
                {% endfor %}

    ),

    loaded as (

        select count(*) as version_count
        from {{ versions }}

    ),

    kept as (

        select count(*) as row_count
        from {{ model }}

    )

    select
        loaded.version_count,
        compared.superseded_count,
        compared.current_count,
        kept.row_count
    from compared
    cross join loaded
    cross join kept
    where
        loaded.version_count <> compared.superseded_count + kept.row_count
        or compared.current_count <> kept.row_count

{% endtest %}
