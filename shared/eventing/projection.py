"""What a projection is: declared tables, pure handlers that put facts, derivations of the rest.

    def objective_created(recorded: Recorded[ObjectiveCreated], rows: Rows) -> None:
        event = recorded.event
        rows["objectives"].put({"id": event.objective_id, "department_id": event.department_id})
        rows.mark("department", event.department_id)

    def department(key: Key, rows: Rows) -> None:
        count = len(rows["objectives"].where(department_id=key))
        rows["departments"].set(key, objectives=count)

    PROJECTION = Projection(
        name="okr", version=1, tables=(OBJECTIVES, DEPARTMENTS),
        handlers={ObjectiveCreated: objective_created},
        derivations=(Derivation("department", department),),
    )

The same functions run in live mode (a batch of records a transaction) and in a rebuild (the whole
log in memory, derivations once at the end). So that both, and any order across topics, end alike:

* a fact row is written by the events of one topic only, and of one stream or of streams of one
  partition; it is put or set, never incremented;
* what combines rows is derived: a derivation reads facts and derived rows and sets rows, and
  answers alike however often it runs and in whatever state its target was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias

from shared.eventing.rows import Rows
from shared.eventing.rows_cached import CachedTable
from shared.eventing.rows_in_memory import MemoryTable
from shared.eventing.tables import Key, Table, fingerprint
from shared.eventing.topics import events_topic
from shared.events.catalogue import EVENTS
from shared.events.deciding import Recorded
from shared.events.event import Event, wire_type
from shared.events.upcasts import STEPS

Handler: TypeAlias = Callable[[Recorded[Any], Rows], None]
"""Puts the facts of one event and marks what depends on them.

Called once for each valid event in the order of its partition. It may be called again for the same
event after its changes were thrown away (when a row it reads had to be loaded first): it must not
block, read a clock, or keep anything outside `rows`. An exception stops the projection.
"""

Compute: TypeAlias = Callable[[Key, Rows], None]
"""Derives what belongs to one marked key; may mark others of its own or a later derivation.

Called after all handlers of a batch, at least once a marked key, more often when a row had to be
loaded or something below it changed. The same restrictions as for a handler.
"""

OnTime: TypeAlias = Callable[[datetime | None, datetime, Rows], None]
"""Called after the handlers of a batch when the newest instant folded grew (before, now).

Marks what depends on the day. `before` is None on the first batch and in a rebuild.
"""


@dataclass(frozen=True)
class Derivation:
    """What is recomputed when it is marked.

    `rank` orders keys within the derivation, greatest first (the depth of a department): parents
    come after their children. Without it keys are computed in waves until nothing is marked.
    """

    name: str
    compute: Compute
    rank: Callable[[Key, Rows], int] | None = None


@dataclass(frozen=True)
class Projection:
    """A versioned set of tables, and how the log becomes their rows.

    Raise `version` whenever handlers, derivations or tables change what the rows are: the next
    start builds a new generation from the log. `derivations` stand bottom-up.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    handlers: Mapping[type[Event], Handler]
    derivations: tuple[Derivation, ...] = ()
    on_time: OnTime | None = None

    @cached_property
    def hears(self) -> tuple[str, ...]:
        """The services whose events it handles, in the catalogue's order."""
        return tuple(
            service
            for service, classes in EVENTS.items()
            if any(cls in self.handlers for cls in classes)
        )

    @cached_property
    def topics(self) -> frozenset[str]:
        """The logs of those services."""
        return frozenset(map(events_topic, self.hears))

    @cached_property
    def by_wire_type(self) -> Mapping[str, Handler]:
        """Wire type → handler, for every version of an event that was ever written."""
        today = {wire_type(cls): handler for cls, handler in self.handlers.items()}
        every = dict(today)
        for retired in STEPS:
            now = retired
            while now in STEPS:
                now = STEPS[now][0]
            if now in today:
                every[retired] = today[now]
        return every

    @cached_property
    def fingerprint(self) -> str:
        """That of the declared tables."""
        return fingerprint(self.tables)

    def in_memory(self) -> tuple[Rows, dict[str, MemoryTable]]:
        """No rows, all in memory: for a rebuild or a test."""
        tables = {table.name: MemoryTable(table) for table in self.tables}
        return Rows(tables, self._derivation_names), tables

    def cached(self, limit: int) -> tuple[Rows, dict[str, CachedTable]]:
        """No rows here yet: they come from the database, about `limit` a table are kept."""
        tables = {table.name: CachedTable(table, limit) for table in self.tables}
        return Rows(tables, self._derivation_names), tables

    @property
    def _derivation_names(self) -> list[str]:
        return [each.name for each in self.derivations]
