{#
    Which runs changed since an incremental mart of runs or jobs was last built, and which days that
    concerns.
#}

{#
    Which days of this mart a build makes anew, as texts; none for all of them: the first time, when the changes have a
    new history (a reload took back what had been read), and when what facts are joined with has changed: the
    meanings of words, the catalogue, where the mart `has_catalogue`, and whatever else it names, an
    expression by the column that keeps it; and when it lacks a column, as one that an older version built.
#}
{% macro dates_of_changed_runs(has_catalogue=false, meanings={}, columns=[]) %}
    {%- if execute and not is_brought_up_to_date() -%} {{- return(none) -}} {%- endif -%}
    {#- Named here, so that dbt knows of the dependency. -#}
    {%- set words = ref('int_run_status_words') -%}
    {%- set changed_days = ref('int_run_days_changed') -%}
    {%- set meanings = dict(meanings, _words_fingerprint='(select max(_words_fingerprint) from ' ~ words ~ ')') -%}
    {%- if has_catalogue -%}
        {%- do meanings.update({'_catalogue_fingerprint': catalogue_fingerprint()}) -%}
    {%- endif -%}
    {%- if not execute -%} {{- return(none) -}} {%- endif -%}
    {%- if not has_columns(['_seen_change'] + meanings.keys() | list + columns) -%} {{- return(none) -}} {%- endif -%}
    {%- set seen = newest_change(this, '_seen_change') -%}
    {%- if history_of(seen) != history_of(newest_change()) or have_changed(meanings) -%} {{- return(none) -}} {%- endif -%}
    {%- set query -%}
        select cast(changed_date as {{ dbt.type_string() }}) as changed_date
        from {{ changed_days }}
        where _change > '{{ seen }}'
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | sort) -}}
{% endmacro %}


