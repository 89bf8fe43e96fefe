"""Dependency requests (@部门): a department is asked to help an objective, and answers."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.alignment.domain.commands import (
    CounterAlignment,
    DeclineAlignment,
    DeliverAchieved,
    RequestHelp,
    RequestMentioned,
)
from services.alignment.domain.handshake import today_of, wrong_state
from services.alignment.domain.parties import party_of_request
from services.alignment.domain.promising import named_helper
from services.alignment.domain.reference import Reference, over
from services.alignment.domain.state import Alignments, Request, RequestState
from shared.events import alignment as said
from shared.events.deciding import NOT_YET, Actor, Answer, Asked, Refused
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization
from shared.events.folds.permissions import owns


def mentioned_id(key_result_id: str, department_id: str) -> str:
    """The id of the request that a mention makes: one for each key result and department."""
    return str(uuid5(NAMESPACE_URL, f"okr-mention\n{key_result_id}\n{department_id}"))


def request_help(
    command: RequestHelp, asked: Asked[Any], state: Alignments, reference: Reference
) -> Answer:
    """The owner of a published objective asks; what is asked already is not asked again."""
    org = reference.organization
    if state.knows(command.alignment_id):
        return ()
    objective = reference.seen_by(asked.actor, command.objective_id, "/from_objective_id")
    if isinstance(objective, Refused):
        return objective
    own = owns(org, asked.actor, objective)
    if not org.may_write(asked.actor) or not (own or org.is_administrator(asked.actor)):
        return Refused("not_allowed")
    if refused := _may_not_ask(objective, command.department_id, asked, reference):
        return refused
    for request in state.requests_about(objective.id):
        if request.open and request.department_id == command.department_id:
            return ()
    return (
        said.HelpRequested(
            alignment_id=command.alignment_id,
            overridden=not own,
            objective_id=objective.id,
            department_id=command.department_id,
            kind=command.kind,
            weight=command.weight,
            message=command.message,
        ),
    )


def request_mentioned(command: RequestMentioned, state: Alignments, reference: Reference) -> Answer:
    """One request for each department that a live key result mentions, once and for all."""
    objective = reference.objectives.get(command.objective_id)
    if objective is None:
        return Refused(NOT_YET)
    if objective.state != "published":
        return ()
    mentions = _mentions(objective)
    departments = reference.organization.departments
    if any(department_id not in departments for _, department_id in mentions):
        return Refused(NOT_YET)
    return tuple(
        said.HelpRequested(
            alignment_id=mentioned_id(key_result_id, department_id),
            objective_id=objective.id,
            department_id=department_id,
            key_result_id=key_result_id,
            kind="supports",
            mentioned=True,
        )
        for key_result_id, department_id in mentions
        if mentioned_id(key_result_id, department_id) not in state.requests
        and not departments[department_id].closed
        and not _asks_itself(objective, department_id, reference.organization)
    )


def counter_request(
    command: CounterAlignment,
    asked: Asked[Any],
    request: Request,
    state: Alignments,
    reference: Reference,
) -> Answer:
    """The side whose turn it is names other terms; the helper may name what helps."""
    party = party_of_request(asked.actor, request, reference)
    if isinstance(party, Refused):
        return party
    if not request.open:
        return wrong_state(request.state, "requested")
    kind = command.kind if command.names("kind") else request.kind
    weight = command.weight if command.names("weight") else request.weight
    helper_id = command.objective_id if command.names("objective_id") else request.helper_id
    standing = (request.kind, request.weight, request.helper_id, request.countered_by)
    if (kind, weight, helper_id, asked.actor.id) == standing:
        return ()
    overridden = party.in_turn(request.turn)
    if isinstance(overridden, Refused):
        return overridden
    if helper_id is not None and helper_id != request.helper_id:
        if request.turn == "asker":
            return Refused("objective_needed", pointer="/objective_id")
        helper = named_helper(helper_id, request, asked, state, reference)
        if isinstance(helper, Refused):
            return helper
    return (
        said.HelpCountered(
            **about(request, overridden=overridden),
            since=request.since,
            kind=kind,
            weight=weight,
            helper_objective_id=helper_id,
            message=command.message,
            by=request.turn,
        ),
    )


def decline_request(
    command: DeclineAlignment, asked: Asked[Any], request: Request, reference: Reference
) -> Answer:
    """The side whose turn it is says no."""
    overridden = answering(asked.actor, request, "declined", reference)
    if overridden is None or isinstance(overridden, Refused):
        return overridden or ()
    return (
        said.HelpDeclined(
            **about(request, overridden=overridden),
            since=request.since,
            reason=command.reason,
        ),
    )


def withdraw_request(asked: Asked[Any], request: Request, reference: Reference) -> Answer:
    """The asking side takes it back, whoever's turn it is."""
    overridden = answering(asked.actor, request, "withdrawn", reference, turn="asker")
    if overridden is None or isinstance(overridden, Refused):
        return overridden or ()
    return (said.HelpWithdrawn(**about(request, overridden=overridden), since=request.since),)


