"""What all tests share: nothing from the machine that runs them reaches a test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A slow moment of the machine is no failure of a property.
settings.register_profile(
    "hub", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("torture", settings.get_profile("hub"), max_examples=2000)
settings.load_profile(os.environ.get("HUB_HYPOTHESIS", "hub"))

_OURS = ("CI_INTEL_", "GITHUB_", "GITLAB_", "CI_PROJECT", "CI_PIPELINE", "CI_COMMIT", "CI_JOB")


@pytest.fixture(autouse=True, scope="session")
def outside_of_any_ci() -> Iterator[None]:
    """Hide the variables of the CI that may run these tests, and of the developer's own warehouse."""
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith(_OURS):
                environment.delenv(name)
        yield
