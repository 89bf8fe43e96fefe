"""How a service declares what it does when something happened elsewhere.

A reaction turns an event into commands of its own service and reads as a clause::

    def when_key_result_added(
        recorded: Recorded[KRAdded], reference: Reference
    ) -> Sequence[Command]:
        event = recorded.event
        return [StartTracking(objective_id=event.objective_id, ...)]

    REACTIONS = (Reaction(when_key_result_added, hears=(KRAdded,)),)

The function is pure; `reference` is the service's own reference view. A `LookupError` says that the
view has not heard of it yet, and is tried again. The carrier gives each command its id (by
identity's formula, so a redelivery is a repeat), its cause and its source position, asks through
the service's edge, and moves on only with an answer. A reaction that fails stops there, says so and
tries again with growing pauses; it never skips. It says at most one thing to each stream.

An effect is the same for what is no command: it must be safe to run twice.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.events.deciding import Command, Recorded
from shared.events.event import Event


@dataclass(frozen=True, slots=True)
class Reaction:
    """Event → commands of the own service; `when` may give none.

    The suite itself asks them; `by_its_actor`: in the name of whoever caused the event.
    """

    when: Callable[[Recorded[Any], Any], Sequence[Command]]
    hears: tuple[type[Event], ...]
    by_its_actor: bool = False

    @property
    def name(self) -> str:
        """The clause, `when_key_result_added`: part of the command ids, so never renamed."""
        return self.when.__name__


@dataclass(frozen=True, slots=True)
class Effect:
    """Event → something outside the log (the people store); idempotent.

    `then` is called with the event and the process's means, in the order of each partition, once
    the event is durable; an exception is tried again, and the ones behind it wait.
    """

    then: Callable[[Recorded[Any], Any], Awaitable[None]]
    hears: tuple[type[Event], ...]

    @property
    def name(self) -> str:
        """The clause, which names the consumer group: `<service>.<name>`."""
        return self.then.__name__
