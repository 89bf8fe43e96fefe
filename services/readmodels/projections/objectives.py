"""Objectives and their key results, as the objectives service says they are."""

from collections.abc import Mapping
from typing import Any, Final

from services.readmodels.projections.marks import KEY_RESULT, OBJECTIVE
from services.readmodels.projections.written import measure_text, stamp
from shared.eventing.projection import Handler
from shared.eventing.rows import Rows
from shared.eventing.tables import Table
from shared.events import objectives as said
from shared.events.deciding import Recorded
from shared.events.event import Event
from shared.okr.figures import quantity_text

OBJECTIVES: Final = Table(
    "objectives",
    key=("id",),
    columns={
        "id": "text",
        "cycle_id": "text",
        "owner_type": "text",
        "owner_id": "text",
        "department_id": "text",
        "title": "text",
        "description": "text",
        "commitment": "text",
        "confidential": "boolean",
        "state": "text",
        "revision": "integer",
        "approver_id": "text",
        "outcome": "text",
        "weights": "jsonb",
        "drafted_by": "text",
        "published_at": "timestamptz",
        "made_at": "timestamptz",
        "version": "integer",
        "valid_from": "timestamptz",
    },
)
KEY_RESULTS: Final = Table(
    "key_results",
    key=("id",),
    columns={
        "id": "text",
        "objective_id": "text",
        "place": "integer",
        "title": "text",
        "measure": "text",
        "owner_id": "text",
        "due": "date",
        "mentions": "jsonb",
        "state": "text",
        "revision": "integer",
        "valid_from": "timestamptz",
    },
    lookups=(("objective_id",),),
)
TABLES: Final = (OBJECTIVES, KEY_RESULTS)


def created(recorded: Recorded[said.ObjectiveCreated], rows: Rows) -> None:
    """An objective was drafted."""
    event = recorded.event
    rows["objectives"].put(
        {
            "id": event.objective_id,
            "cycle_id": event.cycle_id,
            "owner_type": event.owner.type,
            "owner_id": event.owner.id,
            "department_id": event.department_id,
            "title": event.title,
            "description": event.description,
            "commitment": event.commitment,
            "confidential": event.confidential,
            "state": "draft",
            "revision": 0,
            "weights": {},
            "drafted_by": recorded.actor.id,
            "made_at": recorded.at,
            **stamp(recorded),
        }
    )
    rows.mark(OBJECTIVE, event.objective_id)


def reworded(recorded: Recorded[said.ObjectiveReworded], rows: Rows) -> None:
    """An objective has other words or marks."""
    event = recorded.event
    _now(
        recorded, rows,
        title=event.title,
        description=event.description,
        commitment=event.commitment,
        confidential=event.confidential,
    )  # fmt: skip


def owner_changed(recorded: Recorded[said.ObjectiveOwnerChanged], rows: Rows) -> None:
    """An objective is somebody else's."""
    event = recorded.event
    _now(
        recorded, rows,
        owner_type=event.owner.type,
        owner_id=event.owner.id,
        department_id=event.department_id,
    )  # fmt: skip


def submitted(recorded: Recorded[said.ObjectiveSubmitted], rows: Rows) -> None:
    """A draft waits for its approver."""
    _now(recorded, rows, state="submitted", approver_id=recorded.event.approver_id)


def returned(recorded: Recorded[said.ObjectiveReturned], rows: Rows) -> None:
    """A draft came back."""
    _now(recorded, rows, state="draft", approver_id=None)


def published(recorded: Recorded[said.ObjectivePublished], rows: Rows) -> None:
    """Everybody sees it."""
    _now(
        recorded, rows,
        state="published", revision=recorded.event.revision, published_at=recorded.at,
    )  # fmt: skip
    _mark_key_results(recorded.event.objective_id, rows)


def closed(recorded: Recorded[said.ObjectiveClosed], rows: Rows) -> None:
    """It is closed with an outcome."""
    _now(recorded, rows, state="closed", outcome=recorded.event.outcome)
    _mark_key_results(recorded.event.objective_id, rows)


