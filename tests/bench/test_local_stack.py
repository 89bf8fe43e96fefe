"""How long the local pair takes to come up: what every `okr up` and every test run waits for."""

import time
from pathlib import Path

import pytest

from shared.runtime.stack import LocalStack

pytestmark = pytest.mark.bench


async def test_seconds_until_broker_and_database_answer(tmp_path: Path) -> None:
    took = []
    for _ in range(4):
        began = time.perf_counter()
        async with LocalStack(tmp_path):
            took.append(time.perf_counter() - began)
    first, *again = took
    print(f"\nlocal pair ready: first start {first:.1f} s, then {min(again):.1f} s (best of 3)")  # noqa: T201 - the figure is the result
