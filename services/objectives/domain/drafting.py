"""Drafting: an objective in words, before and after it is published."""

from typing import Self

from pydantic import model_validator

from services.objectives.domain.key_results import (
    NewKeyResult,
    added,
    key_result_refused,
    weights_of,
)
from services.objectives.domain.matter import (
    Matter,
    ObjectiveCommand,
    department_of,
    open_cycle,
)
from shared.events.deciding import NOT_YET, Actor, Answer, Patch, Refused
from shared.events.event import Event, Id, Sealed
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization
from shared.events.objectives import (
    Commitment,
    ObjectiveCreated,
    ObjectiveOwnerChanged,
    ObjectiveReworded,
    Owner,
    WeightsSet,
)
from shared.okr.words import refusal


class Drafted(ObjectiveCommand):
    """An objective as it is to be: words, owner, key results."""

    cycle_id: Id
    owner: Owner
    title: str
    description: Sealed | None = None
    commitment: Commitment = "committed"
    confidential: bool = False
    key_results: tuple[NewKeyResult, ...] = ()

    @model_validator(mode="after")
    def _each_key_result_once(self) -> Self:
        if len({kr.key_result_id for kr in self.key_results}) != len(self.key_results):
            raise refusal("key_result_repeated", "each key result stands once", "/key_results")
        return self


class CreateObjective(Drafted):
    """Draft an objective."""


class EditObjective(ObjectiveCommand, Patch):
    """Change an objective's words, marks or owner."""

    title: str = ""
    description: Sealed | None = None
    commitment: Commitment = "committed"
    confidential: bool = False
    owner: Owner | None = None


def create_objective(
    command: CreateObjective, before: Objective | None, actor: Actor, org: Organization
) -> Answer:
    """Owners draft their own objectives, administrators anybody's."""
    if before is not None:
        return ()
    events = drafted(command, org, imported=False)
    if isinstance(events, Refused):
        return events
    created = events[0]
    objective = Objective(
        id=command.objective_id,
        cycle_id=command.cycle_id,
        owner=command.owner,
        department_id=created.department_id,
        title=command.title,
        description=None,
        commitment=command.commitment,
        confidential=command.confidential,
        imported=False,
        drafted_by=actor.id,
    )
    overridden = Matter(objective, actor, org).as_owner()
    if isinstance(overridden, Refused):
        return overridden
    return tuple(event.model_copy(update={"overridden": overridden}) for event in events)


def drafted(
    command: Drafted, org: Organization, *, imported: bool
) -> tuple[ObjectiveCreated, *tuple[Event, ...]] | Refused:
    """The events that make an objective with its key results and weights."""
    cycle = org.cycles.get(command.cycle_id)
    if cycle is None:
        return Refused(NOT_YET, pointer="/cycle_id")
    department_id = department_of(command.owner, org)
    if isinstance(department_id, Refused):
        return department_id
    if refused := open_cycle(cycle):
        return refused
    for index, key_result in enumerate(command.key_results):
        if refused := key_result_refused(key_result, cycle, org, f"/key_results/{index}"):
            return refused
    weights = weights_of(command.key_results)
    if isinstance(weights, Refused):
        return weights
    created = ObjectiveCreated(
        objective_id=command.objective_id,
        cycle_id=command.cycle_id,
        owner=command.owner,
        department_id=department_id,
        title=command.title,
        description=command.description,
        commitment=command.commitment,
        confidential=command.confidential,
        imported=imported,
    )
    events: list[Event] = [added(created.objective_id, kr) for kr in command.key_results]
    if weights:
        events.append(WeightsSet(objective_id=created.objective_id, weights=weights))
    return (created, *events)


def edit_objective(command: EditObjective, matter: Matter) -> Answer:
    """Owners edit drafts; what is published changes by its approver."""
    overridden = matter.as_editor()
    if isinstance(overridden, Refused):
        return overridden
    before = matter.objective
    reworded = ObjectiveReworded(
        objective_id=before.id,
        overridden=overridden,
        title=command.title if command.names("title") else before.title,
        description=command.description if command.names("description") else before.description,
        commitment=command.commitment if command.names("commitment") else before.commitment,
        confidential=(
            command.confidential if command.names("confidential") else before.confidential
        ),
    )
    events: list[Event] = [reworded] if differs(reworded, before) else []
    if command.owner is not None and command.owner != before.owner:
        changed = owner_changed(before, command.owner, matter.org, overridden=overridden)
        if isinstance(changed, Refused):
            return changed
        events.append(changed)
    return events


def differs(reworded: ObjectiveReworded, before: Objective) -> bool:
    """Whether the words or marks are others than before."""
    was = (before.title, before.description, before.commitment, before.confidential)
    now = (reworded.title, reworded.description, reworded.commitment, reworded.confidential)
    return now != was


def owner_changed(
    before: Objective, owner: Owner, org: Organization, *, overridden: bool
) -> ObjectiveOwnerChanged | Refused:
    """The event that gives an objective to another owner."""
    department_id = department_of(owner, org)
    if isinstance(department_id, Refused):
        return department_id
    return ObjectiveOwnerChanged(
        objective_id=before.id,
        overridden=overridden,
        owner=owner,
        before=before.owner,
        department_id=department_id,
    )
