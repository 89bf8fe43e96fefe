"""Promising: the helper answers a dependency request with one of its objectives."""

from typing import Any

from services.alignment.domain.commands import AcceptAlignment
from services.alignment.domain.fitting import Wish, unfit
from services.alignment.domain.handshake import already_aligned, today_of, wrong_state
from services.alignment.domain.parties import party_of_request
from services.alignment.domain.reference import Reference
from services.alignment.domain.state import Alignments, Request
from shared.events.alignment import AlignmentLinked, HelpPromised
from shared.events.deciding import Answer, Asked, Refused
from shared.events.event import Event
from shared.events.folds.objective import Objective


def promise(
    command: AcceptAlignment,
    asked: Asked[Any],
    request: Request,
    state: Alignments,
    reference: Reference,
) -> Answer:
    """The side whose turn it is agrees; the link from the helper's objective keeps the promise.

    Only the helper names the objective: with the promise, or with a counter that the asker accepts.
    """
    party = party_of_request(asked.actor, request, reference)
    if isinstance(party, Refused):
        return party
    if request.state == "promised":
        return ()
    if not request.open:
        return wrong_state(request.state, "requested")
    overridden = party.in_turn(request.turn)
    if isinstance(overridden, Refused):
        return overridden
    helper_id = command.objective_id or request.helper_id
    named_by_other = request.turn == "asker" and helper_id != request.helper_id
    if helper_id is None or named_by_other:
        return Refused("objective_needed", pointer="/objective_id")
    helper = named_helper(helper_id, request, asked, state, reference)
    if isinstance(helper, Refused):
        return helper
    wish = _link_of(request, helper, reference)
    there = state.between(helper.id, wish.to.id, wish.key_result_id)
    if there is not None and (there.open or there.kind != request.kind):
        return already_aligned(there)
    promised = _promised(helper, request, overridden=overridden)
    if there is not None:
        # What is linked already keeps the promise as it is.
        return (promised,)
    return (promised, _linked(wish, request, overridden=overridden))


def named_helper(
    helper_id: str,
    request: Request,
    asked: Asked[Any],
    state: Alignments,
    reference: Reference,
) -> Objective | Refused:
    """The objective that would help: one of the department that is asked, and fit to be linked."""
    helper = reference.seen_by(asked.actor, helper_id, "/objective_id")
    if isinstance(helper, Refused):
        return helper
    above = reference.organization.upward(helper.department_id)
    if request.department_id not in {department.id for department in above}:
        return Refused("not_the_helpers", pointer="/objective_id")
    wish = _link_of(request, helper, reference)
    refused = unfit(wish, state, asked.actor, reference, today_of(asked, reference))
    return refused or helper


def _link_of(request: Request, helper: Objective, reference: Reference) -> Wish:
    """The link that keeps the promise; a key result that was cancelled since is left out."""
    asking = reference.objectives[request.objective_id]
    key_result_id = request.key_result_id if request.key_result_id in asking.live else None
    return Wish(request.id, request.kind, helper, asking, key_result_id)


def _promised(helper: Objective, request: Request, *, overridden: bool) -> Event:
    return HelpPromised(
        alignment_id=request.id,
        overridden=overridden,
        objective_id=request.objective_id,
        department_id=request.department_id,
        since=request.since,
        helper_objective_id=helper.id,
        kind=request.kind,
        weight=request.weight,
    )


def _linked(wish: Wish, request: Request, *, overridden: bool) -> Event:
    return AlignmentLinked(
        alignment_id=request.id,
        overridden=overridden,
        from_objective_id=wish.from_.id,
        to_objective_id=wish.to.id,
        to_key_result_id=wish.key_result_id,
        kind=request.kind,
        weight=request.weight,
        promised=True,
    )
