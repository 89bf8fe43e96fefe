"""What read models show already: reads that bring a position wait here until it is visible.

Every move of a projection is announced by `NOTIFY` in its own transaction; one listening
connection a process keeps the vectors, so a read that need not wait costs no query.
"""

import asyncio
import json
import logging
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any, Final

import asyncpg

from shared.eventing.checkpoints import CHANNEL, make_schema, vectors
from shared.eventing.positions import Position, covers
from shared.eventing.postgres import connect, passes
from shared.eventing.projection import Projection

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
_READ_AGAIN: Final = 5.0
"""Seconds after which the vectors are read anyway, in case an announcement was lost."""


class Visible:
    """The positions that queries of this process can rely on, for some projections."""

    def __init__(self, projections: Iterable[Projection], *, dsn: str) -> None:
        self._projections = {each.name: each.topics for each in projections}
        self._dsn = dsn
        self._vectors: dict[str, tuple[int, dict[str, dict[int, int]]]] = {}
        self._moves: dict[str, int] = dict.fromkeys(self._projections, 0)
        self._waiting: dict[asyncio.Future[None], tuple[Collection[str], list[Position]]] = {}
        self._task: asyncio.Task[None] | None = None
        self._doubtful = asyncio.Event()
        self.trouble: str | None = "not started"
        """Why it may be behind, in words; None while it listens."""

    async def start(self) -> None:
        """Begin to listen in the background; never waits for the database."""
        self._task = asyncio.create_task(self._listen(), name="visible positions")

    async def stop(self) -> None:
        """Let go of the connection; those who wait are told that it is not reached."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def reached(
        self, projections: Collection[str], positions: Iterable[Position], wait: float = 5.0
    ) -> bool:
        """Whether all of these projections show all of these positions, `wait` seconds at most.

        A position in a log that a projection does not hear does not concern it. One that lies in
        the future of the log is not reached.
        """
        asked = list(positions)
        if self._are_there(projections, asked):
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = (projections, asked)
        try:
            await asyncio.wait([future], timeout=wait)
            return future.done() and not future.cancelled()
        finally:
            del self._waiting[future]

    def is_built(self, projections: Collection[str]) -> bool:
        """Whether there are tables of all of these that queries can read."""
        return all(projection in self._vectors for projection in projections)

    def positions(self, projections: Collection[str]) -> list[Position]:
        """What all of these projections show: the least of each log that any of them hears."""
        least: dict[tuple[str, int], int] = {}
        for projection in projections:
            _, vector = self._vectors.get(projection, (0, {}))
            for topic, partitions in vector.items():
                for partition, offset in partitions.items():
                    place = (topic, partition)
                    least[place] = min(offset, least.get(place, offset))
        return [Position(*place, offset - 1) for place, offset in sorted(least.items())]

    def moves(self, projection: str) -> int:
        """Grows whenever the projection may have changed: what a cache of answers is keyed by."""
        return self._moves[projection]

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                connection = await connect(self._dsn, name="okr visible")
                try:
                    await make_schema(connection)
                    connection.add_termination_listener(lambda _: self._doubtful.set())
                    await connection.add_listener(CHANNEL, self._announced)
                    pause = _FIRST_PAUSE
                    await self._keep(connection)
                finally:
                    connection.terminate()
            except Exception as error:
                if not passes(error):
                    raise
                self.trouble = f"{type(error).__name__}: {error}"
                log.warning("visible positions are not known: %s", self.trouble)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _keep(self, connection: asyncpg.Connection) -> None:
        """Read the vectors, first after LISTEN so that nothing falls between, and when in doubt."""
        while True:
            self._doubtful.clear()
            self._replace(await vectors(connection, self._projections))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._doubtful.wait(), _READ_AGAIN)

    def _announced(
        self,
        _connection: asyncpg.Connection,
        _pid: int,
        _channel: str,
        payload: Any,  # noqa: ANN401 - asyncpg's callback
    ) -> None:
        said = json.loads(payload)
        projection, generation = said["projection"], said["generation"]
        if projection not in self._projections:
            return
        known, vector = self._vectors.get(projection, (0, {}))
        if generation != known:
            # One that is being built, or one that has just been put in place.
            self._doubtful.set()
            return
        for topic, partition, offset in said["moved"]:
            vector.setdefault(topic, {})[partition] = offset
        self._moves[projection] += 1
        self._wake()

    def _replace(self, read: dict[str, tuple[int, dict[str, dict[int, int]]]]) -> None:
        """Take what the database says as it is: after a crash of the server it may be less."""
        for projection in self._projections:
            if read.get(projection) != self._vectors.get(projection):
                self._moves[projection] += 1
        self._vectors = read
        self.trouble = None
        self._wake()

    def _wake(self) -> None:
        for future, (projections, asked) in self._waiting.items():
            if not future.done() and self._are_there(projections, asked):
                future.set_result(None)

    def _are_there(self, projections: Collection[str], asked: Iterable[Position]) -> bool:
        return all(self._shows(projection, asked) for projection in projections)

    def _shows(self, projection: str, asked: Iterable[Position]) -> bool:
        topics = self._projections[projection]
        found = self._vectors.get(projection)
        heard = [position for position in asked if position.topic in topics]
        return covers(found[1], heard) if found is not None else False
