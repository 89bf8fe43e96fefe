"""What a writer is told: the answer to a command, found in the log's events and `Decided`."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from shared.eventing.positions import Position
from shared.eventing.reader import Batch
from shared.eventing.wire import LogRecord, decided
from shared.events.internal import Decided, RefusedEntry, TriedEntry


@dataclass(frozen=True, slots=True)
class SaidEvent:
    """An event of an answer; `type` is its bare name, `ObjectiveCreated`."""

    type: str
    id: str
    stream: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The command took effect (`events`), or had none because all was so already (empty).

    `version` is that of the command's stream (0 where only other streams got events); `position`
    that of the `Decided` behind the answer; `body` the digest of the HTTP body that asked first;
    `repeat` says that it was asked before.
    """

    events: tuple[SaidEvent, ...]
    version: int
    position: Position
    repeat: bool = False
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rule refused the command; `position` is None where it could not even be recorded."""

    code: str
    facts: dict[str, Any]
    pointer: str | None
    position: Position | None
    repeat: bool = False
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A dry run: what would have been decided; `events` have no ids. `code` None: accepted."""

    code: str | None
    facts: dict[str, Any]
    pointer: str | None
    events: tuple[SaidEvent, ...]
    version: int


@dataclass(frozen=True, slots=True)
class AnsweredAt:
    """The command was answered before; its first answer begins at this position."""

    position: Position


Answer: TypeAlias = Accepted | Rejected | Tried


class OutcomeUnknown(Exception):
    """No answer in time: it may have taken effect. The same command id later tells the truth."""


class Overloaded(OutcomeUnknown):
    """Too many commands wait for their answers; this one was not even written."""


class NotTailing(OutcomeUnknown):
    """The edge does not follow its log (yet, or any more); the command was not written."""


@dataclass(slots=True, eq=False)
class Question:
    """A command that waits; `take` of `Questions` fills it."""

    id: str
    first: bytes
    """The id that its first event will have."""
    stream: str
    dry: bool = False
    events: list[LogRecord] = field(default_factory=list)


class Questions:
    """The commands that wait, matched with what the log says of them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Question] = {}
        self._by_first: dict[bytes, Question] = {}
        self._dry: dict[str, Question] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._by_id) + len(self._dry)

    def add(self, question: Question) -> None:
        """From now on, what the log says of this command is kept."""
        if question.dry:
            self._dry[question.id] = question
        else:
            self._by_id[question.id] = question
            self._by_first[question.first] = question

    def discard(self, question: Question) -> None:
        """Nobody waits for it any more."""
        if question.dry:
            self._dry.pop(question.id, None)
        else:
            self._by_id.pop(question.id, None)
            self._by_first.pop(question.first, None)

    def take(self, batch: Batch) -> list[tuple[Question, Answer | AnsweredAt]]:
        """The answers that this batch gives. Whatever nobody waits for is looked at only briefly.

        An answer is complete only with the `Decided` that closes its run, which ends every batch.
        """
        if not self._by_id and not self._dry:
            return []
        answered: list[tuple[Question, Answer | AnsweredAt]] = []
        said = self._said(batch.records)
        if said:
            closings = [record.offset for record in batch.decisions]
            for question in said:
                closing = batch.decisions[bisect_right(closings, question.events[-1].offset)]
                answered.append((question, accepted(question.stream, question.events, closing)))
                self.discard(question)
        for record in batch.decisions:
            if self._by_id or self._dry:
                answered += self._without_event(record)
        return answered

    def _said(self, records: Iterable[LogRecord]) -> list[Question]:
        """The questions whose events are here, each with its events."""
        by_source: dict[bytes, Question] = {}
        for record in records:
            headers = record.headers
            question = self._by_first.get(headers.get("ce_id", b""))
            if question is not None:
                question.events = [record]
                by_source[headers["okr_src"]] = question
            elif by_source:
                question = by_source.get(headers.get("okr_src", b""))
                if question is not None:
                    question.events.append(record)
        return list(by_source.values())

    def _without_event(self, record: LogRecord) -> list[tuple[Question, Answer | AnsweredAt]]:
        found = list(self._entries(decided(record), record))
        for question, _ in found:
            self.discard(question)
        return found

    def _entries(
        self, closing: Decided, record: LogRecord
    ) -> Iterator[tuple[Question, Answer | AnsweredAt]]:
        for refused in closing.refused:
            if question := self._by_id.get(refused.command):
                yield question, rejected(refused, record.position)
        for command in closing.unchanged:
            if question := self._by_id.get(command):
                yield question, unchanged(command, closing, record)
        for repeat in closing.repeats:
            if question := self._by_id.get(repeat.command):
                yield question, AnsweredAt(Position.parse(repeat.position))
        for attempt in closing.tried:
            if question := self._dry.get(attempt.command):
                yield question, tried(attempt)


def accepted(stream: str, events: Sequence[LogRecord], closing: LogRecord) -> Accepted:
    """The answer that a run's events of one command give."""
    versions = [record.sequence for record in events if record.stream == stream]
    version = versions[-1] if versions else 0
    return Accepted(tuple(map(_said, events)), version, closing.position, body=events[0].body)


def unchanged(command: str, closing: Decided, record: LogRecord) -> Accepted:
    """The answer to a command that said nothing new."""
    version = closing.versions.get(command, 0)
    return Accepted((), version, record.position, body=closing.bodies.get(command))


def rejected(entry: RefusedEntry, position: Position) -> Rejected:
    """The answer to a command that a rule refused."""
    return Rejected(entry.code, entry.detail or {}, entry.pointer, position, body=entry.body)


def tried(entry: TriedEntry) -> Tried:
    """The answer to a dry run."""
    events = tuple(
        SaidEvent(_bare(event["type"]), "", event.get("stream", ""), event["data"])
        for event in entry.events
    )
    return Tried(entry.code, entry.detail or {}, entry.pointer, events, entry.version)


def _said(record: LogRecord) -> SaidEvent:
    data = json.loads(record.value, parse_float=Decimal)
    return SaidEvent(_bare(record.type), record.id, record.stream, data)


def _bare(wire_type: str) -> str:
    """`ObjectiveCreated` of `okr.ObjectiveCreated.v1`."""
    return wire_type.split(".")[1] if "." in wire_type else wire_type
