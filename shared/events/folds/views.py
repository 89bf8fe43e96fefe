"""Folding in place: for a view that one process keeps for itself, and nobody holds as it was.

A state that is decided on is never changed, so each of its events costs a copy of what is many. A
view moves with every event of a company of ten thousand people: it grows instead.
"""

from typing import Any, cast

from shared.events import organization as said
from shared.events.deciding import Recorded
from shared.events.folds.organization import Member, Organization, evolve, member_after


def learn(view: Organization, recorded: Recorded[Any]) -> Organization:
    """The view after one of the organization's events; the one before is used up."""
    event = recorded.event
    if not isinstance(event, said.MemberEvent):
        return evolve(view, recorded)
    members = cast("dict[str, Member]", view.members)
    members[event.member_id] = member_after(members.get(event.member_id), event)
    return view
