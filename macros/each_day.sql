{#
    Each row of a relation once per day from `first_date` to `last_date`, both included, as `calendar_date`.

        {{ each_day('repository_spans', 'first_date', 'last_date') }}
#}
{% macro each_day(relation, first_date, last_date) -%}
    {{ adapter.dispatch('each_day')(relation, first_date, last_date) }}
{%- endmacro %}

{% macro default__each_day(relation, first_date, last_date) -%}
    select
        {{ relation }}.*,
        cast(days.calendar_date as date) as calendar_date
    from {{ relation }}
    cross join unnest(generate_series({{ first_date }}, {{ last_date }}, interval 1 day)) as days (calendar_date)
{%- endmacro %}

{% macro bigquery__each_day(relation, first_date, last_date) -%}
    select
        {{ relation }}.*,
        calendar_date
    from {{ relation }}
    cross join unnest(generate_date_array({{ first_date }}, {{ last_date }})) as calendar_date
{%- endmacro %}
