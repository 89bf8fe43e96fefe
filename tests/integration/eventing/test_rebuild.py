"""Rebuilds on the real broker and Postgres: beside the old tables, under writes, repeatable."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from shared.eventing import generations, rebuild
from shared.eventing.digests import compare, stored_digests
from shared.eventing.fold import HistoryCut
from shared.eventing.memory_fold import MemoryFold
from shared.eventing.projection import Projection
from shared.eventing.rebuild import build
from shared.eventing.rows import Rows
from shared.eventing.tables import Table
from shared.events.deciding import Recorded
from shared.events.objectives import ObjectivePublished
from tests.support.projecting import Projecting
from tests.support.stack import Stack

pytestmark = pytest.mark.integration


@pytest.fixture
async def projecting(stack: Stack, database: str, prefix: str) -> AsyncIterator[Projecting]:
    made = Projecting(stack.kafka, database, prefix)
    await made.begin()
    yield made
    await made.stop()


async def build_all(projecting: Projecting, *projections: Projection) -> dict[str, str]:
    return await build(projections, dsn=projecting.dsn, bootstrap=projecting.kafka)


async def fetch(projecting: Projecting, query: str) -> list[Any]:
    connection = await asyncpg.connect(projecting.dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def tables(projecting: Projecting) -> list[str]:
    """The tables there are in the schema of the read models, without the bookkeeping."""
    found = await fetch(projecting, "SELECT tablename FROM pg_tables WHERE schemaname = 'read'")
    return sorted(name for (name,) in found if name not in {"generations", "checkpoints"})


async def test_a_rebuild_is_the_fold_of_the_log_and_views_show_it(projecting: Projecting) -> None:
    await projecting.tell(60)
    board = projecting.scoreboard()
    assert await build_all(projecting, board) == {}
    assert (await projecting.folded(board)).differing == []
    stored = await stored_digests(board, dsn=projecting.dsn)
    assert stored is not None
    (count,) = (await fetch(projecting, "SELECT count(*) FROM read.scoreboard_story"))[0]
    assert count == stored.rows["story"] > 100


async def test_while_it_is_built_the_old_serves_and_what_comes_in_is_not_lost(
    projecting: Projecting,
) -> None:
    board = projecting.scoreboard()
    async with projecting.projector(board) as projector:
        await projecting.tell(60)
        await projecting.folded(board)

        async def writing() -> None:
            for _ in range(15):
                await projecting.tell(9)

        seen: list[int] = []

        async def reading() -> None:
            connection = await asyncpg.connect(projecting.dsn)
            try:
                while True:
                    count = await connection.fetchval("SELECT count(*) FROM read.scoreboard_story")
                    seen.append(count)
                    await asyncio.sleep(0.01)
            finally:
                connection.terminate()

        watching, told = asyncio.create_task(reading()), asyncio.create_task(writing())
        while not told.done():
            assert await build_all(projecting, board) == {}
        await told
        assert (await projecting.folded(board)).differing == []
        watching.cancel()
        await asyncio.wait([watching])
        assert watching.cancelled(), "a reader failed"
        assert seen == sorted(seen), "a reader saw less than before"
        assert projector.status()["projections"]["scoreboard"]["state"] == "live"
    (generation,) = await fetch(projecting, "SELECT generation FROM read.generations")
    assert generation[0] > 1
    assert len(await tables(projecting)) == len(board.tables)


async def test_a_raised_version_is_built_at_the_next_start(projecting: Projecting) -> None:
    await projecting.tell(30)
    async with projecting.projector(projecting.scoreboard()):
        await projecting.folded(projecting.scoreboard())
    await projecting.tell(30)
    extra = Table("extra", ("id",), {"id": "text"})
    newer = projecting.scoreboard(version=2)
    newer = replace(newer, tables=(*newer.tables[:-1], extra))
    newer = replace(newer, handlers={}, derivations=(), on_time=None)
    async with projecting.projector(newer):
        assert (await projecting.folded(newer)).differing == []
    assert await fetch(projecting, "SELECT version, state FROM read.generations") == [
        (2, "current")
    ]
    assert await fetch(projecting, "SELECT * FROM read.scoreboard_extra") == []
    assert sorted(await tables(projecting)) == sorted(
        f"scoreboard_v2_{table.name}" for table in newer.tables
    )
    views = await fetch(projecting, "SELECT viewname FROM pg_views WHERE schemaname = 'read'")
    assert ("scoreboard_story",) not in views


async def test_tables_changed_under_an_old_version_are_built_too(projecting: Projecting) -> None:
    async with projecting.projector(projecting.scoreboard()):
        await projecting.folded(projecting.scoreboard())
    board = projecting.scoreboard()
    wider = replace(board, tables=(*board.tables, Table("extra", ("id",), {"id": "text"})))
    async with projecting.projector(wider):
        await projecting.folded(wider)
    assert await fetch(projecting, "SELECT * FROM read.scoreboard_extra") == []


class Killed(BaseException):
    """The process ends here."""


async def test_one_that_was_broken_off_is_repeated_and_leaves_nothing(
    projecting: Projecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await projecting.tell(30)
    board = projecting.scoreboard()
    assert await build_all(projecting, board) == {}

    async def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(generations.Builder, "put_in_place", killed)
        with pytest.raises(Killed):
            await build_all(projecting, board)
    assert len(await tables(projecting)) == 2 * len(board.tables)
    assert await build_all(projecting, board) == {}
    assert len(await tables(projecting)) == len(board.tables)
    assert (await projecting.folded(board)).differing == []


async def test_two_builders_take_turns(projecting: Projecting) -> None:
    await projecting.tell(30)
    board = projecting.scoreboard()
    both = await asyncio.gather(build_all(projecting, board), build_all(projecting, board))
    assert list(both) == [{}, {}]
    assert (await projecting.folded(board)).differing == []
    assert len(await tables(projecting)) == len(board.tables)


async def test_a_long_reader_delays_the_switch_and_nothing_else(
    projecting: Projecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generations, "_LOCK_WAIT", "50ms")
    monkeypatch.setattr(rebuild, "_PAUSE", 0.05)
    await projecting.tell(30)
    board = projecting.scoreboard()
    assert await build_all(projecting, board) == {}
    folds: list[MemoryFold] = []
    finish = MemoryFold.finish

    def counted(fold: MemoryFold) -> None:
        folds.append(fold)
        finish(fold)

    monkeypatch.setattr(MemoryFold, "finish", counted)
    reader = await asyncpg.connect(projecting.dsn)
    try:
        transaction = reader.transaction()
        await transaction.start()
        await reader.fetch("SELECT * FROM read.scoreboard_story")
        building = asyncio.create_task(build_all(projecting, board))
        _, waits = await asyncio.wait([building], timeout=2)
        assert waits
        await transaction.rollback()
        assert await building == {}
    finally:
        await reader.close()
    assert len(folds) == 1
    assert (await projecting.folded(board)).differing == []


async def test_one_that_fails_says_so_and_its_neighbour_is_built(projecting: Projecting) -> None:
    def failing(recorded: Recorded[ObjectivePublished], rows: Rows) -> None:
        raise ZeroDivisionError("planted")

    await projecting.tell(30)
    board, bad = projecting.scoreboard(), projecting.scoreboard(name="bad")
    assert await build_all(projecting, bad) == {}
    worse = replace(bad, handlers={**bad.handlers, ObjectivePublished: failing})
    failed = await build_all(projecting, board, worse)
    assert list(failed) == ["bad"]
    assert "ZeroDivisionError: planted" in failed["bad"]
    assert (await projecting.folded(board)).differing == []
    # What queries read is the one from before.
    assert (await projecting.folded(bad)).differing == []


async def test_a_log_that_is_not_the_one_it_was_folded_from_is_history_cut(
    projecting: Projecting,
) -> None:
    await projecting.tell(30)
    board = projecting.scoreboard()
    assert await build_all(projecting, board) == {}
    await fetch(projecting, "UPDATE read.checkpoints SET ce_id = 'another' WHERE partition = 5")
    with pytest.raises(HistoryCut):
        await build_all(projecting, board)


async def test_a_blind_table_is_written_out_as_it_grows(
    projecting: Projecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "_SPILL_AT", 10)
    await projecting.tell(120)
    board = projecting.scoreboard()
    assert await build_all(projecting, board) == {}
    assert (await projecting.folded(board)).differing == []


async def test_a_row_that_was_changed_by_hand_is_found(projecting: Projecting) -> None:
    await projecting.tell(30)
    board = projecting.scoreboard()
    assert await build_all(projecting, board) == {}
    await fetch(projecting, "UPDATE read.scoreboard_objectives SET title = 'x' WHERE id < '1'")
    found = await compare(board, dsn=projecting.dsn, bootstrap=projecting.kafka)
    assert found is not None
    assert found.differing == ["objectives"]


async def test_before_the_first_build_there_is_nothing_to_compare(projecting: Projecting) -> None:
    board = projecting.scoreboard()
    assert await compare(board, dsn=projecting.dsn, bootstrap=projecting.kafka) is None
