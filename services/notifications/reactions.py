"""What notifications does when something happened that people want to know."""

from collections.abc import Sequence
from typing import Final

from services.notifications.domain import Reference, TellHealth, recipients
from shared.events.checkins import KRHealthChanged
from shared.events.deciding import Command, Recorded
from shared.runtime.reacting import Reaction


def when_key_result_health_changed(
    recorded: Recorded[KRHealthChanged], reference: Reference
) -> Sequence[Command]:
    """Tell those whose key result it is; what an import brought in is history and tells nobody."""
    event = recorded.event
    if event.source == "import":
        return []
    return [
        TellHealth(
            member_id=member_id,
            objective_id=event.objective_id,
            key_result_id=event.key_result_id,
            before=event.from_,
            now=event.to,
            cause=recorded.id,
            caused_at=recorded.at,
            recorded_at=recorded.recorded_at or recorded.at,
        )
        for member_id in recipients(reference, event.objective_id, event.key_result_id)
    ]


REACTIONS: Final = (Reaction(when_key_result_health_changed, hears=(KRHealthChanged,)),)
