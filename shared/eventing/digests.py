"""Digests of read models: whether their rows are the fold of the log, table by table."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from shared.eventing.checkpoints import current_within, make_schema
from shared.eventing.folding import Heard
from shared.eventing.memory_fold import MemoryFold
from shared.eventing.postgres import connect
from shared.eventing.projection import Projection
from shared.eventing.reader import Held, Tail, places_of
from shared.eventing.stored import StoredTable
from shared.eventing.tables import Row, Table


@dataclass(frozen=True, slots=True)
class Digests:
    """What the tables of a projection hold, at one vector of positions."""

    held: Held
    tables: Mapping[str, str]
    """Table → SHA-256 of its rows in the order of their keys, as `digest` writes them."""
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two folds of the same log: the one that queries read, and one made just now."""

    stored: Digests
    folded: Digests

    @property
    def differing(self) -> list[str]:
        """The tables that are not the same."""
        return [name for name, sha in self.stored.tables.items() if sha != self.folded.tables[name]]


def digest(table: Table, rows: Iterable[Row]) -> str:
    """SHA-256 over the rows in the order of their keys: a JSON list a row, a line each.

    Equal values give equal text wherever they come from: quantities without trailing zeros,
    instants in UTC, objects with sorted keys. Raises `TypeError` for a float: nothing exact is one.
    """
    columns = list(table.columns)
    sha = sha256()
    for row in sorted(rows, key=table.key_of):
        values = [canonical(row[column]) for column in columns]
        sha.update(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return sha.hexdigest()


def canonical(value: Any) -> Any:  # noqa: ANN401 - a value of a column
    """A value as plain JSON that is the same for equal values."""
    match value:
        case None | str() | bool() | int():
            return value
        case Decimal():
            return _plain(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): canonical(value[key]) for key in sorted(value)}
        case list() | tuple():
            return [canonical(each) for each in value]
        case _:
            raise TypeError(f"{type(value).__name__} is no exact value of a column")


async def stored_digests(projection: Projection, *, dsn: str) -> Digests | None:
    """Digests of what queries read now, all of one snapshot; None before the first build."""
    connection = await connect(dsn, name=f"okr digests {projection.name}")
    try:
        await make_schema(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            generation = await current_within(connection, projection.name)
            if generation is None:
                return None
            tables, rows = {}, {}
            for table in projection.tables:
                stored = StoredTable(projection.name, generation.number, table)
                found = await stored.all(connection)
                tables[table.name], rows[table.name] = digest(table, found), len(found)
            return Digests(generation.held, tables, rows)
    finally:
        await connection.close()


async def folded_digests(
    projection: Projection,
    until: Held,
    *,
    bootstrap: str,
    make_tail: Callable[..., Tail] = Tail,
) -> Digests:
    """Digests of a new fold of the log in memory, from its beginning up to exactly `until`."""
    fold = MemoryFold(projection)
    places = [place for place in places_of(projection.hears) if place in until]
    tail = make_tail(bootstrap, places, client_id="okr-digests")
    await tail.open()
    try:
        ends = {place: held.offset + 1 for place, held in until.items() if place in places}
        while not tail.reached(ends):
            for batch in await tail.next():
                last = until[batch.place].offset
                fold.take([Heard.of(each) for each in batch.records if each.offset <= last])
    finally:
        await tail.close()
    fold.finish()
    rows = {name: list(table.rows.values()) for name, table in fold.tables.items()}
    return Digests(
        until,
        {table.name: digest(table, rows[table.name]) for table in projection.tables},
        {name: len(each) for name, each in rows.items()},
    )


async def compare(
    projection: Projection,
    *,
    dsn: str,
    bootstrap: str,
    make_tail: Callable[..., Tail] = Tail,
) -> Comparison | None:
    """Compare what queries read with a new fold of the log; None before the first build.

    Takes no lock and stops nobody; the projection may move on meanwhile.
    """
    stored = await stored_digests(projection, dsn=dsn)
    if stored is None:
        return None
    folded = await folded_digests(projection, stored.held, bootstrap=bootstrap, make_tail=make_tail)
    return Comparison(stored, folded)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"
