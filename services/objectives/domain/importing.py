"""Importing: an objective as a file tells it, made and published in one decision, or not at all."""

from collections.abc import Iterator, Sequence

from services.objectives.domain.drafting import Drafted, differs, drafted, owner_changed
from services.objectives.domain.key_results import (
    NewKeyResult,
    Words,
    added,
    key_result_changed,
    key_result_refused,
)
from services.objectives.domain.weighing import weighed
from shared.events.deciding import Actor, Answer, Refused
from shared.events.event import Event
from shared.events.folds.objective import KeyResult, Objective
from shared.events.folds.organization import Organization
from shared.events.objectives import (
    KRAdded,
    KRRetargeted,
    ObjectivePublished,
    ObjectiveReworded,
    Weights,
    WeightsSet,
)
from shared.okr.measures import Composite, Measure, Relative


class ImportObjective(Drafted):
    """Have an objective as a file tells it; `update` applies what differs.

    Key results that the file does not name stay as they are, and so does a description that is
    there already: sealed anew each time, it cannot be compared.
    """

    update: bool = False


def import_objective(
    command: ImportObjective, before: Objective | None, actor: Actor, org: Organization
) -> Answer:
    """Administrators import; the same content again says nothing new."""
    if not (org.is_administrator(actor) and org.may_write(actor)):
        return Refused("not_allowed")
    if command.owner.type == "company" and org.company_id is not None:
        # A file knows the company as such, not by the id that it may have had before the file.
        owner = command.owner.model_copy(update={"id": org.company_id})
        command = command.model_copy(update={"owner": owner})
    if before is None:
        events = drafted(command, org, imported=True)
        if isinstance(events, Refused):
            return events
        return (*events, ObjectivePublished(objective_id=command.objective_id, revision=1))
    differences = tuple(_differences(command, before))
    if not differences:
        return ()
    if not command.update:
        return Refused("import_differs", {"fields": list(differences)})
    if before.state == "closed":
        return Refused("objective_closed")
    return _update(command, before, org)


def _differences(command: ImportObjective, before: Objective) -> Iterator[str]:
    """The names of what the file tells otherwise."""
    told = command.model_dump(include={"title", "commitment", "confidential"})
    yield from (field for field, value in told.items() if value != getattr(before, field))
    if command.description is not None and before.description is None:
        yield "description"
    if command.owner != before.owner:
        yield "owner"
    for index, key_result in enumerate(command.key_results):
        known = before.key_results.get(key_result.key_result_id)
        if known is None:
            yield f"key_results/{index}"
        elif known.state == "live":
            yield from (f"key_results/{index}/{field}" for field in _changed(key_result, known))
    if _weights(command, before) is not None:
        yield "weights"


def _changed(told: NewKeyResult, known: KeyResult) -> Iterator[str]:
    if told.title != known.title:
        yield "title"
    if told.mentions != known.mentions:
        yield "mentions"
    if told.owner_id != known.owner_id:
        yield "owner_id"
    if told.due != known.due:
        yield "due"
    if as_captured(told.measure, known.measure) != known.measure:
        yield "measure"


def as_captured(told: Measure, known: Measure) -> Measure:
    """What a file tells, with the baselines that were captured since: it could not know them."""
    if isinstance(told, Relative) and isinstance(known, Relative) and told.baseline is None:
        return told.model_copy(update={"baseline": known.baseline})
    if isinstance(told, Composite) and isinstance(known, Composite):
        measures = {part.name: part.measure for part in known.parts}
        parts = tuple(
            part.model_copy(
                update={"measure": as_captured(part.measure, measures.get(part.name, part.measure))}
            )
            for part in told.parts
        )
        return told.model_copy(update={"parts": parts})
    return told


def _weights(command: ImportObjective, before: Objective) -> Weights | Refused | None:
    """The weights that the file tells, None where it tells none or those that are set.

    Once a key result of the file is cancelled, the file's weights are those of other siblings.
    """
    told = {kr.key_result_id: kr.weight for kr in command.key_results if kr.weight is not None}
    new = [id_ for id_ in told if id_ not in before.key_results]
    if not told or any(id_ not in before.live for id_ in told.keys() - set(new)):
        return None
    return weighed(before.weights, (*before.live, *new), told)


def _update(command: ImportObjective, before: Objective, org: Organization) -> Answer:
    """Exactly the differences, as the events that tell them."""
    events: list[Event] = []
    reworded = ObjectiveReworded(
        objective_id=before.id,
        title=command.title,
        description=before.description or command.description,
        commitment=command.commitment,
        confidential=command.confidential,
    )
    if differs(reworded, before):
        events.append(reworded)
    if command.owner != before.owner:
        owner = owner_changed(before, command.owner, org, overridden=False)
        if isinstance(owner, Refused):
            return owner
        events.append(owner)
    for index, told in enumerate(command.key_results):
        some = _key_result_events(told, before, org, f"/key_results/{index}")
        if isinstance(some, Refused):
            return some
        events += some
    unweighed = before.weights and any(isinstance(event, KRAdded) for event in events)
    weights = _weights(command, before)
    if isinstance(weights, Refused):
        return weights
    if weights is None and unweighed:
        return Refused("weights_needed", pointer="/key_results")
    if weights is not None:
        events.append(WeightsSet(objective_id=before.id, weights=weights))
    return events


def _key_result_events(
    told: NewKeyResult, objective: Objective, org: Organization, at: str
) -> Sequence[Event] | Refused:
    known = objective.key_results.get(told.key_result_id)
    if known is not None and (known.state == "cancelled" or not any(_changed(told, known))):
        return ()
    if refused := key_result_refused(told, org.cycles[objective.cycle_id], org, at):
        return refused
    if known is None:
        return (added(objective.id, told),)
    changed = key_result_changed(
        objective.id, known, Words(told.title, told.mentions), told.owner_id, told.due,
        overridden=False,
    )  # fmt: skip
    measure = as_captured(told.measure, known.measure)
    if measure == known.measure:
        return changed
    if measure.kind != known.measure.kind:
        facts = {"kind": known.measure.kind, "wanted": measure.kind}
        return Refused("measure_kind_fixed", facts, f"{at}/measure/kind")
    retargeted = KRRetargeted(
        objective_id=objective.id,
        key_result_id=known.id,
        before=known.measure,
        measure=measure,
        revision=known.revision + 1,
    )
    return (*changed, retargeted)
