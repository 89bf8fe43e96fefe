"""An objective with its key results, as the objectives service decides it and others know it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, assert_never

from shared.events import objectives as said
from shared.events.deciding import Recorded
from shared.okr.measures import Measure

ObjectiveState = Literal["draft", "submitted", "published", "closed"]
KeyResultState = Literal["live", "cancelled"]


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A key result; `revision` counts the changes of its measure (1 is the first)."""

    id: str
    title: str
    measure: Measure
    owner_id: str | None
    due: date | None
    mentions: tuple[str, ...] = ()
    state: KeyResultState = "live"
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective; `weights` is empty while the key results count alike."""

    id: str
    cycle_id: str
    owner: said.Owner
    department_id: str
    title: str
    description: str | None
    commitment: said.Commitment
    confidential: bool
    imported: bool
    drafted_by: str
    state: ObjectiveState = "draft"
    revision: int = 0
    approver_id: str | None = None
    published_at: datetime | None = None
    outcome: said.Outcome | None = None
    returned: bool = False
    key_results: Mapping[str, KeyResult] = field(default_factory=dict)
    weights: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def live(self) -> dict[str, KeyResult]:
        """The key results that count, in the order they were added."""
        return {k: kr for k, kr in self.key_results.items() if kr.state == "live"}


ObjectivesEvent = (
    said.ObjectiveCreated | said.ObjectiveReworded | said.ObjectiveOwnerChanged
    | said.ObjectiveSubmitted | said.ObjectiveReturned | said.ObjectivePublished
    | said.ObjectiveClosed | said.ObjectiveReopened | said.KRAdded | said.KRReworded
    | said.KROwnerChanged | said.KRRescheduled | said.KRRetargeted | said.BaselineCaptured
    | said.KRCancelled | said.WeightsSet
)  # fmt: skip


def evolve(before: Objective | None, recorded: Recorded[Any]) -> Objective:
    """The objective after one of its events; None before it was created."""
    event: ObjectivesEvent = recorded.event
    if isinstance(event, said.ObjectiveCreated):
        return _created(event, recorded.actor.id)
    if before is None:
        raise ValueError(f"{type(event).__name__} comes before its objective was created")
    match event:
        case said.ObjectiveReworded():
            return _reworded(before, event)
        case said.ObjectiveOwnerChanged(owner=owner, department_id=department_id):
            return replace(before, owner=owner, department_id=department_id)
        case said.ObjectiveSubmitted(approver_id=approver_id):
            return replace(before, state="submitted", approver_id=approver_id, returned=False)
        case said.ObjectiveReturned():
            return replace(before, state="draft", approver_id=None, returned=True)
        case said.ObjectivePublished(revision=revision):
            return replace(before, state="published", revision=revision, published_at=recorded.at)
        case said.ObjectiveClosed(outcome=outcome):
            return replace(before, state="closed", outcome=outcome)
        case said.ObjectiveReopened():
            return replace(before, state="published")
        case said.KRAdded():
            added = KeyResult(
                event.key_result_id, event.title, event.measure, event.owner_id, event.due,
                event.mentions,
            )  # fmt: skip
            return _with(before, added)
        case said.KeyResultEvent():
            return _with(before, _key_result(before.key_results[event.key_result_id], event))
        case said.WeightsSet(weights=weights):
            return replace(before, weights=weights)
        case _:
            assert_never(event)


def _created(event: said.ObjectiveCreated, actor_id: str) -> Objective:
    return Objective(
        id=event.objective_id,
        cycle_id=event.cycle_id,
        owner=event.owner,
        department_id=event.department_id,
        title=event.title,
        description=event.description,
        commitment=event.commitment,
        confidential=event.confidential,
        imported=event.imported,
        drafted_by=actor_id,
    )


def _reworded(before: Objective, event: said.ObjectiveReworded) -> Objective:
    return replace(
        before,
        title=event.title,
        description=event.description,
        commitment=event.commitment,
        confidential=event.confidential,
    )


def _with(objective: Objective, key_result: KeyResult) -> Objective:
    return replace(objective, key_results={**objective.key_results, key_result.id: key_result})


def _key_result(before: KeyResult, event: said.KeyResultEvent) -> KeyResult:
    match event:
        case said.KRReworded(title=title, mentions=mentions):
            return replace(before, title=title, mentions=mentions)
        case said.KROwnerChanged(owner_id=owner_id):
            return replace(before, owner_id=owner_id)
        case said.KRRescheduled(due=due):
            return replace(before, due=due)
        case said.KRRetargeted() | said.BaselineCaptured():
            return replace(before, measure=event.measure, revision=event.revision)
        case said.KRCancelled():
            return replace(before, state="cancelled")
        case _:
            raise ValueError(f"{type(event).__name__} has no place in {event.stream}")
