"""The fold of a batch of records into rows: handlers, then derivations. Pure but for `rows`.

`fold` is a generator: it stops wherever rows are missing, and goes on once they have been loaded.
In memory nothing is ever missing, so there it runs to its end in one step.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from shared.eventing.positions import Position
from shared.eventing.projection import Derivation, Projection
from shared.eventing.rows import Missing, Rows
from shared.eventing.tables import Key
from shared.eventing.wire import LogRecord, recorded
from shared.events.deciding import Recorded

T = TypeVar("T")

MOST_WAVES: Final = 10_000
"""After so many waves a derivation that still marks keys never ends."""


@dataclass(slots=True)
class Heard:
    """A valid event on its way to the projections that hear its topic; decoded once for all."""

    record: LogRecord
    type: str
    _recorded: Recorded[Any] | None = None

    @classmethod
    def of(cls, record: LogRecord) -> "Heard":
        """Not decoded yet: perhaps nobody has a handler for it."""
        return cls(record, record.type)

    @property
    def recorded(self) -> Recorded[Any]:
        """The event as handlers see it; raises `Unreadable`."""
        if self._recorded is None:
            self._recorded = recorded(self.record)
        return self._recorded


class ProjectionFailed(Exception):
    """A handler or a derivation raised: the projection stops here and says so."""

    def __init__(self, projection: str, where: Position | str, error: Exception) -> None:
        super().__init__(f"{projection} stopped at {where}: {type(error).__name__}: {error}")
        self.projection = projection
        self.where = str(where)


def fold(
    projection: Projection, heard: Sequence[Heard], rows: Rows, latest: datetime | None
) -> Iterator[None]:
    """Fold a batch; yields where what `rows` wants has to be loaded before it goes on.

    `latest` is the newest instant folded before. The records of a partition are in order, and no
    record is void or internal. Raises `ProjectionFailed`. Afterwards `rows.latest` is the newest.
    """
    rows.latest = newest(heard, latest)
    while not (handle(projection, heard, rows) and tell_time(projection, rows, latest)):
        yield
        rows.again()
    if rows.unsettled:
        yield
        rows.settle()
    yield from derive(projection, rows)


def newest(heard: Iterable[Heard], latest: datetime | None) -> datetime | None:
    """The newest `ce_time` of a batch and of what was folded before it."""
    found = max((one.record.at for one in heard), default=None)
    if found is None or latest is None:
        return found or latest
    return max(found, latest)


def handle(projection: Projection, heard: Iterable[Heard], rows: Rows) -> bool:
    """Run the handlers; False where rows were missing. Raises `ProjectionFailed`."""
    handlers = projection.by_wire_type
    complete = True
    for one in heard:
        handler = handlers.get(one.type)
        if handler is None:
            continue
        rows.record = one.record
        try:
            handler(one.recorded, rows)
        except Missing:
            complete = False
        except Exception as error:
            # Behind a handler that could not run, rows may lack what it would have put.
            if complete:
                raise ProjectionFailed(projection.name, one.record.position, error) from error
    rows.record = None
    return complete


def tell_time(projection: Projection, rows: Rows, before: datetime | None) -> bool:
    """Let the projection mark what the grown instant concerns; False where rows were missing."""
    now = rows.latest
    if projection.on_time is None or now is None or now == before:
        return True
    try:
        projection.on_time(before, now, rows)
    except Missing:
        return False
    except Exception as error:
        raise ProjectionFailed(projection.name, f"on_time {now}", error) from error
    return True


def derive(projection: Projection, rows: Rows) -> Iterator[None]:
    """Run what is marked, bottom-up; yields like `fold`. Raises `ProjectionFailed`."""
    for derivation in projection.derivations:
        yield from _Waves(projection.name, derivation, rows).run()


class _Waves:
    """The marked keys of one derivation, computed rank by rank until nothing is marked."""

    def __init__(self, projection: str, derivation: Derivation, rows: Rows) -> None:
        self.projection = projection
        self.derivation = derivation
        self.rows = rows
        self.ranks: dict[Key, int] = {}
        self.waiting: dict[int, dict[Key, None]] = {}

    def run(self) -> Iterator[None]:
        for _ in range(MOST_WAVES):
            while not self._take():
                yield
            if not self.waiting:
                return
            wave = self.waiting.pop(max(self.waiting))
            while wave := self._compute(wave):
                yield
        error = RuntimeError(f"after {MOST_WAVES} waves it still marks keys")
        raise ProjectionFailed(self.projection, self.derivation.name, error)

    def _take(self) -> bool:
        """Sort the newly marked keys in by rank; False where a rank could not be told yet."""
        complete = True
        for key in self.rows.take_marks(self.derivation.name):
            try:
                rank = self._rank(key)
            except Missing:
                self.rows.mark(self.derivation.name, key)
                complete = False
            else:
                self.waiting.setdefault(rank, {})[key] = None
        return complete

    def _rank(self, key: Key) -> int:
        if self.derivation.rank is None:
            return 0
        if key not in self.ranks:
            self.ranks[key] = self._called(self.derivation.rank, key)
        return self.ranks[key]

    def _compute(self, wave: Iterable[Key]) -> dict[Key, None]:
        """Compute each key; gives those that have to wait for rows."""
        missed: dict[Key, None] = {}
        for key in wave:
            try:
                self._called(self.derivation.compute, key)
            except Missing:
                missed[key] = None
        return missed

    def _called(self, function: Callable[[Key, Rows], T], key: Key) -> T:
        try:
            return function(key, self.rows)
        except Missing:
            raise
        except Exception as error:
            where = f"{self.derivation.name} {key}"
            raise ProjectionFailed(self.projection, where, error) from error
