"""The connection to the people store, which may be away when a process starts, and later."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from shared.runtime.people.migrating import migrate

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_PATIENCE: Final = 5.0
_MOST_CONNECTIONS: Final = 4

# What Postgres raises while it stops, starts, or has no more room; all of it passes.
_AWAY: Final = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that broke in the middle of an answer
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
)


class PeopleAway(Exception):
    """The people store cannot be reached right now."""


class Postgres:
    """A small pool that connects in the background and migrates the schema once it can."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.reason: str | None = "connecting"
        """Why the store is not ready; None when it is."""

    async def start(self) -> None:
        """Begin to connect; never waits for the database."""
        self._connecting = asyncio.create_task(self._connect(), name="people-connect")

    async def stop(self) -> None:
        """Close every connection."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.terminate()

    async def connected(self) -> None:
        """Return when the schema is there; for a command line that has nothing else to do."""
        if self._connecting is not None:
            await asyncio.shield(self._connecting)

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """Rows of a statement; `PeopleAway` when there is no connection to be had."""
        async with self.connection() as connection:
            rows: list[Any] = await connection.fetch(statement, *arguments)
            return rows

    async def execute(self, statement: str, *arguments: Any) -> None:  # noqa: ANN401
        """Run a statement; `PeopleAway` when there is no connection to be had."""
        async with self.connection() as connection:
            await connection.execute(statement, *arguments)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the pool; what shows that the store is away becomes `PeopleAway`."""
        if self._pool is None:
            raise PeopleAway(self.reason or "stopped")
        try:
            async with self._pool.acquire(timeout=_PATIENCE) as connection:
                yield connection
        except _AWAY as error:
            self.reason = f"{type(error).__name__}: {error}"
            raise PeopleAway(self.reason) from error
        else:
            self.reason = None

    async def _connect(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=1,
                    max_size=_MOST_CONNECTIONS,
                    timeout=_PATIENCE,
                    command_timeout=_PATIENCE,
                )
                async with pool.acquire() as connection:
                    version = await migrate(connection)
            except _AWAY as error:
                self.reason = f"{type(error).__name__}: {error}"
                log.warning("the people store is away: %s", self.reason)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._pool, self.reason = pool, None
                log.info("the people store is at version %s", version)
                return
