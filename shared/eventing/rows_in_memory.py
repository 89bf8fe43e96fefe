"""All rows of a table in memory: a rebuild, a digest, a test."""

from typing import Any

from shared.eventing.rows import Lookup, group_of, grouping
from shared.eventing.tables import Key, Row, Table, Value


class MemoryTable:
    """All rows of a table, here. See `TableRows`."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rows: dict[Key, Row] = {}
        self._groups: dict[Lookup, dict[Any, set[Key]]] = {
            tuple(sorted(lookup)): {} for lookup in table.lookups
        }
        self._found_by = {name for lookup in table.lookups for name in lookup}

    def get(self, key: Key) -> Row | None:
        """See `TableRows`."""
        self.table.check_read()
        return self.rows.get(key)

    def where(self, **columns: Value) -> list[Row]:
        """See `TableRows`."""
        lookup, value = grouping(columns)
        rows = self.rows
        return [rows[key] for key in sorted(self._groups[lookup].get(value, ()))]

    def put(self, row: Row) -> None:
        """See `TableRows`."""
        self._write(self.table.key_of(row), {**self.table.blank, **row})

    def set(self, key: Key, **columns: Value) -> None:
        """See `TableRows`."""
        before = self.get(key)
        if before is None:
            before = {**self.table.blank, **self.table.key_columns(key)}
        elif self._found_by.isdisjoint(columns):
            # It stays in its groups; most writes are of this kind.
            row = {**before, **columns}
            self.table.check(row)
            self.rows[key] = row
            return
        self._write(key, {**before, **columns})

    def delete(self, key: Key) -> None:
        """See `TableRows`."""
        before = self.rows.pop(key, None)
        if before is not None:
            self._regroup(key, before, None)

    def roll_back(self) -> None:
        """Never needed here: nothing is missing, so no batch runs twice."""

    unsettled: frozenset[Key] = frozenset()

    def settle(self) -> None:
        """Never needed here: every row is known when it is written."""

    def drain(self) -> list[Row]:
        """All rows, which are forgotten here: a blind table is written out as it grows."""
        drained = list(self.rows.values())
        self.rows = {}
        return drained

    def _write(self, key: Key, row: Row) -> None:
        self.table.check(row)
        if self._groups:
            self._regroup(key, self.rows.get(key), row)
        self.rows[key] = row

    def _regroup(self, key: Key, before: Row | None, after: Row | None) -> None:
        for lookup, groups in self._groups.items():
            left, joined = group_of(lookup, before), group_of(lookup, after)
            if left != joined:
                if left is not None:
                    groups[left].discard(key)
                if joined is not None:
                    groups.setdefault(joined, set()).add(key)
