"""The SQL that leads the schema `people` from one version to another, written by Alembic."""

import io
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from shared.runtime.people.migrating import SCHEMA, SCRIPTS


def statements(before: str | None, after: str) -> str:
    """The statements from one version (None: nothing yet) to another."""
    script = ScriptDirectory(str(SCRIPTS))
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
