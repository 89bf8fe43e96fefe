"""Parties: whose the two sides of an alignment or a request are, and whose turn it is."""

from dataclasses import dataclass

from services.alignment.domain.reference import Reference
from services.alignment.domain.state import Link, Request
from shared.events.alignment import HelpSide, Side
from shared.events.deciding import Actor, Refused
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization
from shared.events.folds.permissions import owns, sees


@dataclass(frozen=True, slots=True)
class Party:
    """Who asks: the sides that are theirs, and whether they may act for either.

    An administrator may do what a party may; it shows as overridden.
    """

    sides: frozenset[Side | HelpSide]
    administrator: bool

    def in_turn(self, turn: Side | HelpSide) -> bool | Refused:
        """Refuse who is not asked for an answer now; else whether it is overridden."""
        if turn in self.sides:
            return False
        return True if self.administrator else Refused("not_your_turn")


def party_of_link(actor: Actor, link: Link, reference: Reference) -> Party | Refused:
    """The sides of a link that are the actor's; what one may not see does not exist."""
    org = reference.organization
    ends = (reference.objectives[link.from_id], reference.objectives[link.to_id])
    sides: dict[Side, bool] = {
        "from": owns(org, actor, ends[0]),
        "to": owns(org, actor, ends[1]),
    }
    return _party(actor, org, {side for side, own in sides.items() if own}, ends)


def party_of_request(actor: Actor, request: Request, reference: Reference) -> Party | Refused:
    """The sides of a request that are the actor's; what one may not see does not exist."""
    org = reference.organization
    asking = reference.objectives[request.objective_id]
    sides: dict[HelpSide, bool] = {
        "asker": owns(org, actor, asking),
        "helper": answers_for(org, actor, request.department_id),
    }
    return _party(actor, org, {side for side, own in sides.items() if own}, (asking,))


def answers_for(org: Organization, actor: Actor, department_id: str) -> bool:
    """Whether the actor is who a department is asked through: its head, or the nearest above."""
    for department in org.upward(department_id):
        if org.serves(department.head_id):
            return department.head_id == actor.id
    return False


def _party(
    actor: Actor,
    org: Organization,
    sides: set[Side] | set[HelpSide],
    about: tuple[Objective, ...],
) -> Party | Refused:
    administrator = org.is_administrator(actor)
    if not (sides or administrator):
        seen = all(sees(org, actor, objective) for objective in about)
        return Refused("not_allowed" if seen else "not_found")
    if not org.may_write(actor):
        return Refused("not_allowed")
    return Party(frozenset(sides), administrator)
