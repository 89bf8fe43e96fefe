"""What alignment does when something happened to objectives, cycles, or the day."""

from collections.abc import Sequence
from typing import Any, Final

from services.alignment.domain.commands import DeliverAchieved, ExpireOpen, RequestMentioned
from services.alignment.domain.reference import Reference
from shared.events import alignment
from shared.events import objectives as said
from shared.events.checkins import DayBegan
from shared.events.deciding import Command, Recorded
from shared.events.organization import CycleClosed
from shared.runtime.reacting import Reaction


def when_a_department_is_mentioned(
    recorded: Recorded[said.ObjectivePublished | said.KRAdded | said.KRReworded],
    reference: Reference,
) -> Sequence[Command]:
    """Ask the departments that a published objective mentions; a draft asks nobody yet."""
    objective = reference.objectives[recorded.event.objective_id]
    if objective.state != "published":
        return []
    if not any(key_result.mentions for key_result in objective.live.values()):
        return []
    return [RequestMentioned(objective_id=objective.id)]


def when_an_objective_is_achieved(
    recorded: Recorded[said.ObjectiveClosed], _reference: Reference
) -> Sequence[Command]:
    """Deliver what was promised with it."""
    if recorded.event.outcome != "achieved":
        return []
    return [DeliverAchieved(objective_id=recorded.event.objective_id)]


def when_a_day_began(recorded: Recorded[DayBegan], _reference: Reference) -> Sequence[Command]:
    """Let expire what is open in a cycle whose last day has passed."""
    return [ExpireOpen(day=recorded.event.day)]


def when_a_cycle_closed(
    _recorded: Recorded[CycleClosed], _reference: Reference
) -> Sequence[Command]:
    """Let expire what is open in it."""
    return [ExpireOpen()]


def when_more_has_expired(recorded: Recorded[Any], _reference: Reference) -> Sequence[Command]:
    """Go on where one decision could not say it all."""
    return [ExpireOpen()] if recorded.event.unfinished else []


REACTIONS: Final = (
    Reaction(
        when_a_department_is_mentioned,
        hears=(said.ObjectivePublished, said.KRAdded, said.KRReworded),
        # Who published, or imported, is who asks.
        by_its_actor=True,
    ),
    Reaction(when_an_objective_is_achieved, hears=(said.ObjectiveClosed,)),
    Reaction(when_a_day_began, hears=(DayBegan,)),
    Reaction(when_a_cycle_closed, hears=(CycleClosed,)),
    Reaction(when_more_has_expired, hears=(alignment.AlignmentExpired, alignment.HelpExpired)),
)
