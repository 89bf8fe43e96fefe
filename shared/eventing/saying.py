"""What one command would say: its events as drafts, and what they make of state and versions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from shared.eventing.commands import HeardCommand
from shared.eventing.drafts import Draft, Headers, event_draft, event_id
from shared.events.deciding import Actor, Asked, Decider, Recorded
from shared.events.event import Event
from shared.events.scopes import scope_of

S = TypeVar("S")

_HEADER_BYTES: Final = 800


# Neither is frozen: one of each is made for every command, and freezing costs more than all fields.
@dataclass(slots=True)
class Said(Generic[S]):
    """All that one command would say: the whole of it is taken over, or nothing."""

    scope: str
    state: S
    versions: Mapping[str, int]
    events: Sequence[Event]
    drafts: Sequence[Draft]
    bytes: int
    """On the wire, rather too many than too few."""


@dataclass(slots=True)
class Place(Generic[S]):
    """Where a decision stands: its scope and state, and the place that its first event claims."""

    scope: str
    state: S
    at: int
    prev: str
    version: Callable[[str], int]
    """The version of a stream before this decision."""


def say(
    decider: Decider[S, Any],
    command: HeardCommand,
    asked: Asked[Any],
    first: str,
    place: Place[S],
    events: Sequence[Event],
) -> Said[S]:
    """Turn a decision into records; `first` is the id of its first event.

    Raises whatever the decider's `evolve` raises, and `ValueError` for an event that belongs to
    another consistency boundary than its command.
    """
    service = decider.service
    actor = Actor(asked.actor.id, asked.actor.type)
    drafts: list[Draft] = []
    versions: dict[str, int] = {}
    state, prev = place.state, place.prev
    for index, event in enumerate(events):
        stream = event.stream
        if stream != command.stream and scope_of(service, stream) != place.scope:
            raise ValueError(f"{stream} is not decided together with {place.scope}")
        before = versions.get(stream)
        version = (place.version(stream) if before is None else before) + 1
        versions[stream] = version
        said: Recorded[Any] = Recorded(
            id=event_id(command.id, index) if index else first,
            event=event,
            stream=stream,
            sequence=version,
            at=asked.at,
            actor=actor,
            correlation=asked.correlation,
            causation=first if index else command.causation,
        )
        state = decider.evolve(state, said)
        extras = _extras(command) if index else _first_extras(command)
        at = place.at + index
        draft = event_draft(service, said, at=at, prev=prev, src=command.offset, extras=extras)
        prev = said.id
        drafts.append(draft)
    return Said(place.scope, state, versions, events, drafts, _bytes_of(drafts, command))


def _bytes_of(drafts: Sequence[Draft], command: HeardCommand) -> int:
    each = _HEADER_BYTES + _variable_bytes(command)
    return sum(len(draft.value) + 2 * len(draft.key) + each for draft in drafts)


def _variable_bytes(command: HeardCommand) -> int:
    known = len(command.actor.id) + len(command.correlation) + len(command.causation)
    optional = (command.body, command.reaction, command.traceparent)
    return 4 * (known + sum(len(text) for text in optional if text is not None))


def _extras(command: HeardCommand) -> Headers:
    if command.traceparent is None:
        return []
    return [("traceparent", command.traceparent.encode())]


def _first_extras(command: HeardCommand) -> Headers:
    extras = _extras(command)
    if command.body is not None:
        extras.append(("okr_body", command.body.encode()))
    if command.reaction is not None:
        extras.append(("okr_reaction", command.reaction.encode()))
    return extras
