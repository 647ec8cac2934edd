"""`ci-intel status`: what was loaded, topic by topic."""

from __future__ import annotations

import click
import orjson

from ci_intel import contracts
from ci_intel.commands.options import json_option, lock_timeout_option, read_warehouse, warehouse_option

_PER_TOPIC = """
    with newest as (
        select * from raw.loads
        qualify generation = max(generation) over (partition by load_id)
    )
    select
        topic,
        count(*) as loads,
        max(committed_at) as last_committed_at
    from newest, unnest(string_split(topics, chr(10))) as split(topic)
    where topic <> ''
    group by topic
"""
_SUMS = """
    select
        count(*) as loads,
        coalesce(sum(event_count), 0) as events,
        coalesce(sum(rejected_event_count), 0) as rejected,
        (select count(*) from raw.refusals) as refused
    from raw.loads
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
            name: opened.query(f"select count(*) as row_count from raw.{topic.raw_tables[0]}")[0]["row_count"]
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
            click.echo(f"{name:<20} {count:>10,} rows  {loads:>6,} loads  last {newest:%Y-%m-%d %H:%M} UTC")
    if not as_json:
        click.echo(
            f"{sums['loads']:,} loads of {sums['events']:,} events; {sums['rejected']:,} rejected (ci-intel rejects); "
            f"{sums['refused']:,} refused files (ci-intel rejects --files)"
        )
