"""The decider of checkins: which rule answers which command."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from services.checkins.domain import days, following, reporting, tracking
from services.checkins.domain.commands import (
    COMMANDS,
    BeginDay,
    FollowObjective,
    JudgeDay,
    LogProgress,
    PublishCheckIn,
    RetractProgress,
)
from services.checkins.domain.days import Days
from services.checkins.domain.reference import Reference
from services.checkins.domain.tracking import Tracking
from shared.events.deciding import Answer, Asked, Command, Recorded, Refused

State = Tracking | Days


class Checkins:
    """Decides on tracking streams, and on the stream of the days."""

    service = "checkins"
    hears: tuple[str, ...] = ("organization", "objectives")
    commands: Mapping[str, type[Command]] = COMMANDS
    state_type: Any = State

    def initial(self, scope: str) -> State:
        """No tracking yet, or no day yet."""
        return Days() if scope == "days" else Tracking()

    def evolve(self, state: State, recorded: Recorded[Any]) -> State:
        """The state after an event of its stream."""
        if isinstance(state, Days):
            return days.evolve(state, recorded.event)
        return tracking.evolve(state, recorded.event)

    def decide(self, asked: Asked[Any], state: State, reference: Reference) -> Answer:
        """Events, nothing new, or a refusal."""
        match asked.data, state:
            case LogProgress(), Tracking():
                return reporting.log_progress(asked, state, reference)
            case PublishCheckIn(), Tracking():
                return reporting.publish_check_in(asked, state, reference)
            case RetractProgress(), Tracking():
                return reporting.retract_progress(asked, state, reference)
            case FollowObjective() | JudgeDay(), Tracking():
                if asked.actor.type != "system":
                    return Refused("not_allowed")
                if isinstance(asked.data, FollowObjective):
                    return following.follow_objective(asked, state, reference)
                return following.judge_day(asked, state, reference)
            case BeginDay(), Days():
                return days.begin_day(asked, state, reference)
            case _:
                raise ValueError(f"{type(asked.data).__name__} is no command for this stream")

    def reference(self) -> Reference:
        """An empty view of organization and objectives."""
        return Reference()

    def observe(self, reference: Reference, service: str, recorded: Recorded[Any]) -> None:
        """Fold an event of another service in."""
        reference.observe(service, recorded)

    def clock_offset(self, _state: State, reference: Reference) -> timedelta:
        """The organization's clock, as the reference view knows it."""
        return reference.organization.clock_offset


DECIDER: Final = Checkins()
