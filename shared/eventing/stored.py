"""Tables of one generation in Postgres: rows loaded, written and copied in bulk."""
# ruff: noqa: S608 - the names in the statements are those that code declares

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

import asyncpg

from shared.eventing.postgres import json_text
from shared.eventing.rows import Lookup
from shared.eventing.rows_cached import CachedTable
from shared.eventing.tables import Key, Row, Table, Value, physical_name

T = TypeVar("T")

_AT_ONCE: Final = 10_000


class StoredTable:
    """The SQL of one table of one generation; its calls wait for the database, raise its errors."""

    def __init__(self, projection: str, generation: int, table: Table) -> None:
        self.table = table
        self.name = physical_name(projection, generation, table)
        every = list(table.columns)
        self._columns = _listed(every)
        self._select = f"SELECT {self._columns} FROM {self.name} "
        self._by_key = self._select + self._where(table.key)
        self._delete = f"DELETE FROM {self.name} " + self._where(table.key)
        kept = [column for column in every if column not in table.key]
        update = ", ".join(f'"{column}" = excluded."{column}"' for column in kept)
        self._on_conflict = f"ON CONFLICT ({_listed(table.key)}) DO " + (
            f"UPDATE SET {update}" if kept else "NOTHING"
        )
        # Lists in an array of jsonb would be taken for a further dimension: they go as text.
        self._as_text = {name for name, kind in table.columns.items() if kind == "jsonb"}
        given = ", ".join(
            f"${number}::{'text' if kind == 'jsonb' else kind}[]"
            for number, kind in enumerate(table.columns.values(), start=1)
        )
        read = ", ".join(
            f'"{column}"::jsonb' if column in self._as_text else f'"{column}"' for column in every
        )
        self._upsert = (
            f"INSERT INTO {self.name} ({self._columns}) "
            f"SELECT {read} FROM unnest({given}) AS given ({self._columns}) {self._on_conflict}"
        )

    async def load(self, connection: asyncpg.Connection, cached: CachedTable) -> None:
        """Give `cached` all it wants: rows by key, and the whole groups of lookups."""
        keys = list(cached.wanted)
        for some in _portions(keys):
            rows = await connection.fetch(self._by_key, *self._turned(self.table.key, some))
            cached.load(some, map(dict, rows))
        by_lookup: dict[Lookup, list[Value]] = {}
        for lookup, value in cached.wanted_groups:
            by_lookup.setdefault(lookup, []).append(value)
        for lookup, values in by_lookup.items():
            query = self._select + self._where(lookup)
            rows = await connection.fetch(query, *self._turned(lookup, values))
            cached.load_groups(lookup, values, [dict(row) for row in rows])
        cached.wanted.clear()
        cached.wanted_groups.clear()

    async def write(
        self, connection: asyncpg.Connection, rows: Sequence[Row], deleted: Sequence[Key]
    ) -> None:
        """Write whole rows over what is there, and delete; meant for the caller's transaction."""
        for keys in _portions(deleted):
            await connection.execute(self._delete, *self._turned(self.table.key, keys))
        for some in _portions(rows):
            values = [self._given(column, some) for column in self.table.columns]
            await connection.execute(self._upsert, *values)

    async def copy_in(self, connection: asyncpg.Connection, rows: Iterable[Row]) -> None:
        """Append rows whose keys are not there yet: far faster than `write`, into a new table."""
        schema, name = self.name.split(".")
        await self._copy(connection, rows, name, schema)

    async def merge_in(self, connection: asyncpg.Connection, rows: Iterable[Row]) -> None:
        """Copy rows in over those with the same keys."""
        async with connection.transaction():
            await connection.execute(
                f"CREATE TEMPORARY TABLE spilled (LIKE {self.name}) ON COMMIT DROP"
            )
            await self._copy(connection, rows, "spilled")
            await connection.execute(
                f"INSERT INTO {self.name} ({self._columns}) SELECT {self._columns} FROM spilled "
                + self._on_conflict
            )

    async def all(self, connection: asyncpg.Connection) -> list[Row]:
        """All rows there are, in no order."""
        return [dict(row) for row in await connection.fetch(self._select)]

    async def _copy(
        self,
        connection: asyncpg.Connection,
        rows: Iterable[Row],
        name: str,
        schema: str | None = None,
    ) -> None:
        columns = list(self.table.columns)
        await connection.copy_records_to_table(
            name,
            schema_name=schema,
            columns=columns,
            records=(tuple([row[column] for column in columns]) for row in rows),
        )

    def _given(self, column: str, rows: Sequence[Row]) -> list[Value]:
        values = [row[column] for row in rows]
        if column not in self._as_text:
            return values
        return [None if value is None else json_text(value) for value in values]

    def _where(self, columns: Sequence[str]) -> str:
        if len(columns) == 1:
            return f'WHERE "{columns[0]}" = ANY({self._arrays(columns)})'
        return f"WHERE ({_listed(columns)}) IN (SELECT * FROM unnest({self._arrays(columns)}))"

    def _arrays(self, columns: Sequence[str]) -> str:
        kinds = [self.table.columns[column] for column in columns]
        return ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, start=1))

    @staticmethod
    def _turned(columns: Sequence[str], values: Sequence[Value]) -> list[list[Value]]:
        """Values of a column, or tuples of several, as an array for each column."""
        if len(columns) == 1:
            return [list(values)]
        return [list(column) for column in zip(*values, strict=True)]


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
