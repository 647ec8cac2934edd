{#
    The colour of a value that is held against the target of a metric: green from `<metric>_target` on, amber from
    `<metric>_amber` on, red beyond; grey if there is no value, too little behind it, or no target.

        {{ status_against('change_failure_ratio', 'change_failure', 'lower', 'deployment_count') }}
#}
{% macro status_against(value, metric, better, sample) -%}
    {%- set within = '>=' if better == 'higher' else '<=' -%}
    case
        when {{ value }} is null or {{ sample }} < {{ metric }}_minimum_sample or {{ metric }}_target is null then 'grey'
        when {{ value }} {{ within }} {{ metric }}_target then 'green'
        when {{ value }} {{ within }} {{ metric }}_amber then 'amber'
        else 'red'
    end
{%- endmacro %}

{# Columns `<name>_target`, `_amber` and `_minimum_sample` of each metric, for one row over `int_targets`. #}
{% macro targets_of(metrics) -%}
    {%- for name, metric_id in metrics.items() %}
        max(case when metric_id = '{{ metric_id }}' then green end) as {{ name }}_target,
        max(case when metric_id = '{{ metric_id }}' then amber end) as {{ name }}_amber,
        max(case when metric_id = '{{ metric_id }}' then minimum_sample end) as {{ name }}_minimum_sample
        {%- if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}