def reopened(recorded: Recorded[said.ObjectiveReopened], rows: Rows) -> None:
    """It goes on; the outcome is that of the last close."""
    _now(recorded, rows, state="published")
    _mark_key_results(recorded.event.objective_id, rows)


def weights_set(recorded: Recorded[said.WeightsSet], rows: Rows) -> None:
    """The key results of an objective count differently."""
    weights = {key: quantity_text(weight) for key, weight in recorded.event.weights.items()}
    _now(recorded, rows, weights=weights)
    _mark_key_results(recorded.event.objective_id, rows)


def key_result_added(recorded: Recorded[said.KRAdded], rows: Rows) -> None:
    """A key result is there; it stands where it was added."""
    event = recorded.event
    rows["key_results"].put(
        {
            "id": event.key_result_id,
            "objective_id": event.objective_id,
            "place": recorded.sequence,
            "title": event.title,
            "measure": measure_text(event.measure),
            "owner_id": event.owner_id,
            "due": event.due,
            "mentions": list(event.mentions),
            "state": "live",
            "revision": 1,
            "valid_from": recorded.at,
        }
    )
    _now(recorded, rows)
    rows.mark(KEY_RESULT, event.key_result_id)


def key_result_reworded(recorded: Recorded[said.KRReworded], rows: Rows) -> None:
    """A key result has other words."""
    _key_result_now(recorded, rows, title=recorded.event.title)


def key_result_owner_changed(recorded: Recorded[said.KROwnerChanged], rows: Rows) -> None:
    """A key result is somebody else's."""
    _key_result_now(recorded, rows, owner_id=recorded.event.owner_id)


def key_result_rescheduled(recorded: Recorded[said.KRRescheduled], rows: Rows) -> None:
    """A key result is due on another day."""
    _key_result_now(recorded, rows, due=recorded.event.due)


def key_result_retargeted(
    recorded: Recorded[said.KRRetargeted] | Recorded[said.BaselineCaptured], rows: Rows
) -> None:
    """A key result is measured by other numbers."""
    event = recorded.event
    _key_result_now(
        recorded, rows, measure=measure_text(event.measure), revision=event.revision
    )  # fmt: skip


def key_result_cancelled(recorded: Recorded[said.KRCancelled], rows: Rows) -> None:
    """A key result counts no more."""
    _key_result_now(recorded, rows, state="cancelled")


def _now(recorded: Recorded[Any], rows: Rows, **columns: Any) -> None:  # noqa: ANN401 - columns
    key = recorded.event.objective_id
    rows["objectives"].set(key, **columns, **stamp(recorded))
    rows.mark(OBJECTIVE, key)


def _key_result_now(recorded: Recorded[Any], rows: Rows, **columns: Any) -> None:  # noqa: ANN401
    key = recorded.event.key_result_id
    rows["key_results"].set(key, valid_from=recorded.at, **columns)
    _now(recorded, rows)
    rows.mark(KEY_RESULT, key)


def _mark_key_results(objective_id: str, rows: Rows) -> None:
    for row in rows["key_results"].where(objective_id=objective_id):
        rows.mark(KEY_RESULT, row["id"])


HANDLERS: Final[Mapping[type[Event], Handler]] = {
    said.ObjectiveCreated: created,
    said.ObjectiveReworded: reworded,
    said.ObjectiveOwnerChanged: owner_changed,
    said.ObjectiveSubmitted: submitted,
    said.ObjectiveReturned: returned,
    said.ObjectivePublished: published,
    said.ObjectiveClosed: closed,
    said.ObjectiveReopened: reopened,
    said.WeightsSet: weights_set,
    said.KRAdded: key_result_added,
    said.KRReworded: key_result_reworded,
    said.KROwnerChanged: key_result_owner_changed,
    said.KRRescheduled: key_result_rescheduled,
    said.KRRetargeted: key_result_retargeted,
    said.BaselineCaptured: key_result_retargeted,
    said.KRCancelled: key_result_cancelled,
}
