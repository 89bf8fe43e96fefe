"""Who may do what with an objective: the relations that every service decides by."""

from typing import assert_never

from shared.events.deciding import Actor
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization


def owns(organization: Organization, actor: Actor, objective: Objective) -> bool:
    """Whether the actor is the objective's owner.

    A member's is the member, or who took over when the member left; a department's its head; the
    company's any administrator.
    """
    owner = objective.owner
    match owner.type:
        case "member":
            return organization.standing_for(owner.id) == actor.id
        case "department":
            department = organization.departments.get(owner.id)
            return department is not None and department.head_id == actor.id
        case "company":
            return organization.is_administrator(actor)
        case _:
            assert_never(owner.type)


def approves(organization: Organization, actor: Actor, objective: Objective) -> bool:
    """Whether the actor is the objective's approver; where nobody is named, any administrator.

    Nobody's own objective goes through by the owner, not even an administrator's.
    """
    owner = objective.owner
    approver = organization.approver_of(owner.type, owner.id, objective.cycle_id)
    if approver is not None:
        return approver == actor.id
    own = owner.type != "company" and owns(organization, actor, objective)
    return organization.is_administrator(actor) and not own


def is_open(objective: Objective) -> bool:
    """Whether everybody sees it: neither a draft nor confidential."""
    return not objective.confidential and objective.state not in {"draft", "submitted"}


def sees(organization: Organization, actor: Actor, objective: Objective) -> bool:
    """Whether the objective exists for the actor at all.

    A draft is seen by its owner, its approver, administrators and auditors; a confidential
    objective by its owner, the heads above it, administrators and auditors.
    """
    if is_open(objective) or organization.roles_of(actor) & {"administrator", "auditor"}:
        return True
    if owns(organization, actor, objective):
        return True
    if objective.state in {"draft", "submitted"}:
        return approves(organization, actor, objective)
    return organization.headed_by(actor.id, objective.department_id)


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
