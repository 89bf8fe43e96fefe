"""The shapes of answers, as the document at /openapi.json tells them.

Answers are written from stored documents, not through these; tests hold the two against each other.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.events.checkins import FrozenKeyResult
from shared.events.organization import CycleKind
from shared.okr.figures import Quantity
from shared.okr.health import Health, ReportedStatus
from shared.okr.measures import Measure
from shared.okr.readings import Reading

State = Literal["draft", "submitted", "published", "closed"]


class Shape(BaseModel):
    """Part of an answer. An item also has `as_of`."""

    model_config = ConfigDict(frozen=True)


class Progress(Shape):
    """A progress as a share of 1: what the formula gave, and the same cut to 0 … 1."""

    raw: Quantity
    shown: Quantity


class Coverage(Shape):
    """How many of the parts behind a figure have a value."""

    measured: int
    total: int


class HealthCounts(Shape):
    """How many of each health."""

    pending: int
    on_track: int
    at_risk: int
    off_track: int
    outdated: int
    closed: int


class HealthReason(Shape):
    """The rule that decided a health, its policy's version, the gap in points, and the cause."""

    rule: str
    version: int | None
    gap: Quantity | None
    cause: str | None


class Latest(Shape):
    """The measurement that counts now, and the number behind the progress."""

    n: int
    reading: Reading
    value: Quantity | None
    observed_on: date
    recorded_at: datetime
    by: str
    source: str


class KeyResult(Shape):
    """A key result with its figures. `weight` is null while all count alike."""

    id: str
    objective_id: str
    title: str
    owner_id: str | None
    measure: Measure
    weight: Quantity | None
    due: date | None
    mentions: list[str]
    progress: Progress | None
    attained: Literal[True, False, "late"] | None
    zone: str | None
    expected: Quantity | None
    health: Health | None
    health_reason: HealthReason | None
    confidence: int | None
    coverage: Coverage | None
    latest: Latest | None
    state: Literal["live", "cancelled"]
    revision: int


class Owner(Shape):
    """Whose an objective is."""

    type: Literal["company", "department", "member"]
    id: str


class Objective(Shape):
    """An objective with its key results."""

    id: str
    cycle_id: str
    owner: Owner
    department_id: str
    title: str
    description: str | None
    commitment: Literal["committed", "aspirational"]
    confidential: bool
    state: State
    outcome: Literal["achieved", "partly", "missed", "abandoned"] | None
    approver_id: str | None
    revision: int
    version: int
    progress: Progress | None
    expected: Quantity | None
    health: Health | None
    coverage: Coverage
    confidence: Quantity | None
    key_results: list[KeyResult]
    contributes_to: dict[str, Any] | None
    supports: list[dict[str, Any]]
    contributed_by: list[dict[str, Any]]
    supported_by: list[dict[str, Any]]
    requests: list[dict[str, Any]]


class Retracted(Shape):
    """When, by whom and why a measurement was taken back."""

    at: datetime
    by: str
    reason: str | None


class Measurement(Shape):
    """One measurement of a key result."""

    n: int
    objective_id: str
    key_result_id: str
    reading: Reading
    observed_on: date
    recorded_on: date
    recorded_at: datetime
    late: bool
    confidence: int | None
    note: str | None
    evidence_url: str | None
    source: str
    by: str
    target_revision: int
    check_in: int | None
    retracted: Retracted | None


class CheckIn(Shape):
    """One check-in, and how each key result stood with it."""

    n: int
    objective_id: str
    narrative: str | None
    status: ReportedStatus | None
    confidence: int | None
    key_results: list[FrozenKeyResult]
    recorded_on: date
    recorded_at: datetime
    late: bool
    by: str
    state: Literal["published"]


class Department(Shape):
    """A department; the one without a parent is the company."""

    id: str
    name: str
    aliases: list[str]
    parent_id: str | None
    head_id: str | None
    external_id: str | None
    state: Literal["open", "closed"]
    version: int


class Member(Shape):
    """A member, by the name that the people store has; null once erased."""

    id: str
    display_name: str | None
    email: str | None
    title: str | None
    external_id: str | None
    department_id: str
    roles: list[str]
    state: Literal["active", "left", "erased"]
    successor_id: str | None
    version: int


class Cycle(Shape):
    """A cycle; both days belong to it."""

    id: str
    name: str
    start: date
    end: date
    kind: CycleKind
    state: Literal["planning", "active", "review", "closed"]
    planned_by: str
    version: int


class Unit(Shape):
    """Whose figures they are."""

    type: Literal["company", "department"]
    id: str
    name: str


class Excluded(Shape):
    """An objective left out of the mean, because it feeds another one of the same subtree."""

    objective_id: str
    fed_into: str


class Figures(Shape):
    """The figures of a unit's whole subtree in a cycle; `sum` ÷ `count` is the progress."""

    unit: Unit
    cycle_id: str
    progress: Progress | None
    worst: Health | None
    sum: Quantity
    count: int
    coverage: Coverage
    health: HealthCounts
    objectives: HealthCounts
    checkin_rate: Quantity | None
    confidence: Quantity | None
    aligned_share: Quantity | None
    excluded: list[Excluded]


class Summary(Figures):
    """A unit's figures, and those of the departments one level down."""

    children: list[Figures]


class Subject(Shape):
    """What a notice is about."""

    type: str
    id: str


class Sent(Shape):
    """How a notice fared on a channel outside."""

    channel: str
    state: str
    at: datetime
    error: str | None


class Notice(Shape):
    """Something that the caller was told."""

    id: str
    rule: str
    subject: Subject
    objective_id: str | None
    cause: str
    text: str
    created_at: datetime
    read_at: datetime | None
    deliveries: list[Sent]
