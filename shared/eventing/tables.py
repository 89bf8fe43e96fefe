"""Declared tables of read models: what a table is, and the DDL of one generation of it.

A projection declares its tables once; every generation of it gets tables of its own
(`read.<projection>_v<generation>_<table>`), and a view without a generation
(`read.<projection>_<table>`) shows queries the current ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, Literal, TypeAlias

SCHEMA: Final = "read"

ColumnType = Literal[
    "text", "integer", "bigint", "boolean", "numeric", "date", "timestamptz", "jsonb"
]
"""What a column may hold: exact values only. Ids are `text`; lists and objects are `jsonb`.

In Python: str, int, int, bool, Decimal, date, aware datetime, and plain JSON (without floats).
"""

Row: TypeAlias = Mapping[str, Any]
"""One row, every column by name. Never change one in place, nor what a `jsonb` column holds."""

Value: TypeAlias = Any
"""What a column holds, in Python."""

Key: TypeAlias = Any
"""The value of a one-column key, or the tuple of a longer one, in the order declared."""

_PLACES: Final = {"text": 'text COLLATE "C"'}
_NAME_LIMIT: Final = 63


@dataclass(frozen=True)
class Table:
    """A table of a projection, as every generation of it is made.

    `key` names columns of `columns`. `lookups` are the column groups by which handlers and
    derivations find rows (`where`); each gets an index. `indexes` are further ones for queries,
    the text behind `CREATE INDEX ON <table>`, such as `(title)` or `USING gin (words)`.

    A `blind` table is only written, whole rows at a time, and never read by handlers: it costs
    no loading and no memory (a timeline, a history). It has no lookups.
    """

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, ColumnType]
    lookups: tuple[tuple[str, ...], ...] = ()
    blind: bool = False
    indexes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a declaration that names columns it has not."""
        named = {*self.key, *(column for lookup in self.lookups for column in lookup)}
        if not self.key or not named <= set(self.columns):
            raise ValueError(f"{self.name}: key and lookups must name declared columns")
        if self.blind and self.lookups:
            raise ValueError(f"{self.name}: a blind table is never read and has no lookups")

    @cached_property
    def blank(self) -> dict[str, Any]:
        """A row of nulls, every column in its declared order."""
        return dict.fromkeys(self.columns)

    def check(self, row: Row) -> None:
        """Raise `KeyError` where a row has columns that were not declared."""
        if len(row) != len(self.columns):
            raise KeyError(f"{self.name} has no column {sorted(row.keys() - self.columns.keys())}")

    def check_read(self) -> None:
        """Raise `TypeError` where a blind table is read."""
        if self.blind:
            raise TypeError(f"{self.name} is declared blind: it is put whole and never read")

    @cached_property
    def key_of(self) -> Callable[[Row], Key]:
        """The key of a row: a value, or a tuple where the key has several columns."""
        return itemgetter(*self.key)

    def key_columns(self, key: Key) -> dict[str, Any]:
        """The columns that a key fills."""
        values = (key,) if len(self.key) == 1 else key
        return dict(zip(self.key, values, strict=True))


def physical_name(projection: str, generation: int, table: Table) -> str:
    """The qualified name of a table of one generation."""
    return _qualified(f"{projection}_v{generation}_{table.name}")


def view_name(projection: str, table: Table) -> str:
    """The qualified name under which queries read the current generation."""
    return _qualified(f"{projection}_{table.name}")


def create_statements(projection: str, generation: int, table: Table) -> list[str]:
    """DDL of a table without its indexes: rows are copied in first."""
    columns = ", ".join(
        f'"{name}" {_PLACES.get(kind, kind)}' + (" NOT NULL" if name in table.key else "")
        for name, kind in table.columns.items()
    )
    name = physical_name(projection, generation, table)
    # Most columns change in place: room on the page keeps those updates out of the indexes.
    return [f"CREATE TABLE {name} ({columns}) WITH (fillfactor = 80)"]


def index_statements(projection: str, generation: int, table: Table) -> list[str]:
    """DDL of the primary key and the indexes of a table."""
    name = physical_name(projection, generation, table)
    lookups = [f"({_columns(lookup)})" for lookup in table.lookups]
    return [
        f"ALTER TABLE {name} ADD PRIMARY KEY ({_columns(table.key)})",
        *(f"CREATE INDEX ON {name} {what}" for what in (*lookups, *table.indexes)),
    ]


def fingerprint(tables: tuple[Table, ...]) -> str:
    """Changes when a declaration does, so that a table changed under an old version is seen."""
    said = [
        (t.name, t.key, sorted(t.columns.items()), t.lookups, t.blind, t.indexes) for t in tables
    ]
    return sha256(repr(said).encode()).hexdigest()[:32]


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _qualified(name: str) -> str:
    if len(name) > _NAME_LIMIT or not name.replace("_", "a").isalnum():
        raise ValueError(f"{name!r} is no name for a table")
    return f"{SCHEMA}.{name}"
