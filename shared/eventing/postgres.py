"""Connections to Postgres as projections use them: exact JSON, and no transaction left open."""

import json
from decimal import Decimal
from typing import Any, Final

import asyncpg

IDLE_IN_TRANSACTION_MS: Final = 10_000
"""A paused writer must not hold its rows: the server ends its transaction after this."""

_READ: Final = json.JSONDecoder(parse_float=Decimal).decode
json_text: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Plain JSON as a `jsonb` column takes it."""

_PASSING_CLASSES: Final = frozenset({"08", "40", "53", "55", "57", "58"})
_PASSING: Final = frozenset({"25P03", "42P01"})


async def connect(dsn: str, *, name: str, durable: bool = False) -> asyncpg.Connection:
    """Connect; raises `OSError` or `asyncpg.PostgresError` while the server is away.

    What is `durable` waits for the disk at every commit. Read models need not: rows and checkpoint
    are lost together, and folded again.
    """
    connection = await asyncpg.connect(
        dsn,
        timeout=10,
        command_timeout=600,
        server_settings={
            "application_name": name,
            "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
            "synchronous_commit": "on" if durable else "off",
            "timezone": "UTC",
        },
    )
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encoded, decoder=_decoded, format="binary"
    )
    return connection


def passes(error: Exception) -> bool:
    """Whether an error tells of the server's state, so that trying again may help.

    Connections lost, locks, a full disk, a shutdown; and a table that is not there, because a
    rebuild has put another generation in its place.
    """
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        return code[:2] in _PASSING_CLASSES or code in _PASSING
    if isinstance(error, ValueError):
        # What asyncpg cannot encode for its column is no matter of the connection.
        return False
    # The last one is what asyncpg meets when a connection breaks in the middle of an answer.
    return isinstance(
        error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError
    )


def _encoded(value: Any) -> bytes:  # noqa: ANN401 - plain JSON
    # Version 1 of the binary form is the text behind one byte.
    return b"\x01" + json_text(value).encode()


def _decoded(data: bytes) -> Any:  # noqa: ANN401 - plain JSON
    return _READ(data[1:].decode())
