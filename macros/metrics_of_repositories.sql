{#
    The metrics that add up over repositories: the sum of their numerators over the sum of their denominators is
    the fleet's. `int_repository_metric_weeks` computes each.
#}
{% macro metrics_of_repositories() -%}
    {{- return([
        'test_pass_ratio', 'flake_ratio', 'mutation_score', 'flake_tax_ratio',
        'verified_deployment_ratio', 'evidence_completeness_ratio', 'policy_compliance_ratio', 'reproducible_ratio',
        'bypass_count', 'exploitable_exposure_days',
        'resilience_ratio', 'cache_integrity_ratio',
        'cost_per_successful_run', 'carbon_per_run', 'waste_ratio', 'forecast_error'
    ]) -}}
{% endmacro %}
