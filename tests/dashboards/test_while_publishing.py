"""Who builds, publishes and looks at dashboards do not notice one another."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asking
import pytest
from serving import BIN, PROJECT, Served

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


def test_a_dbt_build_and_those_who_look_do_not_notice_one_another(
    served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [BIN / "dbt", "--quiet", "build", "--select", "marts", "--exclude-resource-type", "unit_test"]
    environment = {**os.environ, "CI_INTEL_WAREHOUSE": f"duckdb:///{served.warehouse}", "CI_INTEL_TARGET": "dev"}

    with looking(served) as seen:
        built = subprocess.run(
            [*command, "--target-path", tmp_path / "target"],
            cwd=PROJECT, env=environment, capture_output=True, text=True,
        )  # fmt: skip

    with capsys.disabled():
        print(f"\nwhile dbt built, {seen.answered} charts were asked for, {len(seen.failures)} failed")
    assert built.returncode == 0, built.stdout
    assert seen.failures == []
    assert seen.answered > 0
