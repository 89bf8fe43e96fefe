"""What an owner knows of its partition: states, versions, first answers, and the resume point."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from shared.eventing.fold import PartitionFold
from shared.eventing.positions import Vector
from shared.eventing.window import Window
from shared.eventing.wire import LogRecord, Unreadable, decided, recorded
from shared.events.deciding import Decider, Recorded
from shared.events.internal import Decided
from shared.events.scopes import scope_of

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """Rule 5: the command offset up to which the last valid `Decided` decided, and that command."""

    upto: int = -1
    command: str = ""
    views: Vector = field(default_factory=dict)


def resume_point(last: Decided) -> ResumePoint:
    """Where an owner goes on: behind the last valid `Decided`, whatever the group committed."""
    views = {
        topic: {int(partition): offset for partition, offset in partitions.items()}
        for topic, partitions in last.views.items()
    }
    return ResumePoint(last.upto, last.command, views)


class Committed(Generic[S]):
    """The fold of one partition's valid records: all that the next decision rests on."""

    def __init__(self, decider: Decider[S, Any], fold: PartitionFold) -> None:
        self.decider = decider
        self.fold = fold
        self.states: dict[str, S] = {}
        self.versions: dict[str, int] = {}
        self.window = Window()
        self.resume = ResumePoint()
        self.opened_ms: int | None = None
        """The broker time of `LogOpened`: what happened elsewhere before is history."""
        self._src: int | None = None

    def state(self, scope: str) -> S:
        """The state of a scope, also before anything happened."""
        found = self.states.get(scope)
        return self.decider.initial(scope) if found is None else found

    def take(self, record: LogRecord) -> None:
        """Fold the next record of the log, void or not; raises `HistoryCut` and `Unreadable`."""
        valid = self.fold.take(record)
        if valid is None:
            return
        if valid.is_log_opened:
            self.opened_ms = valid.timestamp_ms
            return
        if valid.is_decided:
            last = decided(valid)
            self.window.closed(last, valid.offset, valid.timestamp_ms)
            self.resume = resume_point(last)
            self._src = None
            return
        self._happened(valid)

    def adopt(
        self,
        states: Mapping[str, S],
        versions: Mapping[str, int],
        firsts: Mapping[str, int],
        closing: Decided,
        count: int,
        last_id: str,
        timestamp_ms: int,
    ) -> None:
        """Take over a run of our own that landed at its claim: `count` records, one batch."""
        self.fold.appended(count, last_id)
        self.states.update(states)
        self.versions.update(versions)
        for first_event, offset in firsts.items():
            self.window.accepted(first_event, offset, timestamp_ms)
        self.window.closed(closing, self.fold.last_offset, timestamp_ms)
        self.resume = resume_point(closing)

    def _happened(self, record: LogRecord) -> None:
        said: Recorded[Any] = replace(recorded(record), recorded_at=None)
        version = self.versions.get(said.stream, 0) + 1
        if said.sequence != version:
            raise Unreadable(record.position, f"{said.stream} has no version {version}")
        scope = scope_of(self.decider.service, said.stream)
        try:
            self.states[scope] = self.decider.evolve(self.state(scope), said)
        except Exception as error:
            raise Unreadable(record.position, f"evolve: {error!r}") from error
        self.versions[said.stream] = version
        # The events of one decision follow one another: the first of them begins its answer.
        if record.src != self._src:
            self._src = record.src
            self.window.accepted(said.id, record.offset, record.timestamp_ms)
