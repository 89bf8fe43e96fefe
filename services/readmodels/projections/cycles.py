"""Cycles and policies, as they are now. What they say of days hangs on them in every figure."""

from collections.abc import Mapping
from typing import Final

from services.readmodels.projections.marks import mark_all_tracked, mark_secret, mark_tracked
from services.readmodels.projections.written import json_text, place, stamp
from shared.eventing.projection import Handler
from shared.eventing.rows import Rows
from shared.eventing.tables import Table
from shared.events import organization as said
from shared.events.deciding import Recorded
from shared.events.event import Event

CYCLES: Final = Table(
    "cycles",
    key=("id",),
    columns={
        "id": "text",
        "name": "text",
        "start": "date",
        "end": "date",
        "kind": "text",
        "state": "text",
        "planned_by": "text",
        "activated_at": "timestamptz",
        "left_at": "timestamptz",
        "version": "integer",
        "place": "bigint",
        "valid_from": "timestamptz",
    },
    lookups=(("state",),),
    indexes=("(place)",),
)
POLICIES: Final = Table(
    "policies",
    key=("name",),
    columns={
        "name": "text",
        "revision": "integer",
        "value": "text",
        "version": "integer",
        "valid_from": "timestamptz",
    },
)
TABLES: Final = (CYCLES, POLICIES)

_DAYS_HANG_ON: Final = frozenset({"organization", "cadence", "calendar"})


def cycle_planned(recorded: Recorded[said.CyclePlanned], rows: Rows) -> None:
    """A cycle is there; who planned it is its administrator."""
    event = recorded.event
    rows["cycles"].put(
        {
            "id": event.cycle_id,
            "name": event.name,
            "start": event.start,
            "end": event.end,
            "kind": event.kind,
            "state": "planning",
            "planned_by": recorded.actor.id,
            "place": place(rows),
            **stamp(recorded),
        }
    )
    mark_tracked(event.cycle_id, rows)
    mark_secret(rows)


def cycle_activated(
    recorded: Recorded[said.CycleActivated] | Recorded[said.CycleReopened], rows: Rows
) -> None:
    """Reports are owed from now on; a reopened cycle goes on where it began."""
    key = recorded.event.cycle_id
    row = rows["cycles"].get(key)
    since = (row["activated_at"] if row else None) or recorded.at
    rows["cycles"].set(key, state="active", activated_at=since, left_at=None, **stamp(recorded))
    mark_tracked(key, rows)


def cycle_left(
    recorded: Recorded[said.CycleReviewStarted] | Recorded[said.CycleClosed], rows: Rows
) -> None:
    """No report is owed any more from the day on which the cycle was active last."""
    key = recorded.event.cycle_id
    row = rows["cycles"].get(key)
    left = (row["left_at"] if row else None) or recorded.at
    state = "review" if isinstance(recorded.event, said.CycleReviewStarted) else "closed"
    rows["cycles"].set(key, state=state, left_at=left, **stamp(recorded))
    mark_tracked(key, rows)


def cycle_close_asked(recorded: Recorded[said.CycleCloseAsked], rows: Rows) -> None:
    """A second person has to close it; it is what it was."""
    rows["cycles"].set(recorded.event.cycle_id, **stamp(recorded))


def policy_changed(recorded: Recorded[said.PolicyChanged], rows: Rows) -> None:
    """A policy has another value."""
    event = recorded.event
    rows["policies"].put(
        {
            "name": event.policy,
            "revision": event.revision,
            "value": json_text(event.model_dump(mode="json")["value"]),
            **stamp(recorded),
        }
    )
    if event.policy in _DAYS_HANG_ON:
        mark_all_tracked(rows)
    if event.policy == "approval":
        mark_secret(rows)


HANDLERS: Final[Mapping[type[Event], Handler]] = {
    said.CyclePlanned: cycle_planned,
    said.CycleActivated: cycle_activated,
    said.CycleReopened: cycle_activated,
    said.CycleReviewStarted: cycle_left,
    said.CycleClosed: cycle_left,
    said.CycleCloseAsked: cycle_close_asked,
    said.PolicyChanged: policy_changed,
}
