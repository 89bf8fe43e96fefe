"""A tiny decider for tests of the machinery: it counts, and each of its answers can be asked for.

`Count(times=n)`: n > 0 says n events, 0 says nothing new, below 0 is refused, `RAISES` raises in
`decide`, `SPOILS` in `evolve`. Its state is wrong as soon as one command takes effect twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from shared.eventing.topics import TopicSpec, commands_topic, events_topic, kept
from shared.events.deciding import NOT_YET, Answer, Asked, Command, Recorded, Refused
from shared.events.objectives import ObjectivePublished

RAISES: Final = 666
SPOILS: Final = 667
SPOILED: Final = 10**9


class Count(Command):
    """Count on, `times` times; only once the reference view has heard `once_heard` events."""

    objective_id: str
    times: int = 1
    once_heard: int = 0
    filler: str = ""

    @property
    def stream(self) -> str:
        return f"objective-{self.objective_id}"


@dataclass(frozen=True, slots=True)
class Counted:
    """How far it was counted."""

    count: int = 0


class Tally:
    """Counts each stream by itself; hears the events of `hears`, and only counts those too."""

    commands: Mapping[str, type[Command]] = {"okr.command.Count.v1": Count}
    state_type = Counted

    def __init__(self, service: str = "objectives", hears: tuple[str, ...] = ()) -> None:
        self.service = service
        self.hears = hears

    def initial(self, scope: str) -> Counted:
        return Counted()

    def evolve(self, state: Counted, recorded: Recorded[Any]) -> Counted:
        event: ObjectivePublished = recorded.event
        if event.revision >= SPOILED:
            raise RuntimeError("spoiled")
        if event.revision != state.count + 1:
            raise ValueError(f"{event.revision} does not follow {state.count}")
        return replace(state, count=event.revision)

    def decide(self, asked: Asked[Count], state: Counted, reference: dict[str, int]) -> Answer:
        command = asked.data
        if sum(reference.values()) < command.once_heard:
            return Refused(NOT_YET)
        if command.times == RAISES:
            raise RuntimeError("decide raises")
        if command.times == SPOILS:
            return [ObjectivePublished(objective_id=command.objective_id, revision=SPOILED)]
        if command.times < 0:
            return Refused("negative", {"times": command.times}, "/times")
        return [
            ObjectivePublished(objective_id=command.objective_id, revision=state.count + n)
            for n in range(1, command.times + 1)
        ]

    def reference(self) -> dict[str, int]:
        return {}

    def observe(self, reference: dict[str, int], service: str, recorded: Recorded[Any]) -> None:
        reference[service] = reference.get(service, 0) + 1

    def clock_offset(self, state: Counted, reference: dict[str, int]) -> timedelta:
        return timedelta(0)


def topics_of(*services: str) -> dict[str, TopicSpec]:
    """The two topics of each of these services, for `ensure_topics`."""
    return {
        topic: kept("-1")
        for service in services
        for topic in (commands_topic(service), events_topic(service))
    }
