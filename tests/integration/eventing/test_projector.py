"""The projector on the real stack: its tables are the fold of the log, whatever dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from shared.eventing import live as live_module
from shared.eventing import postgres
from shared.eventing.checkpoints import current, current_within, move
from shared.eventing.fold import HistoryCut
from shared.eventing.live import HeardBatch, Live
from shared.eventing.projector import Projector
from shared.eventing.reader import Batch, Tail, places_of
from shared.eventing.rebuild import build
from shared.eventing.rows import Rows
from shared.eventing.visible import Visible
from shared.events.deciding import Recorded
from shared.events.objectives import ObjectivePublished
from tests.support.projecting import Projecting, eventually
from tests.support.stack import Stack

pytestmark = pytest.mark.integration


@pytest.fixture
async def projecting(stack: Stack, database: str, prefix: str) -> AsyncIterator[Projecting]:
    made = Projecting(stack.kafka, database, prefix)
    await made.begin()
    yield made
    await made.stop()


async def batches_of(projecting: Projecting, live: Live) -> list[Batch]:
    """What the log says beyond what `live` holds."""
    places = places_of(projecting.services)
    tail = Tail(projecting.kafka, places, live.held, client_id="test")
    await tail.open()
    try:
        ends = await tail.ends()
        found: list[Batch] = []
        while not tail.reached(ends):
            found += await tail.next()
    finally:
        await tail.close()
    return found


async def begun(projecting: Projecting) -> Live:
    """A scoreboard that has been built, ready to be kept up to date."""
    projection = projecting.scoreboard()
    live = Live(projection, projecting.dsn)
    generation = await live.read_again()
    if generation is None:
        assert await build([projection], dsn=projecting.dsn, bootstrap=projecting.kafka) == {}
        generation = await live.read_again()
    assert generation is not None
    live.begin(generation)
    return live


async def test_tables_are_the_fold_of_the_log_live_and_after_a_restart(
    projecting: Projecting,
) -> None:
    board = projecting.scoreboard()
    async with projecting.projector(board) as projector:
        await projecting.tell(30)
        assert (await projecting.folded(board)).differing == []
        assert projector.ready
    await projecting.tell(30)
    async with projecting.projector(board):
        found = await projecting.folded(board)
    assert found.differing == []
    assert found.stored.rows["story"] == found.folded.rows["story"] > 100


async def test_two_projectors_at_once_change_nothing_twice(projecting: Projecting) -> None:
    board = projecting.scoreboard()
    async with projecting.projector(board), projecting.projector(board):
        for _ in range(5):
            await projecting.tell(20)
        assert (await projecting.folded(board)).differing == []


async def test_who_comes_second_misses_and_changes_nothing(projecting: Projecting) -> None:
    one, other = await begun(projecting), await begun(projecting)
    await projecting.tell(30)
    batches = [HeardBatch(batch) for batch in await batches_of(projecting, one)]
    assert await one.apply(batches) == "moved"
    assert await other.apply(batches) == "missed"
    assert other.trouble is not None
    generation = await other.read_again()
    assert generation == one.generation
    for each in (one, other):
        await each.disconnect()
    assert (await projecting.folded(projecting.scoreboard())).differing == []


@pytest.mark.parametrize("planted", [False, True], ids=["compared", "planted: not compared"])
async def test_a_projector_with_stale_rows_writes_none_of_them(
    projecting: Projecting, monkeypatch: pytest.MonkeyPatch, *, planted: bool
) -> None:
    stale = await begun(projecting)
    await projecting.tell(60)
    batches = {b.partition: [HeardBatch(b)] for b in await batches_of(projecting, stale)}
    assert await stale.apply(batches[0]) == "moved"
    fresh = await begun(projecting)
    assert await fresh.apply(batches[5]) == "moved"

    async def move_anyway(connection: Any, generation: Any, *rest: Any) -> bool:
        newest = await current_within(connection, generation.projection)
        assert newest is not None
        return await move(connection, newest, *rest)

    if planted:
        monkeypatch.setattr(live_module, "move", move_anyway)
    # What it keeps knows nothing of partition 5, and it derives from what it keeps.
    assert await stale.apply(batches[11]) == ("moved" if planted else "missed")
    for each in (stale, fresh):
        await each.disconnect()
    monkeypatch.undo()
    async with projecting.projector(projecting.scoreboard()):
        found = await projecting.folded(projecting.scoreboard())
    assert (found.differing != []) is planted


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("planted", [False, True], ids=["one transaction", "planted: two"])
async def test_a_crash_between_rows_and_checkpoint_loses_nothing(
    projecting: Projecting, monkeypatch: pytest.MonkeyPatch, *, planted: bool
) -> None:
    live = await begun(projecting)
    await projecting.tell(30)
    batches = [HeardBatch(batch) for batch in await batches_of(projecting, live)]

    async def move_and_crash(connection: Any, *rest: Any) -> bool:
        if planted:
            own = await asyncpg.connect(projecting.dsn)
            await move(own, *rest)
            await own.close()
        else:
            await move(connection, *rest)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(live_module, "move", move_and_crash)
        with pytest.raises(Exception, match="Crash"):
            await live.apply(batches)
    board = projecting.scoreboard()
    async with projecting.projector(board):
        found = await projecting.folded(board)
    assert (found.differing != []) is planted


async def test_a_paused_writer_does_not_hold_the_others(
    projecting: Projecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "IDLE_IN_TRANSACTION_MS", 300)
    zombie = await begun(projecting)
    await projecting.tell(30)
    batches = [HeardBatch(batch) for batch in await batches_of(projecting, zombie)]
    paused, go_on = asyncio.Event(), asyncio.Event()

    async def move_and_pause(*args: Any) -> bool:
        moved = await move(*args)
        paused.set()
        await go_on.wait()
        return moved

    with monkeypatch.context() as patched:
        patched.setattr(live_module, "move", move_and_pause)
        applying = asyncio.create_task(zombie.apply(batches))
        await paused.wait()
    board = projecting.scoreboard()
    async with projecting.projector(board):
        await projecting.folded(board)
        go_on.set()
        assert await applying == "missed"
        assert (await projecting.folded(board)).differing == []
    await zombie.disconnect()


async def test_a_failing_projection_stops_and_says_so_and_others_go_on(
    projecting: Projecting,
) -> None:
    def failing(recorded: Recorded[ObjectivePublished], rows: Rows) -> None:
        raise ZeroDivisionError("planted")

    board = projecting.scoreboard()
    bad = projecting.scoreboard(name="bad")
    bad = replace(bad, handlers={**bad.handlers, ObjectivePublished: failing})
    async with projecting.projector(board, bad) as projector:
        await eventually(lambda: _state(projector, "bad", "live"))
        await projecting.tell(30)
        assert (await projecting.folded(board)).differing == []
        status = projector.status()["projections"]
        assert not projector.ready
    assert status["scoreboard"]["state"] == "live"
    assert status["bad"]["state"] == "failed"
    assert f"{projecting.services[1]}.events/" in status["bad"]["reason"]
    assert "ZeroDivisionError: planted" in status["bad"]["reason"]


async def test_a_checkpoint_that_is_not_in_the_log_stops_the_projector(
    projecting: Projecting,
) -> None:
    live = await begun(projecting)
    connection = await live.connection()
    await connection.execute("UPDATE read.checkpoints SET ce_id = 'another'")
    await live.disconnect()
    with pytest.raises(HistoryCut):
        async with projecting.projector(projecting.scoreboard()) as projector:
            await eventually(lambda: _broken(projector))


async def test_what_newer_code_built_is_left_alone(projecting: Projecting) -> None:
    newer = projecting.scoreboard(version=2)
    assert await build([newer], dsn=projecting.dsn, bootstrap=projecting.kafka) == {}
    async with projecting.projector(projecting.scoreboard()) as projector:
        await eventually(lambda: _state(projector, "scoreboard", "superseded"))
    connection = await asyncpg.connect(projecting.dsn)
    found = await current(connection, "scoreboard")
    await connection.close()
    assert found is not None
    assert found.version == 2


async def test_a_read_waits_until_its_position_is_visible(projecting: Projecting) -> None:
    board = projecting.scoreboard()
    visible = Visible([board], dsn=projecting.dsn)
    await visible.start()
    async with projecting.projector(board):
        assert await visible.reached(["scoreboard"], projecting.ends, wait=30)
        moves = visible.moves("scoreboard")
        future = [replace(end, offset=end.offset + 1) for end in projecting.ends[1:2]]
        assert not await visible.reached(["scoreboard"], future, wait=0.05)
        waiting = asyncio.create_task(visible.reached(["scoreboard"], future, wait=30))
        await projecting.tell(3)
        assert await waiting
        assert await visible.reached(["scoreboard"], projecting.ends, wait=30)
        assert visible.moves("scoreboard") > moves
        unheard = [replace(projecting.ends[0], topic="okr.elsewhere.events", offset=10**9)]
        assert await visible.reached(["scoreboard"], unheard, wait=0)
        shown = {(p.topic, p.partition): p.offset for p in visible.positions(["scoreboard"])}
        assert all(shown[end.topic, end.partition] >= end.offset for end in projecting.ends)
    await visible.stop()


async def test_the_database_may_be_killed_in_the_middle_of_a_batch(
    own_stack: Stack, prefix: str
) -> None:
    async with hurt(own_stack, prefix) as (projecting, projector, visible):
        for _ in range(3):
            telling = asyncio.create_task(projecting.tell(60, a_run=3))
            await eventually(lambda: _moving(projector))
            await own_stack.kill("postgres")
            await telling
            assert (await projecting.folded(projector._members[0].projection)).differing == []
            assert await visible.reached(["scoreboard"], projecting.ends, wait=30)


async def test_the_broker_may_be_killed(own_stack: Stack, prefix: str) -> None:
    async with hurt(own_stack, prefix) as (projecting, projector, visible):
        for _ in range(2):
            await projecting.tell(60, a_run=3)
            await own_stack.kill("kafka")
            await own_stack.ready("kafka")
            await projecting.tell(60, a_run=3)
            assert (await projecting.folded(projector._members[0].projection)).differing == []
            assert await visible.reached(["scoreboard"], projecting.ends, wait=30)


@asynccontextmanager
async def hurt(stack: Stack, prefix: str) -> AsyncIterator[tuple[Projecting, Projector, Visible]]:
    """A projector that is live on a stack of its own."""
    projecting = Projecting(stack.kafka, stack.postgres, prefix)
    await projecting.begin()
    board = projecting.scoreboard()
    visible = Visible([board], dsn=projecting.dsn)
    await visible.start()
    try:
        async with projecting.projector(board) as projector:
            await eventually(lambda: _state(projector, "scoreboard", "live"))
            yield projecting, projector, visible
    finally:
        await visible.stop()
        await projecting.stop()


async def _state(projector: Projector, name: str, state: str) -> bool:
    return bool(projector.status()["projections"][name]["state"] == state)


async def _broken(projector: Projector) -> bool:
    return projector._tail is not None and projector._tail.broken is not None


async def _moving(projector: Projector) -> bool:
    """Whether something has been folded that was not there when this was asked first."""
    live = projector._members[0].live
    before = live.generation.step
    await asyncio.sleep(0.02)
    return live.generation.step > before
