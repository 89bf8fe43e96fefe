"""A run: commands in log order, decided at one vector of views, closed by one `Decided`. Pure.

Nothing here is known to be true before its batch has landed at its claim (rule 3): a run works on
an overlay over what is committed, and is thrown away in any doubt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from pydantic_core import to_jsonable_python

from shared.eventing.clients import MAX_MESSAGE_BYTES
from shared.eventing.commands import HeardCommand
from shared.eventing.committed import Committed
from shared.eventing.drafts import Draft, event_id, internal_draft
from shared.eventing.positions import Position, Vector, covers
from shared.eventing.saying import Place, Said, say
from shared.eventing.topics import events_topic, partition_of
from shared.eventing.window import not_yet_is_no_answer, reaction_source
from shared.eventing.wire import instant
from shared.events.deciding import NOT_YET, Asked, Refused
from shared.events.event import wire_type
from shared.events.internal import Decided, RefusedEntry, RepeatEntry, TriedEntry
from shared.events.scopes import scope_of

S = TypeVar("S")
R = TypeVar("R")

RUN_COMMANDS: Final = 256
RUN_BYTES: Final = 1024 * 1024
DECISION_BYTES: Final = MAX_MESSAGE_BYTES - RUN_BYTES - 512 * 1024
"""The most that one command may say: with a run that is nearly full it still fits a batch."""

_ENTRY_BYTES: Final = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """A command on which the code failed (rule 8): its number is in the refusal and in our log."""

    number: str
    reason: str
    error: Exception | None


@dataclass(frozen=True, slots=True)
class ClosedRun(Generic[S]):
    """A run that is ready to be appended, and what becomes true when it lands at its claim."""

    claim: int
    drafts: Sequence[Draft]
    closing: Decided
    states: Mapping[str, S]
    versions: Mapping[str, int]
    firsts: Mapping[str, int]
    faults: Sequence[Fault]
    commands: int


class Run(Generic[S, R]):
    """Decides commands one after the other; `close` gives the batch."""

    def __init__(
        self,
        committed: Committed[S],
        partition: int,
        reference: R,
        views: Vector,
        *,
        fingerprint: str,
    ) -> None:
        self._committed = committed
        self._decider = committed.decider
        self._partition = partition
        self._reference = reference
        self._views = views
        self._fingerprint = fingerprint
        self._topic = events_topic(self._decider.service)
        self._claim = committed.fold.next_offset
        self._prev = committed.fold.last_id
        self._drafts: list[Draft] = []
        self._states: dict[str, S] = {}
        self._versions: dict[str, int] = {}
        self._firsts: dict[str, int | None] = {}
        self._refused: list[RefusedEntry] = []
        self._repeats: list[tuple[str, int | None]] = []
        self._unchanged: dict[str, tuple[int, str | None]] = {}
        self._tried: list[TriedEntry] = []
        self._reactions: dict[str, int] = {}
        self._faults: list[Fault] = []
        self._bytes = 0
        self._commands = 0
        self._last: HeardCommand | None = None

    @property
    def full(self) -> bool:
        """Whether the run should be closed before the next command."""
        return self._commands >= RUN_COMMANDS or self._bytes >= RUN_BYTES

    def decide(self, command: HeardCommand) -> None:
        """Decide the next command; never raises: a failing one hurts nobody but itself."""
        self._last = command
        self._commands += 1
        self._bytes += _ENTRY_BYTES
        if command.fault is not None:
            self._refuse(command, None, self._poison(command, command.fault, None))
            return
        first = event_id(command.id, 0)
        if not command.dry and self._is_repeat(command, first):
            return
        try:
            answer = self._answer(command, first)
        except Exception as error:  # noqa: BLE001 - rule 8: whatever it is, it is refused and recorded
            answer = self._poison(command, f"{type(error).__name__}: {error}", error)
        if command.dry:
            self._try(command, answer)
        elif isinstance(answer, Refused):
            self._refuse(command, first, answer)
        elif answer.events:
            self._accept(command, first, answer)
        else:
            self._unchanged[command.id] = (self._version(command.stream), command.body)
            self._firsts[first] = None
            self._heard_of(command)

    def close(self, new_id: str) -> ClosedRun[S]:
        """End the run with its `Decided`; at least one command must have been decided."""
        if self._last is None:
            raise ValueError("a run without a command decides nothing")
        at = self._claim + len(self._drafts)
        closing = self._closing(self._last, at)
        self._drafts.append(
            internal_draft(
                self._decider.service,
                closing,
                partition=self._partition,
                at=at,
                prev=self._prev,
                new_id=new_id,
            )
        )
        return ClosedRun(
            self._claim,
            self._drafts,
            closing,
            self._states,
            self._versions,
            {first: offset for first, offset in self._firsts.items() if offset is not None},
            self._faults,
            self._commands,
        )

    def _is_repeat(self, command: HeardCommand, first: str) -> bool:
        """Rule 6: looked up before `If-Match` is compared."""
        if first in self._firsts:
            self._repeats.append((command.id, self._firsts[first]))
            return True
        window = self._committed.window
        offset = window.first_answer(first, command.timestamp_ms)
        if offset is not None:
            self._repeats.append((command.id, offset))
            return True
        if window.is_older_reaction(command.reaction):
            self._unchanged[command.id] = (self._version(command.stream), command.body)
            return True
        return False

    def _answer(self, command: HeardCommand, first: str) -> Refused | Said[S]:
        version = self._version(command.stream)
        if command.expect is not None and command.expect != version:
            return Refused("version_stale", {"expected": command.expect, "version": version})
        if not self._is_there(command.after):
            return Refused(NOT_YET)
        scope = scope_of(self._decider.service, command.stream)
        state = self._state(scope)
        if command.data is None:
            raise ValueError(command.fault)
        recorded_at = instant(command.timestamp_ms)
        opened_ms = self._committed.opened_ms
        asked = Asked(
            id=command.id,
            data=command.data,
            at=recorded_at + self._decider.clock_offset(state, self._reference),
            actor=command.actor,
            correlation=command.correlation,
            recorded_at=recorded_at,
            log_opened_at=None if opened_ms is None else instant(opened_ms),
        )
        answer = self._decider.decide(asked, state, self._reference)
        if isinstance(answer, Refused):
            return replace(answer, facts=to_jsonable_python(dict(answer.facts)))
        at = self._claim + len(self._drafts)
        place = Place(scope, state, at, self._prev, self._version)
        said = say(self._decider, command, asked, first, place, answer)
        if said.bytes > DECISION_BYTES:
            return Refused("too_large", {"bytes": said.bytes, "at_most": DECISION_BYTES})
        return said

    def _accept(self, command: HeardCommand, first: str, said: Said[S]) -> None:
        self._firsts[first] = self._claim + len(self._drafts)
        self._states[said.scope] = said.state
        self._versions.update(said.versions)
        self._drafts += said.drafts
        self._prev = said.drafts[-1].id
        self._bytes += said.bytes
        self._heard_of(command)

    def _refuse(self, command: HeardCommand, first: str | None, refused: Refused) -> None:
        entry = _entry(command, refused)
        self._refused.append(entry)
        self._bytes += len(str(entry.detail))
        if not not_yet_is_no_answer(refused.code):
            if first is not None:
                self._firsts[first] = None
            self._heard_of(command)

    def _try(self, command: HeardCommand, answer: Refused | Said[S]) -> None:
        if isinstance(answer, Refused):
            entry = _entry(command, answer)
            tried = TriedEntry(
                command=command.id, code=entry.code, detail=entry.detail, pointer=entry.pointer
            )
        else:
            version = answer.versions.get(command.stream, self._version(command.stream))
            events = tuple(
                {"type": wire_type(event), "data": event.model_dump(mode="json")}
                for event in answer.events
            )
            tried = TriedEntry(command=command.id, events=events, version=version)
            self._bytes += answer.bytes
        self._tried.append(tried)

    def _poison(self, command: HeardCommand, reason: str, error: Exception | None) -> Refused:
        number = f"{self._decider.service}-{self._partition}-{command.offset}"
        self._faults.append(Fault(number, reason, error))
        return Refused("internal_error", {"fault": number})

    def _heard_of(self, command: HeardCommand) -> None:
        if command.reaction is not None:
            name, position = reaction_source(command.reaction)
            self._reactions[name] = max(position, self._reactions.get(name, -1))

    def _is_there(self, after: Sequence[Position]) -> bool:
        """Rule 7: whether the views have heard what the command names, as far as they listen."""
        heard = [p for p in after if p.topic in self._views] if after else ()
        return not heard or covers(self._views, heard)

    def _state(self, scope: str) -> S:
        state = self._states.get(scope)
        if state is None:
            state = self._committed.states.get(scope)
        if state is not None:
            return state
        if partition_of(self._decider.service, scope) != self._partition:
            raise ValueError(f"{scope} has no place in partition {self._partition}")
        return self._decider.initial(scope)

    def _version(self, stream: str) -> int:
        version = self._versions.get(stream)
        return self._committed.versions.get(stream, 0) if version is None else version

    def _closing(self, last: HeardCommand, at: int) -> Decided:
        def position(offset: int | None) -> str:
            return f"{self._topic}/{self._partition}@{at if offset is None else offset}"

        unchanged = self._unchanged
        return Decided(
            upto=last.offset,
            command=last.id,
            refused=tuple(self._refused),
            repeats=tuple(RepeatEntry(command=c, position=position(o)) for c, o in self._repeats),
            unchanged=tuple(unchanged),
            versions={command: version for command, (version, _) in unchanged.items()},
            bodies={command: body for command, (_, body) in unchanged.items() if body},
            tried=tuple(self._tried),
            reactions=self._reactions,
            views={
                topic: {str(partition): offset for partition, offset in partitions.items()}
                for topic, partitions in self._views.items()
            },
            fingerprint=self._fingerprint,
        )


def _entry(command: HeardCommand, refused: Refused) -> RefusedEntry:
    return RefusedEntry(
        command=command.id,
        code=refused.code,
        detail=dict(refused.facts) or None,
        pointer=refused.pointer,
        body=command.body,
    )
