-- One row per finding of a scan, of its parent's newest version.
with vulnerabilities as (

    select * from {{ ref('stg_vulnerabilities') }}

),

vulnerability_scans_current as (

    select * from {{ ref('int_vulnerability_scans_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_vulnerabilities as (

    select vulnerabilities.*
    from vulnerabilities
    inner join vulnerability_scans_current
        on vulnerabilities._event_id = vulnerability_scans_current._event_id

)

select * from current_vulnerabilities
