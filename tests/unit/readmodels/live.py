"""Live mode without a database: rows come in as they are needed, and a batch is committed whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.eventing.digests import digest
from shared.eventing.folding import Heard, fold
from shared.eventing.memory_fold import MemoryFold
from shared.eventing.projection import Projection
from shared.eventing.rows_cached import CachedTable
from shared.eventing.rows_in_memory import MemoryTable
from shared.eventing.wire import LogRecord


class LiveFold:
    """Folds batches as the projector does; `kept` is how many rows of a table it remembers."""

    def __init__(self, projection: Projection, kept: int = 8) -> None:
        self.projection = projection
        self.rows, self.cached = projection.cached(kept)
        self.stored = {table.name: MemoryTable(table) for table in projection.tables}
        self.latest: datetime | None = None
        self.loads = 0

    def take(self, records: Sequence[LogRecord]) -> None:
        """Fold and commit one batch."""
        heard = [Heard.of(record) for record in records]
        for _ in fold(self.projection, heard, self.rows, self.latest):
            self.loads += 1
            for name, cached in self.cached.items():
                _load(cached, self.stored[name])
        for name, cached in self.cached.items():
            changed, deleted = cached.changes()
            for key in deleted:
                self.stored[name].delete(key)
            for row in changed:
                self.stored[name].put(row)
            cached.commit()
        self.latest = self.rows.latest

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each table as it is stored."""
        return digests(self.stored)


def digests_of(fold_: MemoryFold) -> dict[str, str]:
    """The digest of each table of a rebuild."""
    return digests(fold_.tables)


def digests(tables: Mapping[str, MemoryTable]) -> dict[str, str]:
    """The digest of each table."""
    return {name: digest(table.table, table.rows.values()) for name, table in tables.items()}


def _load(cached: CachedTable, stored: MemoryTable) -> None:
    keys = list(cached.wanted)
    cached.load(keys, [stored.rows[key] for key in keys if key in stored.rows])
    for lookup, value in list(cached.wanted_groups):
        values = (value,) if len(lookup) == 1 else value
        rows = stored.where(**dict(zip(lookup, values, strict=True)))
        cached.load_groups(lookup, [value], rows)
