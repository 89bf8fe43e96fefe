"""What follows in the people store once a fact about a member is in the log. Safe to run twice."""

from typing import Final, Protocol

from shared.events.deciding import Recorded
from shared.events.organization import MemberDetailsChanged, MemberErased, MemberJoined
from shared.runtime.people.store import PeopleStore
from shared.runtime.reacting import Effect


class Means(Protocol):
    """What the process gives an effect of this service."""

    people: PeopleStore


async def settle_details(
    recorded: Recorded[MemberJoined | MemberDetailsChanged], means: Means
) -> None:
    """What was held ready for the command is so now, also where its edge died meanwhile."""
    if recorded.event.amendment_id is not None:
        await means.people.settle(recorded.event.amendment_id)


async def erase_person(recorded: Recorded[MemberErased], means: Means) -> None:
    """Forget the person, and destroy the key to what they wrote."""
    await means.people.erase(recorded.event.member_id)


EFFECTS: Final[tuple[Effect, ...]] = (
    Effect(settle_details, hears=(MemberJoined, MemberDetailsChanged)),
    Effect(erase_person, hears=(MemberErased,)),
)
