"""Publishing: handed in, returned, published, closed, opened again."""

from services.objectives.domain.matter import Matter, ObjectiveCommand, open_cycle
from shared.events.deciding import Answer, Refused
from shared.events.event import Sealed
from shared.events.objectives import (
    ObjectiveClosed,
    ObjectivePublished,
    ObjectiveReopened,
    ObjectiveReturned,
    ObjectiveSubmitted,
    Outcome,
)


class SubmitObjective(ObjectiveCommand):
    """Hand a draft to its approver."""


class ReturnObjective(ObjectiveCommand):
    """Give a submitted draft back, with a comment."""

    comment: Sealed


class PublishObjective(ObjectiveCommand):
    """Publish it: the approver's yes to what was submitted, or directly."""


class CloseObjective(ObjectiveCommand):
    """Close a published objective with an outcome."""

    outcome: Outcome
    note: Sealed | None = None


class ReopenObjective(ObjectiveCommand):
    """Publish a closed objective again; its closing note is kept."""

    reason: Sealed


def submit_objective(_command: SubmitObjective, matter: Matter) -> Answer:
    """The owner hands it in."""
    overridden = matter.as_owner()
    if isinstance(overridden, Refused):
        return overridden
    objective = matter.objective
    if objective.state == "submitted":
        return ()
    if objective.state != "draft":
        return _wrong_state(matter, "draft")
    if refused := _not_ready(matter):
        return refused
    owner = objective.owner
    return (
        ObjectiveSubmitted(
            objective_id=objective.id,
            overridden=overridden,
            approver_id=matter.org.approver_of(owner.type, owner.id, objective.cycle_id),
        ),
    )


def return_objective(command: ReturnObjective, matter: Matter) -> Answer:
    """The approver says what is missing."""
    overridden = matter.as_approver()
    if isinstance(overridden, Refused):
        return overridden
    if matter.objective.state != "submitted":
        return () if matter.objective.returned else _wrong_state(matter, "submitted")
    return (
        ObjectiveReturned(
            objective_id=matter.objective.id, overridden=overridden, comment=command.comment
        ),
    )


def publish_objective(_command: PublishObjective, matter: Matter) -> Answer:
    """The approver says yes."""
    overridden = matter.as_approver()
    if isinstance(overridden, Refused):
        return overridden
    objective = matter.objective
    if objective.state == "published":
        return ()
    if objective.state == "closed":
        return _wrong_state(matter, "submitted")
    if refused := _not_ready(matter):
        return refused
    return (
        ObjectivePublished(
            objective_id=objective.id, overridden=overridden, revision=objective.revision + 1
        ),
    )


def close_objective(command: CloseObjective, matter: Matter) -> Answer:
    """The approver says how it ended."""
    overridden = matter.as_approver()
    if isinstance(overridden, Refused):
        return overridden
    objective = matter.objective
    if objective.state == "closed":
        if objective.outcome == command.outcome:
            return ()
        return Refused("objective_closed")
    if objective.state != "published":
        return _wrong_state(matter, "published")
    return (
        ObjectiveClosed(
            objective_id=objective.id,
            overridden=overridden,
            outcome=command.outcome,
            note=command.note,
        ),
    )


def reopen_objective(command: ReopenObjective, matter: Matter) -> Answer:
    """The approver opens it again."""
    overridden = matter.as_approver()
    if isinstance(overridden, Refused):
        return overridden
    objective = matter.objective
    if objective.state == "published" and objective.outcome is not None:
        return ()
    if objective.state != "closed":
        return _wrong_state(matter, "closed")
    return (
        ObjectiveReopened(objective_id=objective.id, overridden=overridden, reason=command.reason),
    )


def _not_ready(matter: Matter) -> Refused | None:
    """What is published has at least one key result, in a cycle that takes objectives."""
    if not matter.objective.live:
        return Refused("no_key_results")
    return open_cycle(matter.cycle)


def _wrong_state(matter: Matter, needed: str) -> Refused:
    return Refused("objective_state", {"state": matter.objective.state, "needed": needed})
