"""Who may do what with an objective: the relations that every service decides by."""

from shared.events.deciding import Actor
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization


def owns(organization: Organization, actor: Actor, objective: Objective) -> bool:
    """Whether the actor is the objective's owner.

    A department's owner is its head, the company's any administrator.
    """
    owner = objective.owner
    if owner.type == "member":
        return owner.id == actor.id
    if owner.type == "department":
        department = organization.departments.get(owner.id)
        return department is not None and department.head_id == actor.id
    return organization.is_administrator(actor)


def approves(organization: Organization, actor: Actor, objective: Objective) -> bool:
    """Whether the actor is the objective's approver; where there is none, the cycle's planner."""
    owner = objective.owner
    approver = organization.approver_of(owner.type, owner.id)
    if approver is not None:
        return approver == actor.id
    cycle = organization.cycles.get(objective.cycle_id)
    return organization.is_administrator(actor) and (
        cycle is None or owner.type == "company" or _plans(organization, cycle.planned_by, actor)
    )


def _plans(organization: Organization, planner: str, actor: Actor) -> bool:
    """Whether the actor planned the cycle, or any administrator while the planner is none."""
    return planner == actor.id or not organization.is_administrator(Actor(planner))


def sees(organization: Organization, actor: Actor, objective: Objective) -> bool:
    """Whether the objective exists for the actor at all.

    A draft is seen by its owner, its approver, administrators and auditors; a confidential
    objective by its owner, the heads above it, administrators and auditors.
    """
    if organization.roles_of(actor) & {"administrator", "auditor"}:
        return True
    if owns(organization, actor, objective):
        return True
    if objective.state in {"draft", "submitted"}:
        return objective.drafted_by == actor.id or approves(organization, actor, objective)
    if objective.confidential:
        return organization.headed_by(actor.id, objective.department_id)
    return True


def reports(
    organization: Organization, actor: Actor, objective: Objective, key_result_id: str | None
) -> bool:
    """Whether the actor may record progress: the owners, administrators, the suite itself."""
    if actor.type == "system" or organization.is_administrator(actor):
        return True
    if owns(organization, actor, objective):
        return True
    key_result = objective.key_results.get(key_result_id or "")
    return key_result is not None and key_result.owner_id == actor.id
