"""A projection folded in memory from the beginning of the log: rebuilds, digests, tests."""

from collections.abc import Sequence
from datetime import datetime

from shared.eventing.folding import Heard, derive, handle, newest, tell_time
from shared.eventing.projection import Projection


class MemoryFold:
    """Takes all events once, in the order of each partition; then derives once."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.rows, self.tables = projection.in_memory()
        self.latest: datetime | None = None

    def take(self, heard: Sequence[Heard]) -> None:
        """Handle events of a topic that the projection hears; raises `ProjectionFailed`."""
        self.latest = newest(heard, self.latest)
        handle(self.projection, heard, self.rows)

    def finish(self) -> None:
        """Derive all that was marked; raises `ProjectionFailed`."""
        self.rows.latest = self.latest
        tell_time(self.projection, self.rows, None)
        for _ in derive(self.projection, self.rows):
            raise AssertionError("nothing is missing where everything is in memory")
