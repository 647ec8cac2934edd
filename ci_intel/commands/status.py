"""`ci-intel status`: what was loaded, topic by topic."""

from __future__ import annotations

import click
import orjson

from ci_intel import contracts
from ci_intel.commands.options import json_option, lock_timeout_option, read_warehouse, warehouse_option
from ci_intel.words import counted, noun

_PER_TOPIC = """
    select
        load_topics.topic,
        count(distinct loads.load_id) as loads,
        max(loads.committed_at) as last_committed_at
    from raw.load_topics as load_topics
    inner join raw.loads as loads
        on load_topics.load_id = loads.load_id and load_topics.generation = loads.generation
    where
        load_topics.loaded_event_count > 0
        and not exists (
            select 1 from raw.loads as newer
            where newer.load_id = loads.load_id and newer.generation > loads.generation
        )
    group by load_topics.topic
"""
# BigQuery asks for a bound on the partitions it is to read, even if that is all of them.
_ROWS = """
    select count(*) as row_count
    from raw.{table} as topic_rows
    where
        topic_rows._loaded_at >= cast('1970-01-01' as timestamp)
        and not exists (
            select 1 from raw.loads as newer
            where newer.load_id = topic_rows._load_id and newer.generation > topic_rows._generation
        )
"""
_SUMS = """
    select
        count(*) as loads,
        coalesce(sum(event_count), 0) as events,
        coalesce(sum(rejected_event_count), 0) as rejected,
        (select count(*) from raw.refusals) as refused
    from raw.loads as loads
    -- What a reload has read again counts as it was read last, as in `ci-intel rejects`.
    where not exists (
        select 1 from raw.loads as newer
        where newer.load_id = loads.load_id and newer.generation > loads.generation
    )
"""


@click.command()
@warehouse_option
@lock_timeout_option
@json_option
def status(warehouse_flag: str | None, lock_timeout: float, as_json: bool) -> None:
    """
    Show what was loaded, topic by topic: how many loads and events, how fresh, how much was bad.

    A topic that was never loaded is listed as such: the silence is the finding.
    """
    opened = read_warehouse(warehouse_flag, lock_timeout)
    try:
        known = {row["topic"]: row for row in opened.query(_PER_TOPIC)}
        rows = {
            name: opened.query(_ROWS.format(table=topic.raw_tables[0]))[0]["row_count"]
            for name, topic in contracts.topics().items()
            if name in known
        }
        sums = opened.query(_SUMS)[0]
    finally:
        opened.close()
    for name in contracts.topics():
        loads, newest = (known[name]["loads"], known[name]["last_committed_at"]) if name in known else (0, None)
        count = rows.get(name, 0)
        if as_json:
            fields = {"topic": name, "rows": count, "loads": loads, "last_committed_at": newest}
            click.echo(orjson.dumps(fields))
        elif newest is None:
            click.echo(f"{name:<20} never loaded")
        else:
            what = f"{count:>10,} {noun(count, 'row'):<4}  {loads:>6,} {noun(loads, 'load'):<5}"
            click.echo(f"{name:<20} {what}  last {newest:%Y-%m-%d %H:%M} UTC")
    if not as_json:
        click.echo(
            f"{counted(sums['loads'], 'load')} of {counted(sums['events'], 'event')}; "
            f"{sums['rejected']:,} rejected (ci-intel rejects); "
            f"{counted(sums['refused'], 'refused file')} (ci-intel rejects --files)"
        )
