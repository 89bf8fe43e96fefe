"""Brings the schema `people` to the newest version; safe when several processes start at once.

Alembic writes the SQL (it needs no connection for that), asyncpg runs it: one transaction, under an
advisory lock.
"""

from pathlib import Path
from typing import Final

import asyncpg

SCHEMA: Final = "people"
SCRIPTS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 0x6F6B725F70656F70  # "okr_peop"
_VERSION: Final = "select version_num from people.alembic_version"


async def migrate(connection: asyncpg.Connection) -> str:
    """Run what is missing, and return the version that the schema is at now."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(f"create schema if not exists {SCHEMA}")
        known = await connection.fetchval("select to_regclass($1)", f"{SCHEMA}.alembic_version")
        before = await connection.fetchval(_VERSION) if known else None
        newest = newest_version()
        if before != newest:
            # Alembic and what it brings cost a process a moment and megabytes; few starts need it.
            from shared.runtime.people.upgrading import statements  # noqa: PLC0415 - as said

            await connection.execute(statements(before, newest))
    return newest


def newest_version() -> str:
    """The version of the last file: `v0001_people.py` is version 0001."""
    return max(path.stem[1:5] for path in (SCRIPTS / "versions").glob("v[0-9]*_*.py"))
