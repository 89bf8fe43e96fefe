"""Key results: added, reworded and cancelled, each time with the weights of all where set."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from services.objectives.domain.matter import KeyResultCommand, Matter, ObjectiveCommand
from services.objectives.domain.weighing import joined, weighed
from shared.events.deciding import NOT_YET, Answer, Patch, Refused
from shared.events.event import Event, Id, Sealed
from shared.events.folds.objective import KeyResult
from shared.events.folds.organization import Cycle, Organization
from shared.events.objectives import (
    KRAdded,
    KRCancelled,
    KROwnerChanged,
    KRRescheduled,
    KRReworded,
    Weights,
    WeightsSet,
)
from shared.okr.calendar import Day
from shared.okr.figures import Quantity
from shared.okr.measures import Measure


class Words(NamedTuple):
    """What a key result says, and the departments that it says it of (@部门)."""

    title: str
    mentions: tuple[str, ...]


class NewKeyResult(BaseModel):
    """A key result that is to be added; `weight` in percent points."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_result_id: Id
    title: str
    measure: Annotated[Measure, Field(discriminator="kind")]
    weight: Quantity | None = None
    owner_id: Id | None = None
    due: Day | None = None
    mentions: tuple[Id, ...] = ()


class AddKeyResult(ObjectiveCommand):
    """Add a key result; `weights` are those of its siblings, where weights are set."""

    key_result: NewKeyResult
    weights: Weights | None = None


class EditKeyResult(KeyResultCommand, Patch):
    """Change a key result's words, owner or due day."""

    title: str = ""
    owner_id: Id | None = None
    due: Day | None = None


class CancelKeyResult(KeyResultCommand):
    """Cancel a key result; `weights` are those of the siblings that remain, where set."""

    reason: Sealed
    weights: Weights | None = None


def weights_of(key_results: Sequence[NewKeyResult]) -> Weights | Refused | None:
    """The weights that new key results bring: of all of them, or of none."""
    ids = tuple(kr.key_result_id for kr in key_results)
    given = {kr.key_result_id: kr.weight for kr in key_results if kr.weight is not None}
    return weighed({}, ids, given)


def added(objective_id: str, key_result: NewKeyResult, *, overridden: bool = False) -> KRAdded:
    """The event that adds it; its weight is told apart."""
    return KRAdded(
        objective_id=objective_id,
        overridden=overridden,
        key_result_id=key_result.key_result_id,
        title=key_result.title,
        measure=key_result.measure,
        owner_id=key_result.owner_id,
        due=key_result.due,
        mentions=key_result.mentions,
    )


def key_result_refused(
    key_result: NewKeyResult, cycle: Cycle, org: Organization, at: str
) -> Refused | None:
    """Why a new key result cannot be: who it names, and when it would be due."""
    if refused := owner_refused(key_result.owner_id, org, f"{at}/owner_id"):
        return refused
    if refused := due_refused(key_result.due, cycle, f"{at}/due"):
        return refused
    for index, department_id in enumerate(key_result.mentions):
        department = org.departments.get(department_id)
        pointer = f"{at}/mentions/{index}"
        if department is None:
            return Refused(NOT_YET, pointer=pointer)
        if department.closed:
            return Refused("department_closed", {"department": department.name}, pointer)
    return None


def owner_refused(owner_id: str | None, org: Organization, at: str) -> Refused | None:
    """A key result's owner is a member who is there; None is the objective's owner."""
    if owner_id is None or org.serves(owner_id):
        return None
    return Refused("member_left" if owner_id in org.members else NOT_YET, pointer=at)


def due_refused(due: date | None, cycle: Cycle, at: str) -> Refused | None:
    """A due lies in its cycle or after it."""
    if due is None or due >= cycle.start:
        return None
    return Refused("due_before_cycle", {"start": cycle.start.isoformat()}, at)


def add_key_result(command: AddKeyResult, matter: Matter) -> Answer:
    """Add it, with the weights of all where weights are set."""
    overridden = matter.as_editor()
    if isinstance(overridden, Refused):
        return overridden
    objective, new = matter.objective, command.key_result
    if new.key_result_id in objective.key_results:
        return ()
    if refused := key_result_refused(new, matter.cycle, matter.org, ""):
        return refused
    weights = weighed(
        objective.weights,
        (*objective.live, new.key_result_id),
        joined(command.weights, new.key_result_id, new.weight),
    )
    if isinstance(weights, Refused):
        return weights
    events: list[Event] = [added(objective.id, new, overridden=overridden)]
    if weights is not None:
        events.append(WeightsSet(objective_id=objective.id, overridden=overridden, weights=weights))
    return events


def edit_key_result(command: EditKeyResult, matter: Matter) -> Answer:
    """Change what is named; the measure has a way of its own."""
    overridden = matter.as_editor()
    if isinstance(overridden, Refused):
        return overridden
    before = matter.live(command.key_result_id)
    if isinstance(before, Refused):
        return before
    title = command.title if command.names("title") else before.title
    owner_id = command.owner_id if command.names("owner_id") else before.owner_id
    due = command.due if command.names("due") else before.due
    if owner_id != before.owner_id and (
        refused := owner_refused(owner_id, matter.org, "/owner_id")
    ):
        return refused
    if due != before.due and (refused := due_refused(due, matter.cycle, "/due")):
        return refused
    return key_result_changed(
        matter.objective.id,
        before,
        Words(title, before.mentions),
        owner_id,
        due,
        overridden=overridden,
    )


def key_result_changed(
    objective_id: str,
    before: KeyResult,
    words: Words,
    owner_id: str | None,
    due: date | None,
    *,
    overridden: bool,
) -> tuple[Event, ...]:
    """The events that tell what changed beside the measure."""
    about: dict[str, Any] = {
        "objective_id": objective_id,
        "overridden": overridden,
        "key_result_id": before.id,
    }
    events: list[Event] = []
    if words != (before.title, before.mentions):
        reworded = KRReworded(
            **about, title=words.title, before=before.title, mentions=words.mentions
        )
        events.append(reworded)
    if owner_id != before.owner_id:
        events.append(KROwnerChanged(**about, owner_id=owner_id, before=before.owner_id))
    if due != before.due:
        events.append(KRRescheduled(**about, due=due, before=before.due))
    return tuple(events)


def cancel_key_result(command: CancelKeyResult, matter: Matter) -> Answer:
    """Cancel it; what was measured is kept."""
    overridden = matter.as_editor()
    if isinstance(overridden, Refused):
        return overridden
    objective = matter.objective
    before = objective.key_results.get(command.key_result_id)
    if before is None:
        return Refused("not_found")
    if before.state == "cancelled":
        return ()
    remaining = tuple(id_ for id_ in objective.live if id_ != before.id)
    weights = weighed(objective.weights, remaining, command.weights or {})
    if isinstance(weights, Refused):
        return weights
    cancelled = KRCancelled(
        objective_id=objective.id,
        overridden=overridden,
        key_result_id=before.id,
        reason=command.reason,
    )
    if weights is None:
        return (cancelled,)
    return (
        cancelled,
        WeightsSet(objective_id=objective.id, overridden=overridden, weights=weights),
    )
