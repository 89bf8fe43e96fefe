"""Connections to the read models; a database that is away makes a read 503, never wrong."""

import asyncio
import logging
from typing import Any, Final

import asyncpg
from pydantic_core import from_json, to_json

from shared.eventing.postgres import passes
from shared.runtime.http.problems import retry_later

log = logging.getLogger(__name__)

_MOST_CONNECTIONS: Final = 8
_PATIENCE: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0


class Pool:
    """Reads only; connects in the background and again whenever the database comes back."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.trouble: str | None = "connecting"
        """Why there are no connections, in words; None once there are: they mend themselves."""

    async def start(self) -> None:
        """Begin to connect; never waits for the database."""
        self._connecting = asyncio.create_task(self._connect(), name="read models connect")

    async def stop(self) -> None:
        """Close every connection."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
        """The rows of a statement; `not_ready` (503) while the database is away.

        So it is before the first build, when there is nothing to read from yet.
        """
        if self._pool is None:
            raise retry_later("not_ready")
        try:
            rows: list[Any] = await self._pool.fetch(statement, *arguments)
        except Exception as error:
            if not passes(error):
                raise
            log.warning("a read found no database: %s: %s", type(error).__name__, error)
            raise retry_later("not_ready") from error
        return rows

    async def _connect(self) -> None:
        pause = _FIRST_PAUSE
        while self._pool is None:
            try:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=2,
                    max_size=_MOST_CONNECTIONS,
                    timeout=_PATIENCE,
                    command_timeout=_PATIENCE,
                    init=_exact,
                    # Nothing is left behind by a read, so nothing has to be reset after it.
                    reset=_nothing,
                    server_settings={
                        "application_name": "okr reads",
                        "default_transaction_read_only": "on",
                        "timezone": "UTC",
                        # Every statement is prepared once, and small: a plan for any value does.
                        "plan_cache_mode": "force_generic_plan",
                        "jit": "off",
                    },
                )
            except Exception as error:
                if not passes(error):
                    raise
                self.trouble = f"{type(error).__name__}: {error}"
                log.warning("the read models are away: %s", self.trouble)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self.trouble = None


async def _exact(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + to_json(value),
        decoder=lambda data: from_json(data[1:]),
        format="binary",
    )


async def _nothing(_: asyncpg.Connection) -> None:
    pass
