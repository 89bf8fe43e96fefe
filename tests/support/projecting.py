"""A projection on the real broker and the real Postgres: a story to fold, and how it ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeVar

from shared.eventing.digests import Comparison, compare
from shared.eventing.positions import Position
from shared.eventing.postgres import passes
from shared.eventing.projection import Projection
from shared.eventing.projector import Projector
from shared.eventing.topics import ensure_topics
from tests.support.event_log import BrokerLog, PartitionLog, at
from tests.support.scoreboard import TestProjection, scoreboard
from tests.support.story import objectives, organization
from tests.support.tally import topics_of

DEPARTMENTS = 20
T = TypeVar("T")

LONGEST_WAIT = 60.0  # seconds


class Projecting:
    """The logs of two services of this test alone, and a database."""

    def __init__(self, kafka: str, dsn: str, prefix: str, seed: int = 1) -> None:
        self.kafka = kafka
        self.dsn = dsn
        self.services = (f"{prefix}organization", f"{prefix}objectives")
        self.broker = BrokerLog(kafka)
        self.random = Random(seed)
        self.organization = PartitionLog(self.services[0], 3)
        self.objectives = [PartitionLog(self.services[1], number) for number in (0, 5, 11)]
        self.told = 0

    def scoreboard(self, **options: Any) -> TestProjection:
        return scoreboard(*self.services, **options)

    async def begin(self) -> None:
        """Make the topics, open the logs, tell of the departments."""
        await ensure_topics(self.kafka, topics=topics_of(*self.services))
        await self._say(self.organization, list(organization(DEPARTMENTS, self.random)))
        for log in self.objectives:
            await self._say(log, [])

    async def tell(self, count: int, *, a_run: int = 10) -> None:
        """Tell of so many more objectives, spread over the partitions, with void runs between."""
        for log in self.objectives:
            numbers = range(self.told, self.told + count // len(self.objectives) + 1)
            self.told = numbers.stop
            events = list(objectives(numbers, DEPARTMENTS, self.random))
            for start in range(0, len(events), a_run):
                await self._say(log, events[start : start + a_run])
            await self.broker.append_void(log, log.void(*events[:3], at=at(10**6)))
            # A void record alone is behind no checkpoint.
            await self._say(log, events[:0])

    @property
    def ends(self) -> list[Position]:
        """The last decided position of each log."""
        logs = (self.organization, *self.objectives)
        return [Position(log.topic, log.partition, log.offset - 1) for log in logs]

    @asynccontextmanager
    async def projector(self, *projections: Projection) -> AsyncIterator[Projector]:
        """A projector that runs as long as the block; what it raises, the block raises."""
        projector = Projector(projections, dsn=self.dsn, bootstrap=self.kafka)
        task = asyncio.create_task(projector.run())
        try:
            yield projector
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def folded(self, projection: Projection) -> Comparison:
        """Wait until the tables are at the ends of the logs; then compare them with a new fold."""

        async def at_the_ends() -> Comparison | None:
            try:
                found = await compare(projection, dsn=self.dsn, bootstrap=self.kafka)
            except Exception as error:
                if not passes(error):
                    raise
                return None
            if found is None:
                return None
            held = found.stored.held
            places = {(end.topic, end.partition): end.offset for end in self.ends}
            there = all(p in held and held[p].offset >= offset for p, offset in places.items())
            return found if there else None

        return await eventually(at_the_ends)

    async def stop(self) -> None:
        await self.broker.stop()

    async def _say(self, log: PartitionLog, events: list[Any]) -> None:
        if log.offset == 0:
            await self.broker.append(log, log.opened())
        when = at(self.random.randrange(2 * 24 * 60))
        await self.broker.append(log, log.run(*events, at=when))


async def eventually(found: Callable[[], Awaitable[T | None]], wait: float = LONGEST_WAIT) -> T:
    """What `found` gives once it is not None or false; fails after `wait` seconds."""
    async with asyncio.timeout(wait):
        while True:
            answer = await found()
            if answer:
                return answer
            await asyncio.sleep(0.02)
