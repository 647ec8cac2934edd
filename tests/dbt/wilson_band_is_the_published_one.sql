-- Fails where the Wilson band differs from published or evident values.
with bands as (

    -- R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3; 20 of 20 mirrors 0 of 20.
    select
        '81 of 263' as counted,
        {{ wilson_lower('81', '263') }} as lower_ratio,
        {{ wilson_upper('81', '263') }} as upper_ratio,
        0.2553 as published_lower_ratio,
        0.3662 as published_upper_ratio
    union all
    select '15 of 148', {{ wilson_lower('15', '148') }}, {{ wilson_upper('15', '148') }}, 0.0624, 0.1605
    union all
    select '0 of 20', {{ wilson_lower('0', '20') }}, {{ wilson_upper('0', '20') }}, 0.0, 0.1611
    union all
    select '1 of 29', {{ wilson_lower('1', '29') }}, {{ wilson_upper('1', '29') }}, 0.0061, 0.1718
    union all
    select '20 of 20', {{ wilson_lower('20', '20') }}, {{ wilson_upper('20', '20') }}, 0.8389, 1.0

),

nothing_counted as (

    select
        {{ wilson_lower('0', '0') }} as lower_ratio,
        {{ wilson_upper('0', '0') }} as upper_ratio

)

select counted
from bands
where
    lower_ratio is null
    or upper_ratio is null
    or abs(lower_ratio - published_lower_ratio) > 0.00005
    or abs(upper_ratio - published_upper_ratio) > 0.00005
    or lower_ratio < 0
    or upper_ratio > 1
union all
select '0 of 0' as counted
from nothing_counted
where lower_ratio is not null or upper_ratio is not null
