"""The read side without its database: it says so, and comes back by itself."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from services.readmodels.projections import PROJECTIONS
from services.readmodels.queries.pool import Pool
from services.readmodels.queries.view import View
from shared.eventing.visible import Visible
from shared.runtime.people.store import PeopleStore
from shared.runtime.settings import Settings
from tests.integration.readmodels.reading import reader_of
from tests.support.stack import Stack
from tests.unit.readmodels.world import company

pytestmark = pytest.mark.integration


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, a minute at most."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.05)


async def test_reads_say_so_while_the_database_is_away_and_go_on_after(
    own_stack: Stack, tmp_path: Path
) -> None:
    async with reader_of(company(), own_stack.postgres, tmp_path) as reader:
        before = await reader.get("/v1/departments")
        await own_stack.hold("postgres")
        await until(lambda: reader.view.trouble is not None)
        # Asked before or not, nothing is answered from memory that nobody can vouch for.
        answer = await reader.ask("/v1/departments")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert answer.headers["retry-after"]
        await own_stack.release("postgres")
        await until(lambda: reader.view.trouble is None)
        after = await reader.get("/v1/departments")
        assert after["items"] == before["items"]


async def test_before_the_first_build_nothing_is_ready(database: str, tmp_path: Path) -> None:
    settings = Settings(postgres=database, data_dir=tmp_path)
    view = View(Pool(database), Visible(PROJECTIONS, dsn=database), PeopleStore.of(settings))
    await view.start()
    try:
        await until(lambda: view.trouble == "the read models are being built")
    finally:
        await view.stop()
