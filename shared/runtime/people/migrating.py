"""Brings the schema `people` to the newest version; safe when several processes start at once.

Alembic writes the SQL (it needs no connection for that), asyncpg runs it: one transaction, under an
advisory lock.
"""

import io
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

SCHEMA: Final = "people"
_SCRIPTS: Final = Path(__file__).with_name("migrations")
_LOCK: Final = 0x6F6B725F70656F70  # "okr_peop"
_VERSION: Final = "select version_num from people.alembic_version"


async def migrate(connection: asyncpg.Connection) -> str:
    """Run what is missing, and return the version that the schema is at now."""
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
        await connection.execute(f"create schema if not exists {SCHEMA}")
        known = await connection.fetchval("select to_regclass($1)", f"{SCHEMA}.alembic_version")
        before = await connection.fetchval(_VERSION) if known else None
        script = ScriptDirectory(str(_SCRIPTS))
        newest = script.get_current_head()
        if newest is None or before == newest:
            return str(before)
        await connection.execute(statements(script, before, newest))
    return newest


def statements(script: ScriptDirectory, before: str | None, after: str) -> str:
    """The SQL that leads from one version (None: nothing yet) to another."""
    written = io.StringIO()

    def steps(revision: Any, _context: Any) -> Any:  # noqa: ANN401 - alembic's own callback
        return script._upgrade_revs(after, revision)  # noqa: SLF001 - as its command does

    with EnvironmentContext(
        Config(), script, fn=steps, as_sql=True, starting_rev=before, destination_rev=after
    ) as environment:
        environment.configure(
            dialect_name="postgresql",
            output_buffer=written,
            transactional_ddl=False,
            version_table_schema=SCHEMA,
        )
        environment.run_migrations()
    return written.getvalue()
