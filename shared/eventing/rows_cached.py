"""Rows that live in the database: those needed lately, and what a batch changed."""

from collections.abc import Iterable
from typing import Any

from shared.eventing.recent import Recent
from shared.eventing.rows import Lookup, Missing, group_of, grouping
from shared.eventing.tables import Key, Row, Table, Value


class CachedTable:
    """The rows of a table that were needed lately, and the changes of one batch. See `TableRows`.

    `known` holds committed rows (None: known to be absent), `pending` the batch's changes.
    `wanted` and `wanted_groups` collect what a pass found missing. A row that is put or deleted
    unread is `unsettled` where lookups have to learn which groups it leaves: it is loaded after
    the handlers, without running them again.
    """

    def __init__(self, table: Table, limit: int) -> None:
        self.table = table
        self.known: Recent[Key, Row | None] = Recent(limit)
        self.pending: dict[Key, Row | None] = {}
        self.wanted: set[Key] = set()
        self.wanted_groups: set[tuple[Lookup, Any]] = set()
        self._lookups = [tuple(sorted(lookup)) for lookup in table.lookups]
        self._found_by = {name for lookup in table.lookups for name in lookup}
        self._groups: Recent[tuple[Lookup, Any], set[Key]] = Recent(limit)
        self._moved: dict[tuple[Lookup, Any], dict[Key, bool]] = {}
        self.unsettled: set[Key] = set()

    def get(self, key: Key) -> Row | None:
        """See `TableRows`."""
        self.table.check_read()
        if key in self.pending:
            return self.pending[key]
        try:
            return self.known[key]
        except KeyError:
            self.wanted.add(key)
            raise Missing from None

    def where(self, **columns: Value) -> list[Row]:
        """See `TableRows`."""
        lookup, value = grouping(columns)
        if lookup not in self._lookups:
            raise KeyError(lookup)
        if value is None:
            return []
        keys = self._groups.get((lookup, value))
        if keys is None:
            self.wanted_groups.add((lookup, value))
        if keys is None or self.unsettled:
            raise Missing
        moved = self._moved.get((lookup, value))
        if moved:
            gone = {key for key, joined in moved.items() if not joined}
            keys = (keys | moved.keys()) - gone
        return self._rows(keys)

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
            self.pending[key] = row
            return
        self._write(key, {**before, **columns})

    def delete(self, key: Key) -> None:
        """See `TableRows`."""
        self._write(key, None)

    def load(self, keys: Iterable[Key], rows: Iterable[Row]) -> None:
        """Take committed rows in; those of `keys` that are not among them are absent."""
        for key in keys:
            self.known[key] = None
        for row in rows:
            self.known[self.table.key_of(row)] = row

    def load_groups(self, lookup: Lookup, values: Iterable[Any], rows: Iterable[Row]) -> None:
        """Take the committed rows of whole groups in."""
        groups: dict[Any, set[Key]] = {value: set() for value in values}
        for row in rows:
            key = self.table.key_of(row)
            self.known[key] = row
            groups[group_of(lookup, row)].add(key)
        for value, keys in groups.items():
            self._groups[lookup, value] = keys

    def changes(self) -> tuple[list[Row], list[Key]]:
        """What the batch changed: rows to write, keys to delete."""
        rows: list[Row] = []
        keys: list[Key] = []
        for key, row in self.pending.items():
            if row is None:
                keys.append(key)
            elif row != self.known.get(key):
                rows.append(row)
        return rows, keys

    def commit(self) -> None:
        """The batch's changes are in the database: they are what is known now."""
        for place, moved in self._moved.items():
            keys = self._groups.get(place)
            if keys is not None:
                for key, joined in moved.items():
                    (keys.add if joined else keys.discard)(key)
        if not self.table.blind:
            for key, row in self.pending.items():
                self.known[key] = row
        self.roll_back()
        self.known.trim()
        self._groups.trim()

    def settle(self) -> None:
        """The rows that were put unread have been loaded: tell their groups."""
        for key in self.unsettled:
            self._move(key, self.known[key], self.pending[key])
        self.unsettled = set()

    def roll_back(self) -> None:
        """Throw the batch's changes away, and what was found missing."""
        self.pending = {}
        self.unsettled = set()
        self._moved = {}
        self.wanted = set()
        self.wanted_groups = set()

    def forget(self) -> None:
        """Drop everything: somebody else has written to the table."""
        self.roll_back()
        self.known.clear()
        self._groups.clear()

    def _rows(self, keys: Iterable[Key]) -> list[Row]:
        found: list[Row] = []
        missing = False
        pending, known = self.pending, self.known
        for key in sorted(keys):
            try:
                row = pending[key] if key in pending else known[key]
            except KeyError:
                self.wanted.add(key)
                missing = True
            else:
                if row is not None:
                    found.append(row)
        if missing:
            raise Missing
        return found

    def _write(self, key: Key, row: Row | None) -> None:
        if row is not None:
            self.table.check(row)
        if self._lookups:
            if key in self.pending:
                self._move(key, self.pending[key], row)
            elif key in self.known:
                self._move(key, self.known[key], row)
            else:
                self.unsettled.add(key)
                self.wanted.add(key)
        self.pending[key] = row

    def _move(self, key: Key, before: Row | None, after: Row | None) -> None:
        for lookup in self._lookups:
            left, joined = group_of(lookup, before), group_of(lookup, after)
            if left != joined:
                if left is not None:
                    self._moved.setdefault((lookup, left), {})[key] = False
                if joined is not None:
                    self._moved.setdefault((lookup, joined), {})[key] = True
