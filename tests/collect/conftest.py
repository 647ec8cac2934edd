from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hub import Hub
from replay import TOKEN, Server, serving


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with all tables and no row, made once."""
    made = Hub(tmp_path_factory.mktemp("new"))
    assert made.run("warehouse", "init").exit_code == 0
    return made.path


@pytest.fixture
def new_hub(tmp_path: Path, new_warehouse: Path) -> Callable[[], Hub]:
    """Makes hubs, each with an empty warehouse."""
    numbers = iter(range(100))

    def make() -> Hub:
        made = Hub(tmp_path / f"hub-{next(numbers)}")
        made.path.parent.mkdir(parents=True)
        shutil.copy(new_warehouse, made.path)
        return made

    return make


@pytest.fixture
def hub(new_hub: Callable[[], Hub]) -> Hub:
    return new_hub()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_INTEL_GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("CI_INTEL_GITLAB_TOKEN", TOKEN)


@pytest.fixture
def serve() -> Iterator[Callable[[object], Server]]:
    """Serves worlds until the test is over."""
    with ExitStack() as stack:
        yield lambda world: stack.enter_context(serving(world))
