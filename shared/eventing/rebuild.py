"""Rebuilds: a new generation of a projection's tables beside the old one, then the switch.

The log is folded in memory from its beginning, rows are copied into fresh tables, what came in
meanwhile is folded live, and one transaction gives queries the new tables. Until then the old ones
serve. A rebuild that is broken off leaves nothing but tables that the next one drops.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Final

import asyncpg

from shared.eventing.checkpoints import Generation
from shared.eventing.fold import HistoryCut
from shared.eventing.folding import ProjectionFailed
from shared.eventing.generations import Builder
from shared.eventing.live import HeardBatch, Live
from shared.eventing.memory_fold import MemoryFold
from shared.eventing.positions import Checkpoint, Position
from shared.eventing.postgres import passes
from shared.eventing.projection import Projection
from shared.eventing.reader import Batch, Place, Tail, places_of

log = logging.getLogger(__name__)

_AT_ONCE: Final = 2_000
"""Records folded in one go: whatever else this process does must not stand still for long."""

_SPILL_AT: Final = 50_000
_PAUSE: Final = 1.0
_CATCH_UP_FOR: Final = 3.0
"""Seconds for which the old generation is kept at rest while the new one catches up."""


class _NotThereYet(OSError):
    """The new generation cannot take over yet; the rebuild tries again."""


async def build(
    projections: Sequence[Projection],
    *,
    dsn: str,
    bootstrap: str,
    make_tail: Callable[..., Tail] = Tail,
) -> dict[str, str]:
    """Build a new generation of each projection and let queries read it; one pass over the log.

    Gives the reason for each projection that failed; its old generation goes on serving. Waits
    while broker or database are away, and begins anew where they went away meanwhile. Raises
    `HistoryCut` (also where the log is not the one that the old generation was folded from) and
    `Unreadable`.
    """
    while True:
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(_rare_collections())
                return await _Rebuild(projections, dsn, bootstrap, make_tail, stack).run()
        except Exception as error:
            if not passes(error):
                raise
            log.warning("the rebuild begins anew: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_PAUSE)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Rows that are made here stay: searching them for cycles would double the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _One:
    """A projection on its way to a new generation."""

    def __init__(self, builder: Builder, dsn: str) -> None:
        self.builder = builder
        self.fold = MemoryFold(builder.projection)
        self.live = Live(builder.projection, dsn)
        self.topics = builder.projection.topics

    def take(self, batches: Iterable[HeardBatch]) -> None:
        for each in batches:
            if each.batch.topic in self.topics:
                self.fold.take(each.events)

    async def make_room(self) -> None:
        for table in self.fold.tables.values():
            if table.table.blind and len(table.rows) >= _SPILL_AT:
                await self.builder.spill(table)


class _Rebuild:
    def __init__(
        self,
        projections: Sequence[Projection],
        dsn: str,
        bootstrap: str,
        make_tail: Callable[..., Tail],
        stack: AsyncExitStack,
    ) -> None:
        self._projections = projections
        self._dsn = dsn
        self._stack = stack
        services = {service for each in projections for service in each.hears}
        self._tail = make_tail(bootstrap, places_of(sorted(services)), client_id="okr-rebuild")
        self._through: dict[Place, Checkpoint] = {}
        self._going: list[_One] = []
        self._failed: dict[str, str] = {}

    async def run(self) -> dict[str, str]:
        for projection in self._projections:
            at_work = Builder.at_work(projection, self._dsn)
            one = _One(await self._stack.enter_async_context(at_work), self._dsn)
            self._stack.push_async_callback(one.live.disconnect)
            self._going.append(one)
        self._stack.push_async_callback(self._tail.close)
        await self._tail.open()
        await self._fold()
        await self._each(self._fill)
        while self._going:
            await self._switch(self._going[0])
        return self._failed

    async def _fold(self) -> None:
        """Fold everything up to the ends that the logs have now."""
        doubted = _Doubted(self._going)
        ends = await self._tail.ends()
        while not self._tail.reached(ends):
            batches = await self._tail.next(at_most=_AT_ONCE)
            heard = [HeardBatch(batch) for batch in batches]
            for batch in batches:
                self._through[batch.place] = batch.through
                doubted.compare(batch)
            for one in list(self._going):
                try:
                    one.take(heard)
                except ProjectionFailed as error:
                    await self._give_up(one, error)
                else:
                    await one.make_room()
        doubted.settle(self._tail)

    async def _fill(self, one: _One) -> None:
        """Derive, copy, and be ready to be kept up to date."""
        # Seconds of arithmetic for a large log; whatever else this process does goes on.
        await asyncio.to_thread(one.fold.finish)
        await one.builder.fill(one.fold)
        held = {p: held for p, held in self._through.items() if p[0] in one.topics}
        one.live.begin(await one.builder.hold(held, one.fold))

    async def _switch(self, one: _One) -> None:
        """Put the new generation in place once it is at least as far as the old one."""
        ends = await self._tail.ends()
        while not self._tail.reached(ends):
            await self._catch_up()
        try:
            async with one.builder.old_at_rest() as old:
                if await self._caught_up_with(one, old):
                    await one.builder.put_in_place(old, one.live.generation)
        except asyncpg.LockNotAvailableError:
            log.info("%s: somebody reads its views for long", one.builder.projection.name)
            await asyncio.sleep(_PAUSE)
            return
        if one in self._going:
            self._going.remove(one)
            await one.builder.drop_unused()

    async def _caught_up_with(self, one: _One, old: Generation | None) -> bool:
        """Whether it got as far as the old one; not if it failed on the way."""
        until = asyncio.get_running_loop().time() + _CATCH_UP_FOR
        while one in self._going and not _is_as_far(one, old):
            if asyncio.get_running_loop().time() > until:
                raise _NotThereYet("the log does not reach what the old generation holds")
            await self._catch_up()
        return one in self._going

    async def _catch_up(self) -> None:
        """Fold what comes next live, into all generations that are not in place yet."""
        heard = [HeardBatch(batch) for batch in await self._tail.next(0.1)]
        await self._each(lambda one: self._apply(one, heard))

    async def _apply(self, one: _One, heard: Sequence[HeardBatch]) -> None:
        if await one.live.apply(heard) == "missed":
            raise _NotThereYet(one.live.trouble)

    async def _each(self, action: Callable[[_One], Awaitable[None]]) -> None:
        for one in list(self._going):
            try:
                await action(one)
            except ProjectionFailed as error:
                await self._give_up(one, error)

    async def _give_up(self, one: _One, error: ProjectionFailed) -> None:
        log.error("a projection cannot be rebuilt", exc_info=error)
        self._failed[one.builder.projection.name] = str(error)
        self._going.remove(one)


class _Doubted:
    """Rule 4, its end: what the old generations hold, compared with the log as it is now."""

    def __init__(self, going: Iterable[_One]) -> None:
        self._unseen = {
            (place, held)
            for one in going
            if one.builder.old is not None
            for place, held in one.builder.old.held.items()
            if place[0] in one.topics
        }

    def compare(self, batch: Batch) -> None:
        """Strike off what this batch confirms."""
        if self._unseen:
            ids = {record.offset: record.id for record in batch.decisions}
            self._unseen = {
                (place, held)
                for place, held in self._unseen
                if place != batch.place
                or batch.through.log_id != held.log_id
                # The record that opens a partition is known by the log id.
                or (held.offset > 0 and ids.get(held.offset) != held.ce_id)
            }

    def settle(self, tail: Tail) -> None:
        """Raise for what was not confirmed: history that is gone, or an end that is not whole."""
        for place, held in self._unseen:
            if tail.next_offset(place) > held.offset:
                raise HistoryCut(Position(*place, held.offset), "it is not the record held here")
            raise _NotThereYet(f"{place} ends below what the old generation holds")


def _is_as_far(one: _One, old: Generation | None) -> bool:
    """Whether queries will see no less than before; logs no longer heard do not count."""
    new = one.live.held
    return old is None or all(
        place in new and new[place].offset >= held.offset
        for place, held in old.held.items()
        if place[0] in one.topics
    )
