"""The whole suite in memory: commands are decided by the real deciders and written as the log is.

    suite = Suite()
    suite.ask("organization", CreateDepartment(...), by=BOSS, at=monday)
    okrs = suite.folded(OKRS)

Reactions run at once. What was written can be folded, cut and shuffled like any log.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.checkins.domain import DECIDER as CHECKINS
from services.checkins.reactions import REACTIONS as OF_CHECKINS
from services.notifications.domain import DECIDER as NOTIFICATIONS
from services.notifications.reactions import REACTIONS as OF_NOTIFICATIONS
from services.objectives.domain import DECIDER as OBJECTIVES
from services.organization.domain import DECIDER as ORGANIZATION
from shared.eventing.drafts import event_draft, event_id, internal_draft
from shared.eventing.folding import Heard
from shared.eventing.memory_fold import MemoryFold
from shared.eventing.projection import Projection
from shared.eventing.topics import events_topic, partition_of
from shared.eventing.wire import LogRecord, recorded
from shared.events.deciding import SYSTEM, Actor, Asked, Command, Recorded, Refused
from shared.events.event import Event
from shared.events.internal import Decided, LogOpened
from shared.events.scopes import scope_of
from shared.okr import identity
from tests.support.given import OPERATOR

_DECIDERS: dict[str, Any] = {
    each.service: each for each in (ORGANIZATION, OBJECTIVES, CHECKINS, NOTIFICATIONS)
}
_REACTIONS = {"checkins": OF_CHECKINS, "notifications": OF_NOTIFICATIONS}


@dataclass
class Written:
    """One partition of one service's log, as its owner would have written it."""

    service: str
    partition: int
    records: list[LogRecord] = field(default_factory=list)

    def opened(self) -> None:
        log_id = identity.command_id("log", self.service, str(self.partition), "")
        self._append_internal(LogOpened(log_id=log_id, partitions=12), log_id)

    def append(self, said: Recorded[Any], src: int) -> LogRecord:
        draft = event_draft(
            self.service, said, at=len(self.records), prev=self._prev, src=src, extras=[]
        )
        return self._written(draft.key, draft.value, draft.headers, said.at)

    def decided(self, upto: int, command: str) -> None:
        self._append_internal(Decided(upto=upto, command=command, fingerprint=""), command[::-1])

    @property
    def _prev(self) -> str:
        return self.records[-1].id if self.records else ""

    def _append_internal(self, record: LogOpened | Decided, new_id: str) -> None:
        at = len(self.records)
        draft = internal_draft(
            self.service, record, partition=self.partition, at=at, prev=self._prev, new_id=new_id
        )
        self._written(draft.key, draft.value, draft.headers, None)

    def _written(self, key: bytes, value: bytes, headers: Any, at: datetime | None) -> LogRecord:
        topic = events_topic(self.service)
        stamp = 0 if at is None else int(at.timestamp() * 1000)
        record = LogRecord(topic, self.partition, len(self.records), stamp, key, value, headers)
        self.records.append(record)
        return record


class Suite:
    """All services, their states, what they have heard of each other, and all they have said."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str], Any] = {}
        self.references = {name: each.reference() for name, each in _DECIDERS.items()}
        self.versions: dict[str, int] = {}
        self.logs: dict[tuple[str, int], Written] = {}
        self._commands = itertools.count(1)

    def ask(
        self, service: str, command: Command, *, by: Actor = OPERATOR, at: datetime
    ) -> Sequence[Event]:
        """Have a command decided; fails on a refusal."""
        answer = self.try_to(service, command, by=by, at=at)
        assert not isinstance(answer, Refused), f"{command!r} was refused: {answer}"
        return answer

    def try_to(
        self, service: str, command: Command, *, by: Actor = OPERATOR, at: datetime
    ) -> Sequence[Event] | Refused:
        """Have a command decided, and let everybody hear what it caused."""
        decider = _DECIDERS[service]
        number = next(self._commands)
        command_id = identity.command_id(by.id, "POST", command.stream, str(number))
        scope = scope_of(service, command.stream)
        state = self.states.get((service, scope), decider.initial(scope))
        # An owner's instant has milliseconds; so has what the record gives back.
        at = at.astimezone(UTC)
        asked: Asked[Any] = Asked(command_id, command, at, by, command_id, at)
        answer: Sequence[Event] | Refused = decider.decide(asked, state, self.references[service])
        if isinstance(answer, Refused):
            return answer
        records = [
            self._append(service, event, asked, index, number) for index, event in enumerate(answer)
        ]
        if records:
            self._log(service, command.stream).decided(number, command_id)
        for said in map(recorded, records):
            state = decider.evolve(state, said)
        self.states[service, scope] = state
        for said in map(recorded, records):
            self._heard(service, said)
        return answer

    def say(self, event: Event, *, by: Actor = OPERATOR, at: datetime) -> None:
        """Write an event that no decider of this issue says yet; nobody reacts to it."""
        service = "objectives" if event.stream.startswith("objective-") else "organization"
        number = next(self._commands)
        command_id = identity.command_id(by.id, "POST", event.stream, str(number))
        asked: Asked[Any] = Asked(command_id, None, at, by, command_id, at)
        self._append(service, event, asked, 0, number)
        self._log(service, event.stream).decided(number, command_id)

    def records(self, projection: Projection | None = None) -> list[LogRecord]:
        """Every event, partition by partition."""
        topics = None if projection is None else projection.topics
        return [
            record
            for log in self.logs.values()
            if topics is None or events_topic(log.service) in topics
            for record in log.records
            if not record.is_internal
        ]

    def folded(self, projection: Projection) -> MemoryFold:
        """The projection of everything that was said."""
        return folded(projection, self.records(projection))

    def _append(
        self, service: str, event: Event, asked: Asked[Any], index: int, src: int
    ) -> LogRecord:
        sequence = self.versions[event.stream] = self.versions.get(event.stream, 0) + 1
        said = Recorded(
            id=event_id(asked.id, index),
            event=event,
            stream=event.stream,
            sequence=sequence,
            at=asked.at,
            actor=asked.actor,
            correlation=asked.id,
            causation=asked.id,
            recorded_at=asked.at,
        )
        return self._log(service, event.stream).append(said, src)

    def _log(self, service: str, stream: str) -> Written:
        place = (service, partition_of(service, stream))
        if place not in self.logs:
            self.logs[place] = Written(*place)
            self.logs[place].opened()
        return self.logs[place]

    def _heard(self, service: str, said: Recorded[Any]) -> None:
        for name, decider in _DECIDERS.items():
            if service in decider.hears:
                decider.observe(self.references[name], service, said)
        for name, reactions in _REACTIONS.items():
            for reaction in reactions:
                if isinstance(said.event, reaction.hears):
                    for command in reaction.when(said, self.references[name]):
                        self.ask(name, command, by=SYSTEM, at=said.at)


def folded(projection: Projection, records: Iterable[LogRecord]) -> MemoryFold:
    """A fold of these records, in the order given."""
    fold = MemoryFold(projection)
    fold.take([Heard.of(record) for record in records])
    fold.finish()
    return fold