def deliver(asked: Asked[Any], request: Request, reference: Reference) -> Answer:
    """The asker says that the help is there."""
    party = party_of_request(asked.actor, request, reference)
    if isinstance(party, Refused):
        return party
    overridden = party.in_turn("asker")
    if isinstance(overridden, Refused):
        return overridden
    if request.state == "delivered":
        return ()
    if request.state != "promised" or request.helper_id is None:
        return wrong_state(request.state, "promised")
    return (_delivered(request, request.helper_id, achieved=False, overridden=overridden),)


def deliver_achieved(command: DeliverAchieved, state: Alignments, reference: Reference) -> Answer:
    """What was promised with an objective is delivered once that closed as achieved."""
    objective = reference.objectives.get(command.objective_id)
    if objective is None:
        return Refused(NOT_YET)
    if objective.outcome != "achieved":
        return ()
    return tuple(
        _delivered(request, objective.id, achieved=True, overridden=False)
        for request in state.requests_about(objective.id)
        if request.state == "promised" and request.helper_id == objective.id
    )


def not_linked(asked: Asked[Any], request: Request, reference: Reference) -> Answer:
    """Nothing keeps a promise yet that could be ended."""
    party = party_of_request(asked.actor, request, reference)
    return party if isinstance(party, Refused) else wrong_state(request.state, "accepted")


def about(request: Request, *, overridden: bool) -> dict[str, Any]:
    """What every event of a request tells."""
    return {
        "alignment_id": request.id,
        "overridden": overridden,
        "objective_id": request.objective_id,
        "department_id": request.department_id,
    }


def answering(
    actor: Actor,
    request: Request,
    into: RequestState,
    reference: Reference,
    *,
    turn: said.HelpSide | None = None,
) -> bool | Refused | None:
    """Whether an answer is overridden, why it is refused, or None where it was given before."""
    party = party_of_request(actor, request, reference)
    if isinstance(party, Refused):
        return party
    if request.state == into:
        return None
    if not request.open:
        return wrong_state(request.state, "requested")
    return party.in_turn(turn or request.turn)


def _may_not_ask(
    objective: Objective, department_id: str, asked: Asked[Any], reference: Reference
) -> Refused | None:
    """Why this department cannot be asked to help this objective."""
    pointer = "/to/department_id"
    department = reference.organization.departments.get(department_id)
    cycle = reference.cycle_of(objective)
    if department is None or cycle is None:
        return Refused(NOT_YET, pointer=pointer)
    if department.closed:
        return Refused("department_closed", {"department": department.name}, pointer)
    if _asks_itself(objective, department_id, reference.organization):
        return Refused("own_department", {"department": department.name}, pointer)
    if objective.state != "published":
        closed = objective.state == "closed"
        code = "objective_closed" if closed else "objective_not_published"
        return Refused(code, pointer="/from_objective_id")
    if over(cycle, today_of(asked, reference)):
        return Refused("cycle_over", {"cycle": cycle.name})
    return None


def _asks_itself(objective: Objective, department_id: str, org: Organization) -> bool:
    """Whether the owner who asks is who would answer."""
    department = org.departments[department_id]
    owner = objective.owner
    return department_id == owner.id or (
        owner.type == "member"
        and department.head_id is not None
        and org.standing_for(owner.id) == department.head_id
    )


def _mentions(objective: Objective) -> list[tuple[str, str]]:
    """(key result, department) of each mention in a live key result."""
    return [
        (key_result.id, department_id)
        for key_result in objective.live.values()
        for department_id in dict.fromkeys(key_result.mentions)
    ]


def _delivered(
    request: Request, helper_id: str, *, achieved: bool, overridden: bool
) -> said.HelpDelivered:
    return said.HelpDelivered(
        **about(request, overridden=overridden),
        since=request.since,
        helper_objective_id=helper_id,
        achieved=achieved,
    )
