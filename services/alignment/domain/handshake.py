"""The handshake: one side proposes a link, the other answers; with each counter the turn passes."""

from datetime import date
from typing import Any

from services.alignment.domain.commands import (
    AcceptAlignment,
    CounterAlignment,
    DeclineAlignment,
    ProposeAlignment,
    UnlinkAlignment,
)
from services.alignment.domain.fitting import Wish, unfit
from services.alignment.domain.parties import party_of_link
from services.alignment.domain.reference import Reference
from services.alignment.domain.state import Alignments, Link, LinkState
from shared.events import alignment as said
from shared.events.deciding import Actor, Answer, Asked, Refused
from shared.events.folds.objective import Objective
from shared.events.folds.permissions import owns


def propose(
    command: ProposeAlignment, asked: Asked[Any], state: Alignments, reference: Reference
) -> Answer:
    """Either side may propose; what is open or holds already is not proposed again."""
    if state.knows(command.alignment_id):
        return ()
    from_ = reference.seen_by(asked.actor, command.from_objective_id, "/from_objective_id")
    if isinstance(from_, Refused):
        return from_
    to = reference.seen_by(asked.actor, command.to_objective_id, "/to/objective_id")
    if isinstance(to, Refused):
        return to
    by = _proposing_side(asked.actor, from_, to, reference)
    if isinstance(by, Refused):
        return by
    there = state.between(from_.id, to.id, command.to_key_result_id)
    if there is not None:
        return () if there.kind == command.kind else already_aligned(there)
    wish = Wish(command.alignment_id, command.kind, from_, to, command.to_key_result_id)
    if refused := unfit(wish, state, asked.actor, reference, today_of(asked, reference)):
        return refused
    side, overridden = by
    return (
        said.AlignmentProposed(
            alignment_id=command.alignment_id,
            overridden=overridden,
            from_objective_id=from_.id,
            to_objective_id=to.id,
            to_key_result_id=command.to_key_result_id,
            kind=command.kind,
            weight=command.weight,
            message=command.message,
            by=side,
        ),
    )


def accept_link(
    command: AcceptAlignment,
    asked: Asked[Any],
    link: Link,
    state: Alignments,
    reference: Reference,
) -> Answer:
    """The side whose turn it is says yes, if the link may still be."""
    overridden = _answering(asked.actor, link, "accepted", reference)
    if overridden is None or isinstance(overridden, Refused):
        return overridden or ()
    if command.objective_id is not None:
        return Refused("not_a_request", pointer="/objective_id")
    wish = Wish.of(link, reference)
    if refused := unfit(wish, state, asked.actor, reference, today_of(asked, reference)):
        return refused
    return (
        said.AlignmentLinked(
            **_about(link, overridden=overridden),
            to_key_result_id=link.key_result_id,
            kind=link.kind,
            weight=link.weight,
        ),
    )


def counter_link(
    command: CounterAlignment,
    asked: Asked[Any],
    link: Link,
    state: Alignments,
    reference: Reference,
) -> Answer:
    """The side whose turn it is names other terms; saying one's own offer again is nothing new."""
    kind = command.kind if command.names("kind") else link.kind
    weight = command.weight if command.names("weight") else link.weight
    party = party_of_link(asked.actor, link, reference)
    if isinstance(party, Refused):
        return party
    if not link.open:
        return wrong_state(link.state, "proposed")
    if command.objective_id is not None:
        return Refused("not_a_request", pointer="/objective_id")
    if (kind, weight, asked.actor.id) == (link.kind, link.weight, link.countered_by):
        return ()
    overridden = party.in_turn(link.turn)
    if isinstance(overridden, Refused):
        return overridden
    wish = Wish.of(link, reference, kind)
    if refused := unfit(wish, state, asked.actor, reference, today_of(asked, reference)):
        return refused
    return (
        said.AlignmentCountered(
            **_about(link, overridden=overridden),
            kind=kind,
            weight=weight,
            message=command.message,
            by=link.turn,
        ),
    )


def decline_link(
    command: DeclineAlignment, asked: Asked[Any], link: Link, reference: Reference
) -> Answer:
    """The side whose turn it is says no."""
    overridden = _answering(asked.actor, link, "declined", reference)
    if overridden is None or isinstance(overridden, Refused):
        return overridden or ()
    return (said.AlignmentDeclined(**_about(link, overridden=overridden), reason=command.reason),)


def withdraw_link(asked: Asked[Any], link: Link, reference: Reference) -> Answer:
    """The side that proposed takes it back, whoever's turn it is."""
    overridden = _answering(asked.actor, link, "withdrawn", reference, turn=link.proposer)
    if overridden is None or isinstance(overridden, Refused):
        return overridden or ()
    return (said.AlignmentWithdrawn(**_about(link, overridden=overridden)),)


def unlink(command: UnlinkAlignment, asked: Asked[Any], link: Link, reference: Reference) -> Answer:
    """Either side ends what was accepted."""
    party = party_of_link(asked.actor, link, reference)
    if isinstance(party, Refused):
        return party
    if link.state == "unlinked":
        return ()
    if link.state != "accepted":
        return wrong_state(link.state, "accepted")
    return (
        said.AlignmentUnlinked(
            **_about(link, overridden=not party.sides),
            reason=command.reason,
            promised=link.promised,
        ),
    )


def not_a_request(asked: Asked[Any], link: Link, reference: Reference) -> Answer:
    """Only what a department promised can be delivered."""
    party = party_of_link(asked.actor, link, reference)
    return party if isinstance(party, Refused) else Refused("not_a_request")


def wrong_state(state: str, needed: str) -> Refused:
    """An answer that comes too late, or too early."""
    return Refused("alignment_state", {"state": state, "needed": needed})


def already_aligned(there: Link) -> Refused:
    """Two ends have one live link: another kind is agreed by answering or ending that one."""
    return Refused(
        "already_aligned", {"alignment_id": there.id, "kind": there.kind, "state": there.state}
    )


def today_of(asked: Asked[Any], reference: Reference) -> date:
    """The organization's day on which it is asked."""
    return asked.today(reference.organization.zone)


def _proposing_side(
    actor: Actor, from_: Objective, to: Objective, reference: Reference
) -> tuple[said.Side, bool] | Refused:
    """The side that proposes, and whether an administrator does so for it."""
    org = reference.organization
    if org.may_write(actor):
        if owns(org, actor, from_):
            return "from", False
        if owns(org, actor, to):
            return "to", False
        if org.is_administrator(actor):
            return "from", True
    return Refused("not_allowed")


def _answering(
    actor: Actor,
    link: Link,
    into: LinkState,
    reference: Reference,
    *,
    turn: said.Side | None = None,
) -> bool | Refused | None:
    """Whether an answer is overridden, why it is refused, or None where it was given before."""
    party = party_of_link(actor, link, reference)
    if isinstance(party, Refused):
        return party
    if link.state == into:
        return None
    if not link.open:
        return wrong_state(link.state, "proposed")
    return party.in_turn(turn or link.turn)


def _about(link: Link, *, overridden: bool) -> dict[str, Any]:
    return {
        "alignment_id": link.id,
        "overridden": overridden,
        "from_objective_id": link.from_id,
        "to_objective_id": link.to_id,
    }
