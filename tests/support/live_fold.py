"""A projection in live mode without a database: rows come and go as `Live` would have them."""

from collections.abc import Sequence
from datetime import datetime

from shared.eventing.digests import digest
from shared.eventing.folding import Heard, fold
from shared.eventing.memory_fold import MemoryFold
from shared.eventing.projection import Projection
from shared.eventing.reader import Batch
from shared.eventing.tables import Key, Row


class LiveFold:
    """Folds batches against rows that are committed to dicts; keeps at most `kept` in memory."""

    def __init__(self, projection: Projection, kept: int = 1_000) -> None:
        self.projection = projection
        self.rows, self.cached = projection.cached(kept)
        self.committed: dict[str, dict[Key, Row]] = {name: {} for name in self.cached}
        self.latest: datetime | None = None
        self.loads = 0

    def apply(self, *batches: Batch) -> None:
        """Fold and commit; whoever calls decides whether something is told twice."""
        heard = [Heard.of(record) for batch in batches for record in batch.records]
        for _ in fold(self.projection, heard, self.rows, self.latest):
            self.loads += 1
            self._load()
        for name, cached in self.cached.items():
            rows, deleted = cached.changes()
            for key in deleted:
                self.committed[name].pop(key, None)
            for row in rows:
                self.committed[name][cached.table.key_of(row)] = row
            cached.commit()
        self.latest = self.rows.latest

    def forget(self) -> None:
        """As after a missed move or a restart: nothing is kept."""
        for cached in self.cached.values():
            cached.forget()

    def digests(self) -> dict[str, str]:
        return {
            table.name: digest(table, self.committed[table.name].values())
            for table in self.projection.tables
        }

    def _load(self) -> None:
        for name, cached in self.cached.items():
            committed = self.committed[name]
            wanted = set(cached.wanted)
            cached.load(wanted, [committed[key] for key in wanted if key in committed])
            for lookup, value in set(cached.wanted_groups):
                group = [row for row in committed.values() if _value(lookup, row) == value]
                cached.load_groups(lookup, [value], group)
            cached.wanted.clear()
            cached.wanted_groups.clear()


def in_memory(projection: Projection, batches: Sequence[Batch]) -> dict[str, str]:
    """The digests of one fold in memory, as a rebuild makes it."""
    memory = MemoryFold(projection)
    for batch in batches:
        if batch.topic in projection.topics:
            memory.take([Heard.of(record) for record in batch.records])
    memory.finish()
    return {
        table.name: digest(table, memory.tables[table.name].rows.values())
        for table in projection.tables
    }


def _value(lookup: tuple[str, ...], row: Row) -> object:
    return row[lookup[0]] if len(lookup) == 1 else tuple(row[name] for name in lookup)
