"""A projection in live mode: batch by batch, rows and checkpoint in one transaction."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Literal

import asyncpg

from shared.eventing.checkpoints import Generation, current, make_schema, move
from shared.eventing.folding import Heard, ProjectionFailed, fold
from shared.eventing.positions import Checkpoint
from shared.eventing.postgres import connect, passes
from shared.eventing.projection import Projection
from shared.eventing.reader import Batch, Held, Place
from shared.eventing.stored import StoredTable

log = logging.getLogger(__name__)

KEPT: Final = 50_000
"""Rows of a table that are kept in memory between batches."""

Outcome = Literal["moved", "missed"]

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 5.0


class _Missed(Exception):
    """Somebody else has moved the checkpoints; rolls the transaction back."""


class HeardBatch:
    """A batch as all projections of a process share it: decoded once, as far as anybody cares."""

    __slots__ = ("batch", "events")

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.events = [Heard.of(record) for record in batch.records]


class Live:
    """Keeps one generation of a projection up to date. Used by one task at a time."""

    def __init__(self, projection: Projection, dsn: str, *, kept: int = KEPT) -> None:
        self.projection = projection
        self._dsn = dsn
        self._rows, self._cached = projection.cached(kept)
        self._connection: asyncpg.Connection | None = None
        self._stored: list[StoredTable] = []
        self._pause = _FIRST_PAUSE
        self._generation: Generation | None = None
        self.trouble: str | None = None
        """What it waits for, in words; None while it goes on."""

    @property
    def generation(self) -> Generation:
        """What it keeps up to date, as of its last move."""
        if self._generation is None:
            raise RuntimeError(f"{self.projection.name} has not been begun")
        return self._generation

    @property
    def held(self) -> Held:
        """How far it is."""
        return self.generation.held

    async def connection(self) -> asyncpg.Connection:
        """Its connection, made if there is none; waits while the database is away."""
        while self._connection is None or self._connection.is_closed():
            try:
                self._connection = await connect(self._dsn, name=f"okr {self.projection.name}")
                await make_schema(self._connection)
            except Exception as error:
                self._connection = None
                if not passes(error):
                    raise
                await self._troubled(error)
        return self._connection

    def begin(self, generation: Generation) -> None:
        """Go on from this generation's checkpoints; nothing that was kept is trusted."""
        if self._generation is None or self._generation.number != generation.number:
            self._stored = [
                StoredTable(self.projection.name, generation.number, table)
                for table in self.projection.tables
            ]
        self._generation = generation
        for cached in self._cached.values():
            cached.forget()

    async def apply(self, batches: Sequence[HeardBatch]) -> Outcome:
        """Fold what is new in these batches and commit it.

        `missed`: nothing was written, because somebody else has moved on or because the database
        went away; call `begin` with what `read_again` gives and read the log from there. Raises
        `ProjectionFailed` for what trying again cannot help.
        """
        new, to = self._new(batches)
        if not to:
            self.trouble = None
            return "moved"
        try:
            await self._fold_and_commit(new, to)
        except (_Missed, ProjectionFailed) as error:
            self._forget()
            if isinstance(error, ProjectionFailed):
                raise
            log.info("%s: somebody else moves it, pausing", self.projection.name)
            self.trouble = "another projector moves it"
            await self._wait()
            return "missed"
        except Exception as error:
            self._forget()
            await self.disconnect()
            if not passes(error):
                where = ", ".join(f"{topic}/{partition}" for topic, partition in to)
                raise ProjectionFailed(self.projection.name, where, error) from error
            await self._troubled(error)
            return "missed"
        self._pause = _FIRST_PAUSE
        self.trouble = None
        return "moved"

    async def read_again(self) -> Generation | None:
        """The current generation as the database tells it; waits while the database is away."""
        while True:
            try:
                return await current(await self.connection(), self.projection.name)
            except Exception as error:
                await self.disconnect()
                if not passes(error):
                    raise
                await self._troubled(error)

    async def disconnect(self) -> None:
        """Let go of the connection, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _new(self, batches: Sequence[HeardBatch]) -> tuple[list[Heard], dict[Place, Checkpoint]]:
        """What of these batches has not been folded, and where that leads."""
        new: list[Heard] = []
        to: dict[Place, Checkpoint] = {}
        held = self.held
        for one in batches:
            batch = one.batch
            if batch.topic not in self.projection.topics:
                continue
            before = held.get(batch.place)
            done = -1 if before is None else before.offset
            if batch.through.offset > done:
                to[batch.place] = batch.through
                new += [each for each in one.events if each.record.offset > done]
        return new, to

    async def _fold_and_commit(self, new: list[Heard], to: dict[Place, Checkpoint]) -> None:
        generation = self.generation
        connection = await self.connection()
        for _ in fold(self.projection, new, self._rows, generation.latest):
            # Read outside the transaction: the move misses if somebody has written since.
            for table in self._stored:
                await table.load(connection, self._cached[table.table.name])
        latest = self._rows.latest
        async with connection.transaction():
            # First the move: whoever comes second waits here, and then misses.
            if not await move(connection, generation, to, latest):
                raise _Missed
            for table in self._stored:
                rows, deleted = self._cached[table.table.name].changes()
                await table.write(connection, rows, deleted)
        for cached in self._cached.values():
            cached.commit()
        self._generation = generation.moved(to, latest)

    def _forget(self) -> None:
        for cached in self._cached.values():
            cached.forget()

    async def _troubled(self, error: Exception) -> None:
        self.trouble = f"{type(error).__name__}: {error}"
        log.warning("%s waits: %s", self.projection.name, self.trouble)
        await self._wait()

    async def _wait(self) -> None:
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
