"""Generations of a projection's tables: made, filled, put in place of the old, dropped."""
# ruff: noqa: S608 - the names in the statements are those that code declares

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final

import asyncpg

from shared.eventing.checkpoints import (
    CHANNEL,
    Generation,
    announcement,
    current,
    current_within,
    make_schema,
    move,
)
from shared.eventing.memory_fold import MemoryFold
from shared.eventing.positions import Checkpoint
from shared.eventing.postgres import connect
from shared.eventing.projection import Projection
from shared.eventing.reader import Place
from shared.eventing.rows_in_memory import MemoryTable
from shared.eventing.stored import StoredTable
from shared.eventing.tables import SCHEMA, Table, create_statements, index_statements, view_name

log = logging.getLogger(__name__)

_LOCK_WAIT: Final = "2s"
"""How long a switch or a drop waits for long readers, while new ones queue behind it."""


class Builder:
    """Makes one new generation. One builder a projection at a time, in all processes."""

    def __init__(self, projection: Projection, connection: asyncpg.Connection) -> None:
        self.projection = projection
        self._connection = connection
        self._spilled: set[str] = set()
        self.old: Generation | None = None
        """What queries read when this began."""
        self.generation = Generation(projection.name, 0, 0, "", ())
        """What is being built."""

    @classmethod
    @asynccontextmanager
    async def at_work(cls, projection: Projection, dsn: str) -> AsyncIterator["Builder"]:
        """A builder with empty tables; waits for another one that is at work to end."""
        connection = await connect(dsn, name=f"okr build {projection.name}", durable=True)
        try:
            await make_schema(connection)
            await connection.execute("SELECT pg_advisory_lock($1)", _lock_of(projection.name))
            builder = cls(projection, connection)
            await builder._begin()
            yield builder
        finally:
            # Closing gives the lock back, whatever happened.
            connection.terminate()

    async def spill(self, table: MemoryTable) -> None:
        """Move the rows of a blind table to the database, to make room."""
        if table.table.name not in self._spilled:
            self._spilled.add(table.table.name)
            await self._index(table.table)
        await self._stored(table.table).merge_in(self._connection, table.drain())

    async def fill(self, fold: MemoryFold) -> None:
        """Copy all rows of a finished fold in."""
        for name, rows in fold.tables.items():
            if name in self._spilled:
                await self.spill(rows)
                continue
            await self._stored(rows.table).copy_in(self._connection, rows.drain())
            await self._index(rows.table)

    async def hold(self, held: Mapping[Place, Checkpoint], fold: MemoryFold) -> Generation:
        """Record how far the rows are; gives the generation, which can be kept up to date now."""
        async with self._connection.transaction():
            await move(self._connection, self.generation, held, fold.latest)
        for table in self.projection.tables:
            await self._connection.execute(f"ANALYZE {self._stored(table).name}")
        self.generation = self.generation.moved(held, fold.latest)
        return self.generation

    @asynccontextmanager
    async def old_at_rest(self) -> AsyncIterator[Generation | None]:
        """The generation that queries read, which nobody can move inside this block.

        What the block does with this builder is one transaction.
        """
        async with self._connection.transaction():
            await self._connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
            yield await current_within(self._connection, self.projection.name, lock=True)

    async def put_in_place(self, old: Generation | None, new: Generation) -> None:
        """Give queries the new tables; within `old_at_rest`."""
        execute = self._connection.execute
        retired = {f"{SCHEMA}.{old.projection}_{name}" for name in old.tables} if old else set()
        for name in retired | {view_name(new.projection, t) for t in self.projection.tables}:
            await execute(f"DROP VIEW IF EXISTS {name}")
        for table in self.projection.tables:
            view, stored = view_name(new.projection, table), self._stored(table).name
            await execute(f"CREATE VIEW {view} AS SELECT * FROM {stored}")
        if old is not None:
            # The step makes a projector of the old generation miss its next move.
            await self._set_state(old.number, "retired")
        await self._set_state(new.number, "current")
        await execute(
            "SELECT pg_notify($1, $2)",
            CHANNEL,
            announcement(new.projection, new.number, new.held),
        )

    async def drop_unused(self) -> None:
        """Drop the tables of all generations but the current one and this builder's."""
        await self._connection.execute(f"SET lock_timeout = '{_LOCK_WAIT}'")
        for number, tables in await self._connection.fetch(
            "SELECT generation, tables FROM read.generations"
            " WHERE projection = $1 AND state <> 'current' AND generation <> $2",
            self.projection.name,
            self.generation.number,
        ):
            try:
                await self._drop(number, tables)
            except asyncpg.LockNotAvailableError:
                # A long reader; the next build drops it.
                log.info("%s: generation %s is still read", self.projection.name, number)

    async def abandon(self) -> None:
        """Drop what was built."""
        await self._drop(self.generation.number, self.generation.tables)

    async def _begin(self) -> None:
        await self.drop_unused()
        name = self.projection.name
        self.old = await current(self._connection, name)
        async with self._connection.transaction():
            number = await self._connection.fetchval(
                "SELECT coalesce(max(generation), 0) + 1 FROM read.generations"
                " WHERE projection = $1",
                name,
            )
            tables = tuple(table.name for table in self.projection.tables)
            self.generation = Generation(
                name, number, self.projection.version, self.projection.fingerprint, tables
            )
            await self._connection.execute(
                "INSERT INTO read.generations"
                " (projection, generation, version, fingerprint, tables, state)"
                " VALUES ($1, $2, $3, $4, $5, 'building')",
                name,
                number,
                self.projection.version,
                self.projection.fingerprint,
                list(tables),
            )
            for table in self.projection.tables:
                for statement in create_statements(name, number, table):
                    await self._connection.execute(statement)

    async def _index(self, table: Table) -> None:
        for statement in index_statements(self.projection.name, self.generation.number, table):
            await self._connection.execute(statement)

    async def _set_state(self, number: int, state: str) -> None:
        await self._connection.execute(
            "UPDATE read.generations SET state = $3, step = step + 1"
            " WHERE projection = $1 AND generation = $2",
            self.projection.name,
            number,
            state,
        )

    async def _drop(self, number: int, tables: tuple[str, ...] | list[str]) -> None:
        async with self._connection.transaction():
            for table in tables:
                name = f"{SCHEMA}.{self.projection.name}_v{number}_{table}"
                await self._connection.execute(f"DROP TABLE IF EXISTS {name}")
            await self._connection.execute(
                "DELETE FROM read.generations WHERE projection = $1 AND generation = $2",
                self.projection.name,
                number,
            )

    def _stored(self, table: Table) -> StoredTable:
        return StoredTable(self.projection.name, self.generation.number, table)


def _lock_of(projection: str) -> int:
    """The advisory lock that builders of a projection take."""
    return int.from_bytes(sha256(f"okr build {projection}".encode()).digest()[:8], signed=True)
