"""Fixtures of the journeys: each runs a whole suite of its own, started as a person starts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.suite import Suite, a_suite


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """An empty training organization."""
    data: Path = tmp_path_factory.mktemp("journey") / "data"
    with a_suite(data, "--no-demo", "--training") as started:
        yield started