{#
    The newest change of runs and jobs that was noted, or that a mart has seen: the history that it belongs to and its
    number there, as a text that sorts; `none` where there is none. A mart asks this before it asks for its days
    (`dates_of_changed_runs`), and so notes no more than it made anew.
#}
{% macro newest_change(relation=none, column='_change') %}
    {#- A unit test has neither. -#}
    {%- if execute and this is none -%} {{- return('none') -}} {%- endif -%}
    {%- set changes = relation or ref('int_run_days_changed') -%}
    {%- if not execute -%} {{- return('none') -}} {%- endif -%}
    {{- return(run_query('select max(' ~ column ~ ') from ' ~ changes).rows[0][0] or 'none') -}}
{% endmacro %}


{# The next change of a model's history; the first of a new history where it reads everything anew, or has nothing. #}
{% macro next_change(is_anew) %}
    {%- set newest = 'none' if is_anew else newest_change(this) -%}
    {%- set history = run_started_at.strftime('%Y%m%dT%H%M%S.%f') if newest == 'none' else history_of(newest) -%}
    {%- set number = 0 if newest == 'none' else newest.split(' ')[1] | int -%}
    {{- return(history ~ ' ' ~ '%09d' % (number + 1)) -}}
{% endmacro %}


{# The history that a change belongs to: after another one, nothing that was seen says anything. #}
{% macro history_of(change) -%}
    {{- return(change.split(' ')[0]) -}}
{%- endmacro %}


{#
    The runs (provider, repository, run_id) of which a version or a job has been committed since; all runs where what
    is unseen of them is none.
#}
{% macro changed_runs(unseen_runs, unseen_jobs) %}
    select
        provider,
        repository,
        run_id
    from (
        select
            provider,
            repository,
            run_id
        from {{ ref('int_pipeline_runs_current') }}
        {{ _where_unseen(unseen_runs) }}
        union all
        select
            provider,
            repository,
            run_id
        from {{ ref('int_pipeline_jobs_current') }}
        {{ _where_unseen(unseen_jobs) }}
    ) as changed_versions
    group by provider, repository, run_id
{% endmacro %}

{% macro _where_unseen(unseen) -%}
    {%- if unseen %}
        where
            _committed_at >= {{ unseen.committed_since }}
            and _loaded_at >= {{ unseen.loaded_since }}
    {%- endif -%}
{%- endmacro %}


{# The days on which versions of these runs were loaded, and with them the lists of their jobs. #}
{% macro loading_days_of_changed_runs(unseen_runs, unseen_jobs) %}
    {%- set query -%}
        select distinct cast(cast(versions._loaded_at as date) as {{ dbt.type_string() }}) as loading_day
        from {{ ref('stg_pipeline_runs') }} as versions
        inner join ({{ changed_runs(unseen_runs, unseen_jobs) }}) as changed_runs
            on
                versions.provider = changed_runs.provider
                and versions.repository = changed_runs.repository
                and versions.run_id = changed_runs.run_id
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | sort if execute else []) -}}
{% endmacro %}


{# The runs of which a version of an attempt has been committed since: another attempt may not be the final one any more. #}
{% macro runs_with_changed_attempts(unseen) %}
    select distinct
        provider,
        repository,
        run_id
    from {{ ref('int_pipeline_runs_current') }}
    where
        _committed_at >= {{ unseen.committed_since }}
        and _loaded_at >= {{ unseen.loaded_since }}
{% endmacro %}


{# Whether this mart has all of these columns. #}
{% macro has_columns(columns) %}
    {%- set known = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
    {{- return((columns | reject('in', known) | list) == []) -}}
{% endmacro %}


{# Whether any of these fingerprints, each an expression by its column, differs from what this mart was built with. #}
{% macro have_changed(fingerprints) %}
    {%- set query -%}
        select
            {% for column, fingerprint in fingerprints.items() -%}
                coalesce((select max({{ column }}) from {{ this }}), '') <> coalesce({{ fingerprint }}, '')
                {%- if not loop.last %} or {% endif %}
            {% endfor %} as have_changed
    {%- endset -%}
    {{- return(run_query(query).rows[0][0]) -}}
{% endmacro %}


{# The day on which a job says that it started, else was queued; the first of all days if it says neither. #}
{% macro own_date_of_job(jobs) -%}
    coalesce(cast(coalesce({{ jobs }}.started_at, {{ jobs }}.queued_at) as date), cast('1970-01-01' as date))
{%- endmacro %}


{#
    The days on which the newest versions of the runs of these dates were loaded: where they, and the lists of
    their jobs, lie among all rows.
#}
{% macro loading_days_of_runs(dates) %}
    {%- if execute and dates is none -%} {{- return(none) -}} {%- endif -%}
    {%- set query -%}
        select distinct cast(cast(versions._loaded_at as date) as {{ dbt.type_string() }}) as loading_day
        from {{ ref('int_pipeline_runs_current') }} as versions
        inner join {{ ref('int_pipeline_runs_reconciled') }} as runs
            on
                versions.provider = runs.provider
                and versions.repository = runs.repository
                and versions.run_id = runs.run_id
                and versions.run_attempt = runs.run_attempt
        where {{ is_started_on('runs', dates) }}
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | sort if execute else []) -}}
{% endmacro %}


{# The days on which those jobs were loaded that arrived apart from these runs, or that started on these dates themselves. #}
{% macro loading_days_of_lone_jobs(dates) %}
    {%- if execute and dates is none -%} {{- return(none) -}} {%- endif -%}
    {%- set query -%}
        select distinct cast(cast(lone_jobs._loaded_at as date) as {{ dbt.type_string() }}) as loading_day
        from {{ ref('int_pipeline_jobs_current') }} as lone_jobs
        left join (
            select distinct
                provider,
                repository,
                run_id
            from {{ ref('int_pipeline_runs_reconciled') }} as runs
            where {{ is_started_on('runs', dates) }}
        ) as changed_runs
            on
                lone_jobs.provider = changed_runs.provider
                and lone_jobs.repository = changed_runs.repository
                and lone_jobs.run_id = changed_runs.run_id
        where changed_runs.run_id is not null or {{ in_dates(own_date_of_job('lone_jobs'), dates) }}
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | sort if execute else []) -}}
{% endmacro %}


{# Whether a run started on one of these dates, as ranges of literals; true where they are none. #}
{% macro is_started_on(relation, dates) -%}
    {{- _is_on(relation ~ '.started_at', dates) -}}
{%- endmacro %}


{# Whether rows were loaded on one of these days, likewise. #}
{% macro is_loaded_on(relation, days) -%}
    {{- _is_on(relation ~ '._loaded_at', days) -}}
{%- endmacro %}


{#
    Both engines skip rows by ranges of a column as it is stored; by a function of it they read them all. A single
    range DuckDB also holds against what is joined by that column.
#}
{% macro _is_on(moment, days) -%}
    {%- if days is none -%} true
    {%- elif not days -%} false
    {%- else -%}
        (
            {%- for span in _spans(days) %}
                (
                    {{ moment }} >= cast('{{ span.first }} 00:00:00' as timestamp)
                    and {{ moment }} < cast('{{ span.next }} 00:00:00' as timestamp)
                )
                {%- if not loop.last %} or {% endif %}
            {%- endfor %}
        )
    {%- endif -%}
{%- endmacro %}


{# Days, as texts, as spans of days that follow each other: the `first` of each, and the `next` day after its last. #}
{% macro _spans(days) -%}
    {%- set spans = [] -%}
    {%- for day in days | unique | sort -%}
        {%- set next_day = (modules.datetime.date.fromisoformat(day) + modules.datetime.timedelta(days=1)).isoformat() -%}
        {%- if spans and spans[-1].next == day -%}
            {%- do spans[-1].update({'next': next_day}) -%}
        {%- else -%}
            {%- do spans.append({'first': day, 'next': next_day}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(spans) -}}
{%- endmacro %}


{#
    Which days of `run_health` have other streaks than they were built with: a success today closes
    a streak that began last week, and a failure that arrives late makes two of one.
#}
{% macro dates_of_changed_streaks(workflow_day_streaks) %}
    {%- set query -%}
        with {{ workflow_day_streaks }}

        select distinct cast(health.started_date as {{ dbt.type_string() }}) as changed_date
        from {{ this }} as health
        left join workflow_day_recoveries as recoveries
            on
                health.repository = recoveries.repository
                and health.workflow = recoveries.workflow
                and health.environment = recoveries.environment
                and health.started_date = recoveries.started_date
        left join workflow_day_open_streaks as open_streaks
            on
                health.repository = open_streaks.repository
                and health.workflow = open_streaks.workflow
                and health.environment = open_streaks.environment
                and health.started_date = open_streaks.started_date
        where
            health.closed_streak_count <> coalesce(recoveries.closed_streak_count, 0)
            or health.time_to_green_p50_ms is distinct from recoveries.time_to_green_p50_ms
            or health.red_since_at is distinct from open_streaks.red_since_at
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | list if execute else []) -}}
{% endmacro %}
