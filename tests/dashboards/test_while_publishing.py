"""Who builds, publishes and looks at dashboards do not notice one another."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import asking
import pytest
from serving import Served

pytestmark = pytest.mark.dashboards
LOOKERS = 2


class Looking:
    """What those saw who asked for all charts, one after the other, all the time."""

    def __init__(self) -> None:
        self.answered = 0
        self.failures: list[str] = []


@contextmanager
def looking(served: Served) -> Iterator[Looking]:
    """Have some ask for charts, uncached, for as long as this lasts."""
    seen, is_over = Looking(), threading.Event()

    def look() -> None:
        with asking.client(served) as client:
            numbers = asking.charts_by_name(client)
            while not is_over.is_set():
                for name, number in numbers.items():
                    try:
                        asking.data_of(client, number)
                    except AssertionError as error:
                        seen.failures.append(f"{name}: {error}")
                    seen.answered += 1
                    if is_over.is_set():
                        break

    lookers = [threading.Thread(target=look) for _ in range(LOOKERS)]
    for looker in lookers:
        looker.start()
    try:
        yield seen
    finally:
        is_over.set()
        for looker in lookers:
            looker.join()


def test_no_chart_fails_while_twenty_publishes_go_on(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    with looking(served) as seen:
        for _ in range(20):
            served.publish()

    with capsys.disabled():
        print(f"\n20 publishes, {seen.answered} charts were asked for meanwhile, {len(seen.failures)} failed")
    assert seen.failures == []
    assert seen.answered >= 20


def test_no_chart_fails_and_no_build_waits_while_the_warehouse_is_written(served: Served) -> None:
    # As dbt does: the file is opened for writing, again and again, and held while something is built.
    build = """
import duckdb, sys, time
for number in range(8):
    with duckdb.connect(sys.argv[1]) as connection:
        connection.execute("create or replace table marts.being_built as select range from range(100000)")
        time.sleep(1)
with duckdb.connect(sys.argv[1]) as connection:
    connection.execute("drop table marts.being_built")
"""
    with looking(served) as seen:
        built = subprocess.run([sys.executable, "-c", build, served.warehouse], capture_output=True, text=True)

    assert built.returncode == 0, built.stderr
    assert seen.failures == []
    assert seen.answered > 0
