"""A small projection for tests: departments with the objectives in and below them.

It has all that a projection can have: facts of two topics, a roll-up by rank, what depends on the
day, and a blind table. `hears` can be other topics than those of the catalogue, so that a test on
the shared broker has its own.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.eventing.projection import Derivation, Projection
from shared.eventing.rows import Rows
from shared.eventing.tables import Key, Table
from shared.eventing.topics import events_topic
from shared.events.deciding import Recorded
from shared.events.objectives import (
    ObjectiveClosed,
    ObjectiveCreated,
    ObjectivePublished,
    ObjectiveReworded,
)
from shared.events.organization import DepartmentCreated, DepartmentMoved

DEPARTMENTS = Table(
    "departments",
    key=("id",),
    columns={"id": "text", "name": "text", "parent_id": "text", "live": "boolean"},
    lookups=(("parent_id",), ("live",)),
)
OBJECTIVES = Table(
    "objectives",
    key=("id",),
    columns={
        "id": "text",
        "department_id": "text",
        "title": "text",
        "published_on": "date",
        "marks": "jsonb",
    },
    lookups=(("department_id",),),
)
TOTALS = Table(
    "totals",
    key=("department_id",),
    columns={
        "department_id": "text",
        "own": "integer",
        "below": "integer",
        "share": "numeric",
        "fresh": "integer",
    },
)
STORY = Table(
    "story",
    key=("topic", "partition", "place"),
    columns={
        "topic": "text",
        "partition": "integer",
        "place": "bigint",
        "type": "text",
        "at": "timestamptz",
    },
    blind=True,
)


@dataclass(frozen=True)
class TestProjection(Projection):
    """A projection that hears the services named here, whatever the catalogue says."""

    __test__ = False
    services: tuple[str, ...] = ()

    @property
    def hears(self) -> tuple[str, ...]:
        return self.services

    @property
    def topics(self) -> frozenset[str]:
        return frozenset(map(events_topic, self.services))


def _told(recorded: Recorded[Any], rows: Rows) -> None:
    record = rows.record
    assert record is not None
    rows["story"].put(
        {
            "topic": record.topic.rsplit(".", 2)[-2],
            "partition": record.partition,
            "place": record.offset,
            "type": type(recorded.event).__name__,
            "at": recorded.at,
        }
    )


def department_created(recorded: Recorded[DepartmentCreated], rows: Rows) -> None:
    event = recorded.event
    _told(recorded, rows)
    rows["departments"].put(
        {
            "id": event.department_id,
            "name": event.name,
            "parent_id": event.parent_id,
            "live": True,
        }
    )
    rows.mark("total", event.department_id)


def department_moved(recorded: Recorded[DepartmentMoved], rows: Rows) -> None:
    event = recorded.event
    _told(recorded, rows)
    rows["departments"].set(event.department_id, parent_id=event.parent_id)
    rows.mark("total", event.from_parent_id)
    rows.mark("total", event.department_id)


def objective_created(recorded: Recorded[ObjectiveCreated], rows: Rows) -> None:
    event = recorded.event
    _told(recorded, rows)
    rows["objectives"].put(
        {
            "id": event.objective_id,
            "department_id": event.department_id,
            "title": event.title,
            "marks": {"confidential": event.confidential, "by": ["create"]},
        }
    )
    rows.mark("total", event.department_id)


def objective_reworded(recorded: Recorded[ObjectiveReworded], rows: Rows) -> None:
    _told(recorded, rows)
    if recorded.event.title is not None:
        rows["objectives"].set(recorded.event.objective_id, title=recorded.event.title)


def objective_published(recorded: Recorded[ObjectivePublished], rows: Rows) -> None:
    _told(recorded, rows)
    rows["objectives"].set(recorded.event.objective_id, published_on=recorded.at.date())
    objective = rows["objectives"].get(recorded.event.objective_id)
    if objective is not None and objective["department_id"] is not None:
        rows.mark("total", objective["department_id"])


def objective_closed(recorded: Recorded[ObjectiveClosed], rows: Rows) -> None:
    _told(recorded, rows)
    objective = rows["objectives"].get(recorded.event.objective_id)
    rows["objectives"].delete(recorded.event.objective_id)
    if objective is not None and objective["department_id"] is not None:
        rows.mark("total", objective["department_id"])


def depth(key: Key, rows: Rows) -> int:
    """How far below the top a department is; the test's trees have no loops."""
    department = rows["departments"].get(key)
    if department is None or department["parent_id"] is None:
        return 0
    return 1 + depth(department["parent_id"], rows)


def total(key: Key, rows: Rows) -> None:
    objectives = rows["objectives"].where(department_id=key)
    children = rows["departments"].where(parent_id=key)
    below = [rows["totals"].get(child["id"]) for child in children]
    all_below = len(objectives) + sum(child["below"] for child in below if child is not None)
    today = None if rows.latest is None else rows.latest.date()
    rows["totals"].set(
        key,
        own=len(objectives),
        below=all_below,
        share=Decimal(len(objectives)) / all_below if all_below else None,
        fresh=sum(one["published_on"] == today for one in objectives),
    )
    department = rows["departments"].get(key)
    if department is not None and department["parent_id"] is not None:
        rows.mark("total", department["parent_id"])


def day_began(before: datetime | None, now: datetime, rows: Rows) -> None:
    """Whether an objective is fresh depends on the day."""
    if before is None or before.date() != now.date():
        for department in rows["departments"].where(live=True):
            rows.mark("total", department["id"])


def scoreboard(*services: str, version: int = 1, name: str = "scoreboard") -> TestProjection:
    """The projection, hearing these services."""
    return TestProjection(
        name=name,
        version=version,
        tables=(DEPARTMENTS, OBJECTIVES, TOTALS, STORY),
        handlers={
            DepartmentCreated: department_created,
            DepartmentMoved: department_moved,
            ObjectiveCreated: objective_created,
            ObjectiveReworded: objective_reworded,
            ObjectivePublished: objective_published,
            ObjectiveClosed: objective_closed,
        },
        derivations=(Derivation("total", total, rank=depth),),
        on_time=day_began,
        services=services,
    )
