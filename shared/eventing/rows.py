"""Rows of a projection as its handlers see them: mappings by key, with every change noticed.

Two forms behave alike. In memory (a rebuild, a test) all rows are here and changes are final. Live,
rows come from the database as they are needed: reading one that is not here raises `Missing`, the
caller loads everything that was found missing in one go, throws the changes away and runs the
handlers again. What a batch changed is kept apart until its transaction has committed.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from shared.eventing.tables import Key, Row, Table, Value
from shared.eventing.wire import LogRecord

Lookup: TypeAlias = tuple[str, ...]
"""The columns of a lookup, sorted by name."""


class Missing(Exception):
    """A row was read that has not been loaded. Handlers let it pass."""


class TableRows(Protocol):
    """The rows of one table.

    No call blocks. In live mode each may raise `Missing` (only `put` and `delete` of a blind table
    never do), which the machinery answers by loading and running the handler again.
    """

    @property
    def table(self) -> Table:
        """The declaration."""

    def get(self, key: Key) -> Row | None:
        """The row, changes of this batch included, or None."""

    def where(self, **columns: Value) -> list[Row]:
        """The rows with these values in the columns of a declared lookup, ordered by key.

        Rows with a null in such a column are in no group. Raises `KeyError` for an undeclared one.
        """

    def put(self, row: Row) -> None:
        """Write a whole row; columns it leaves out become null."""

    def set(self, key: Key, **columns: Value) -> None:
        """Write some columns of a row and keep the others; a row that was not there is made."""

    def delete(self, key: Key) -> None:
        """Remove a row, if it is there."""

    @property
    def unsettled(self) -> Collection[Key]:
        """Rows written unread, which have to be loaded before `settle`. For the machinery."""

    def settle(self) -> None:
        """Take in what was loaded of them. For the machinery."""

    def roll_back(self) -> None:
        """Throw the batch's changes away. For the machinery."""


class Rows:
    """The tables of a projection by name, what was marked, and the record in hand."""

    def __init__(self, tables: Mapping[str, TableRows], derivations: Iterable[str] = ()) -> None:
        self._tables = tables
        self._marks: dict[str, dict[Key, None]] = {name: {} for name in derivations}
        self.record: LogRecord | None = None
        """The record whose event is being handled: topic, partition, offset, headers."""
        self.latest: datetime | None = None
        """The newest instant folded so far (`ce_time`), this batch included: what `today` is."""

    def __getitem__(self, table: str) -> TableRows:
        """The rows of a table, by its declared name."""
        return self._tables[table]

    def mark(self, derivation: str, key: Key) -> None:
        """Have a derivation run for a key after the handlers of this batch."""
        self._marks[derivation][key] = None

    def take_marks(self, derivation: str) -> list[Key]:
        """The keys marked since they were taken last, in the order they were marked."""
        taken = list(self._marks[derivation])
        self._marks[derivation] = {}
        return taken

    @property
    def unsettled(self) -> bool:
        """Whether rows have to be loaded before derivations may look them up."""
        return any(table.unsettled for table in self._tables.values())

    def settle(self) -> None:
        """They have been loaded."""
        for table in self._tables.values():
            table.settle()

    def again(self) -> None:
        """Forget marks and changes: the handlers of the batch are about to run again."""
        for marked in self._marks.values():
            marked.clear()
        for table in self._tables.values():
            table.roll_back()


def grouping(columns: Mapping[str, Any]) -> tuple[Lookup, Any]:
    """The lookup that these columns name, and the value they give it (None: no group)."""
    if len(columns) == 1:
        ((name, value),) = columns.items()
        return (name,), value
    lookup = tuple(sorted(columns))
    values = tuple(columns[name] for name in lookup)
    return lookup, None if None in values else values


def group_of(lookup: Lookup, row: Row | None) -> Value:
    """The value by which a lookup finds this row, or None where it never does."""
    if row is None:
        return None
    if len(lookup) == 1:
        return row[lookup[0]]
    values = tuple(row[name] for name in lookup)
    return None if None in values else values
