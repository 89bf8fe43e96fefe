"""Tracking: what checkins recorded of each objective and each of its key results."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from services.readmodels.projections.days import reached
from services.readmodels.projections.marks import KEY_RESULT, OBJECTIVE
from services.readmodels.projections.written import json_text, measure_text, reading_text
from shared.eventing.projection import Handler
from shared.eventing.rows import Rows
from shared.eventing.tables import Table
from shared.events import checkins as said
from shared.events.deciding import Recorded
from shared.events.event import Event

TRACKING: Final = Table(
    "tracking",
    key=("objective_id",),
    columns={
        "objective_id": "text",
        "checked_in_on": "date",
        "version": "integer",
        "valid_from": "timestamptz",
    },
)
TRACKED: Final = Table(
    "tracked",
    key=("id",),
    columns={
        "id": "text",
        "objective_id": "text",
        "cycle_id": "text",
        "cycle_start": "date",
        "cycle_end": "date",
        "due": "date",
        "measure": "text",
        "target_revision": "integer",
        "tracked_from": "date",
        "owed_from": "date",
        "ended_at": "timestamptz",
        "reports": "jsonb",
        "confidence": "integer",
        "health": "text",
        "rule": "text",
        "rule_version": "integer",
        "cause": "text",
        "expected": "numeric",
        "valid_from": "timestamptz",
    },
    lookups=(("objective_id",), ("cycle_id",)),
)
"""`reports` are the days of its reports; `expected` is what its latest change of health rested on.

