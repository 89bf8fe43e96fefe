"""Given, when, then: a decider's rules as sentences.

    given(DECIDER, MemberJoined(…), told(CyclePlanned(…), by=boss)).when(
        CloseCycle(cycle_id=…), by=boss
    ).then(CycleClosed(cycle_id=…))

History may mix the decider's own events with those of services it hears. Each command travels as it
would through the log (as JSON), and so does each event that it is answered with.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from shared.events import catalogue
from shared.events.deciding import Actor, Asked, Command, Decider, Recorded, Refused, command_type
from shared.events.event import Event, wire_type
from shared.events.scopes import scope_of
from shared.okr import identity

THEN = datetime(2026, 9, 28, 1, 0, tzinfo=UTC)
"""When history happened, unless it was `told` otherwise."""

NOW = datetime(2026, 10, 9, 1, 0, tzinfo=UTC)
"""When a command is asked, unless it says otherwise: a Friday morning in Shanghai."""

OPERATOR = Actor(identity.import_id("member", "operator"), "user", frozenset({"administrator"}))
"""Who did and who asks, unless somebody else is named: an operator with a token of that role."""

_SERVICES = {cls: service for service, classes in catalogue.EVENTS.items() for cls in classes}


@dataclass(frozen=True)
class Told:
    """An event of history, with who and when."""

    event: Event
    by: Actor = OPERATOR
    at: datetime = THEN


def told(event: Event, *, by: Actor = OPERATOR, at: datetime = THEN) -> Told:
    """Say by whom and when an event of history happened."""
    return Told(event, by, at)


@dataclass(frozen=True)
class Given:
    """What has happened so far; asking does not change it."""

    decider: Decider[Any, Any]
    reference: Any
    states: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    asked: int = 0

    def and_given(self, *history: Event | Told) -> "Given":
        """Let more happen; events of services that are heard go into the reference view."""
        states, versions = dict(self.states), dict(self.versions)
        for item in history:
            what = item if isinstance(item, Told) else Told(item)
            service = _SERVICES[type(what.event)]
            sequence = versions.get(what.event.stream, 0) + 1
            versions[what.event.stream] = sequence
            recorded = _recorded(what, sequence)
            if service == self.decider.service:
                scope = scope_of(service, what.event.stream)
                before = states[scope] if scope in states else self.decider.initial(scope)
                states[scope] = self.decider.evolve(before, recorded)
            else:
                assert service in self.decider.hears, f"{self.decider.service} hears no {service}"
                self.decider.observe(self.reference, service, recorded)
        return replace(self, states=states, versions=versions)

    def state(self, scope: str) -> Any:
        """The folded state of a scope, or the initial one."""
        return self.states[scope] if scope in self.states else self.decider.initial(scope)

    def when(
        self,
        command: Command,
        *,
        by: Actor = OPERATOR,
        at: datetime = NOW,
        recorded_at: datetime | None = None,
        correlation: str | None = None,
    ) -> "When":
        """Ask the decider, with the command as its record would give it back."""
        kind = self.decider.commands[command_type(command)]
        carried = kind.model_validate_json(command.model_dump_json())
        assert carried == command, f"{command!r} is not what its record gives back"
        asked_id = identity.command_id(by.id, "POST", command.stream, str(self.asked))
        asked = Asked(asked_id, carried, at, by, correlation or asked_id, recorded_at or at)
        scope = scope_of(self.decider.service, command.stream)
        answer = self.decider.decide(asked, self.state(scope), self.reference)
        return When(replace(self, asked=self.asked + 1), asked, scope, answer)


def given(decider: Decider[Any, Any], *history: Event | Told) -> Given:
    """Start from what has happened."""
    return Given(decider, decider.reference()).and_given(*history)


@dataclass(frozen=True)
class When:
    """A command and what it was answered with."""

    before: Given
    asked: Asked[Any]
    scope: str
    answer: Any

    @property
    def events(self) -> tuple[Event, ...]:
        """The events, each as its record gives it back; fails on a refusal."""
        assert not isinstance(self.answer, Refused), f"refused: {self.answer}"
        for event in self.answer:
            assert scope_of(self.before.decider.service, event.stream) == self.scope
            assert catalogue.decode(wire_type(event), catalogue.encode(event)) == event
        return tuple(self.answer)

    @property
    def after(self) -> Given:
        """What has happened once the events did."""
        happened = (Told(e, self.asked.actor, self.asked.at) for e in self.events)
        return self.before.and_given(*happened)

    def then(self, *events: Event) -> Given:
        """Exactly these events are said."""
        assert self.events == events
        return self.after

    def says_nothing_new(self) -> Given:
        """The command is accepted and there is nothing to say."""
        return self.then()

    def refused(self, code: str, *, pointer: str | None = None, **facts: Any) -> Given:
        """The command is refused by this code; facts and pointer are compared where given."""
        assert isinstance(self.answer, Refused), f"not refused: {self.answer}"
        assert self.answer.code == code
        json.dumps(dict(self.answer.facts))
        if pointer is not None:
            assert self.answer.pointer == pointer
        for name, value in facts.items():
            assert self.answer.facts[name] == value
        return self.before

    def asked_again(self) -> "When":
        """The same command once more, of the same person at the same instant."""
        asked = self.asked
        return self.after.when(
            asked.data, by=asked.actor, at=asked.at, recorded_at=asked.recorded_at
        )


def _recorded(what: Told, sequence: int) -> Recorded[Any]:
    name = f"{what.event.stream}\n{sequence}"
    event_id = identity.command_id("history", "POST", name, wire_type(what.event))
    return Recorded(
        id=event_id,
        event=what.event,
        stream=what.event.stream,
        sequence=sequence,
        at=what.at,
        actor=what.by,
        correlation=event_id,
        causation=event_id,
        recorded_at=what.at,
    )
