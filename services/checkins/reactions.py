"""What checkins does when something happened to an objective."""

from collections.abc import Sequence
from typing import Any, Final

from services.checkins.domain.commands import FollowObjective
from services.checkins.domain.reference import Reference
from shared.events import objectives as said
from shared.events.deciding import Command, Recorded
from shared.runtime.reacting import Reaction


def when_objective_changed(recorded: Recorded[Any], _reference: Reference) -> Sequence[Command]:
    """Bring tracking in line; the owner sees what that takes, so any change may be followed."""
    return [FollowObjective(objective_id=recorded.event.objective_id)]


REACTIONS: Final = (
    Reaction(
        when_objective_changed,
        hears=(
            said.ObjectivePublished,
            said.ObjectiveClosed,
            said.ObjectiveReopened,
            said.KRAdded,
            said.KRRescheduled,
            said.KRRetargeted,
            said.BaselineCaptured,
            said.KRCancelled,
        ),
    ),
)