A key result starts out as pending, without an event that says so.
"""

MEASUREMENTS: Final = Table(
    "measurements",
    key=("key_result_id", "n"),
    columns={
        "key_result_id": "text",
        "n": "integer",
        "objective_id": "text",
        "reading": "text",
        "observed_on": "date",
        "recorded_on": "date",
        "recorded_at": "timestamptz",
        "late": "boolean",
        "confidence": "integer",
        "note": "text",
        "evidence_url": "text",
        "source": "text",
        "target_revision": "integer",
        "check_in": "integer",
        "actor_id": "text",
        "retracted_at": "timestamptz",
        "retracted_by": "text",
        "retraction": "text",
    },
    lookups=(("key_result_id",),),
)
CHECK_INS: Final = Table(
    "check_ins",
    key=("objective_id", "n"),
    columns={
        "objective_id": "text",
        "n": "integer",
        "narrative": "text",
        "status": "text",
        "confidence": "integer",
        "key_results": "text",
        "recorded_on": "date",
        "recorded_at": "timestamptz",
        "late": "boolean",
        "actor_id": "text",
    },
    blind=True,
)
TABLES: Final = (TRACKING, TRACKED, MEASUREMENTS, CHECK_INS)


def tracking_started(recorded: Recorded[said.KRTrackingStarted], rows: Rows) -> None:
    """A key result is judged from now on."""
    event = recorded.event
    rows["tracked"].put(
        {
            "id": event.key_result_id,
            "objective_id": event.objective_id,
            "cycle_id": event.cycle_id,
            "cycle_start": event.cycle_start,
            "cycle_end": event.cycle_end,
            "due": event.due,
            "measure": measure_text(event.measure),
            "target_revision": event.target_revision,
            "tracked_from": event.tracked_from,
            "owed_from": event.owed_from,
            "reports": [],
            "health": "pending",
            "rule": "no_value",
            "valid_from": recorded.at,
        }
    )
    _heard(recorded, rows)
    rows.mark(KEY_RESULT, event.key_result_id)


def tracking_changed(recorded: Recorded[said.KRTrackingChanged], rows: Rows) -> None:
    """It is judged by something else."""
    event = recorded.event
    _now(
        recorded, rows,
        measure=measure_text(event.measure),
        target_revision=event.target_revision,
        due=event.due,
    )  # fmt: skip


def tracking_ended(recorded: Recorded[said.KRTrackingEnded], rows: Rows) -> None:
    """Its figures stay what they are on this day."""
    _now(recorded, rows, ended_at=recorded.at)


def tracking_resumed(recorded: Recorded[said.KRTrackingResumed], rows: Rows) -> None:
    """It is judged again."""
    _now(recorded, rows, ended_at=None, owed_from=recorded.event.owed_from)


def progress_logged(recorded: Recorded[said.KRProgressLogged], rows: Rows) -> None:
    """A measurement; earlier ones stay."""
    event = recorded.event
    rows["measurements"].put(
        {
            "key_result_id": event.key_result_id,
            "n": event.n,
            "objective_id": event.objective_id,
            "reading": reading_text(event.reading),
            "observed_on": event.observed_on,
            "recorded_on": event.recorded_on,
            "recorded_at": recorded.at,
            "late": event.late,
            "confidence": event.confidence,
            "note": event.note,
            "evidence_url": event.evidence_url,
            "source": event.source,
            "target_revision": event.target_revision,
            "check_in": event.check_in,
            "actor_id": recorded.actor.id,
        }
    )
    _reported(recorded, (event.key_result_id,), event.confidence, event.recorded_on, rows)
    _heard(recorded, rows)
    reached(event.recorded_on, rows)


def progress_retracted(recorded: Recorded[said.KRProgressRetracted], rows: Rows) -> None:
    """A measurement counts no more; the report that it was stays one."""
    event = recorded.event
    rows["measurements"].set(
        (event.key_result_id, event.n),
        retracted_at=recorded.at,
        retracted_by=recorded.actor.id,
        retraction=event.reason,
    )
    _heard(recorded, rows)
    rows.mark(KEY_RESULT, event.key_result_id)


def check_in_published(recorded: Recorded[said.CheckInPublished], rows: Rows) -> None:
    """A report on every key result that was tracked then."""
    event = recorded.event
    frozen = event.model_dump(mode="json", include={"key_results"})["key_results"]
    rows["check_ins"].put(
        {
            "objective_id": event.objective_id,
            "n": event.n,
            "narrative": event.narrative,
            "status": event.status,
            "confidence": event.confidence,
            "key_results": json_text(frozen),
            "recorded_on": event.recorded_on,
            "recorded_at": recorded.at,
            "late": event.late,
            "actor_id": recorded.actor.id,
        }
    )
    keys = [each.key_result_id for each in event.key_results]
    _reported(recorded, keys, event.confidence, event.recorded_on, rows)
    _heard(recorded, rows, checked_in_on=event.recorded_on)
    reached(event.recorded_on, rows)


def health_changed(recorded: Recorded[said.KRHealthChanged], rows: Rows) -> None:
    """How worried to be, and the rule that says so."""
    event = recorded.event
    _now(
        recorded, rows,
        health=event.to.value,
        rule=event.rule,
        rule_version=event.rule_version,
        cause=event.cause,
        expected=event.expected,
    )  # fmt: skip


def duty_moved_on(recorded: Recorded[said.DutyEvent], rows: Rows) -> None:
    """A silence grew; what it does to health is said by an event of its own."""
    _heard(recorded, rows)


def _now(recorded: Recorded[Any], rows: Rows, **columns: Any) -> None:  # noqa: ANN401 - columns
    key = recorded.event.key_result_id
    rows["tracked"].set(key, valid_from=recorded.at, **columns)
    _heard(recorded, rows)
    rows.mark(KEY_RESULT, key)


def _heard(recorded: Recorded[Any], rows: Rows, **columns: Any) -> None:  # noqa: ANN401 - columns
    key = recorded.event.objective_id
    stamp = {"version": recorded.sequence, "valid_from": recorded.at}
    rows["tracking"].set(key, **stamp, **columns)
    rows.mark(OBJECTIVE, key)


def _reported(
    recorded: Recorded[Any], keys: Iterable[str], confidence: int | None, on: date, rows: Rows
) -> None:
    day = on.isoformat()
    for key in keys:
        row = rows["tracked"].get(key)
        days = row["reports"] if row else []
        columns: dict[str, Any] = {} if confidence is None else {"confidence": confidence}
        if day not in days:
            columns["reports"] = [*days, day]
        if columns:
            rows["tracked"].set(key, valid_from=recorded.at, **columns)
        rows.mark(KEY_RESULT, key)


HANDLERS: Final[Mapping[type[Event], Handler]] = {
    said.KRTrackingStarted: tracking_started,
    said.KRTrackingChanged: tracking_changed,
    said.KRTrackingEnded: tracking_ended,
    said.KRTrackingResumed: tracking_resumed,
    said.KRProgressLogged: progress_logged,
    said.KRProgressRetracted: progress_retracted,
    said.CheckInPublished: check_in_published,
    said.KRHealthChanged: health_changed,
    said.CheckInFellDue: duty_moved_on,
    said.CheckInOverdue: duty_moved_on,
    said.CheckInOutdated: duty_moved_on,
}
