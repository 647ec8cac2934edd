-- Cells of the scorecard to which their evidence does not add up: sums of both sides, or how many values there are and
-- which median or percentile they have. A cell that is not measured has evidence that counts nothing.
with cells as (

    select * from {{ ref('executive_scorecard') }}
    where is_current and weeks_ago between 1 and 4

),

evidence as (

    select
        week_start_date,
        metric_id,
        is_simulated,
        coalesce(sum(numerator), 0) as numerator,
        coalesce(sum(denominator), 0) as denominator,
        coalesce(sum(sample_count), 0) as sample_count,
        count(measured_value) as value_count,
        {{ percentile('measured_value', 0.5) }} as median_value,
        {{ percentile('measured_value', 0.95) }} as p95_value
    from {{ ref('scorecard_evidence') }}
    group by week_start_date, metric_id, is_simulated

),

compared_cells as (

    select
        cells.week_start_date,
        cells.metric_id,
        cells.is_simulated,
        cells.metric_value,
        cells.numerator,
        cells.denominator,
        cells.sample_count,
        evidence.numerator as evidence_numerator,
        evidence.denominator as evidence_denominator,
        evidence.sample_count as evidence_sample_count,
        evidence.value_count,
        case
            when cells.metric_id = 'queue_time' then evidence.p95_value
            -- Targets are weighed by their lines and mutants: no median.
            when cells.metric_id <> 'mutation_gap' then evidence.median_value
        end as evidence_value
    from cells
    left join evidence
        on
            cells.week_start_date = evidence.week_start_date
            and cells.metric_id = evidence.metric_id
            and cells.is_simulated = evidence.is_simulated

)

select * from compared_cells
where
    evidence_numerator is null
    or (metric_value is null and (evidence_denominator > 0 or value_count > 0))
    or (
        metric_value is not null
        and (
            abs(coalesce(numerator, 0) - evidence_numerator) > 0.000001 * greatest(abs(evidence_numerator), 1)
            or abs(coalesce(denominator, 0) - evidence_denominator) > 0.000001 * greatest(abs(evidence_denominator), 1)
            or (numerator is null and sample_count <> evidence_sample_count)
            or (numerator is null and abs(metric_value - evidence_value) > 0.000001 * greatest(abs(metric_value), 1))
        )
    )
