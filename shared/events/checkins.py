"""What the checkins service says: tracking, progress, check-ins, health, and duties to report."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.event import Event, Id, Sealed
from shared.okr.figures import Quantity
from shared.okr.health import Confidence, Health, ReportedStatus
from shared.okr.measures import Measure
from shared.okr.readings import Reading

Source = Literal["person", "integration", "import"]
HealthCause = Literal["measurement", "check_in", "time", "target_change", "ended"]


class TrackingEvent(Event):
    """Something happened to the tracking of an objective."""

    objective_id: Id

    @property
    def stream(self) -> str:
        """One stream for the tracking of an objective."""
        return f"tracking-{self.objective_id}"


class TrackedEvent(TrackingEvent):
    """Something happened to the tracking of a key result."""

    key_result_id: Id


class KRTrackingStarted(TrackedEvent):
    """Tracking of a key result began: what it is judged by from now on.

    `tracked_from` is where expected progress starts (an import's: the cycle's first day);
    `owed_from` is the day after which reports are owed (an import's: the day of the import).
    """

    measure: Annotated[Measure, Field(discriminator="kind")]
    target_revision: int
    cycle_id: Id
    cycle_start: date
    cycle_end: date
    due: date | None
    tracked_from: date
    owed_from: date


class KRTrackingChanged(TrackedEvent):
    """What a key result is judged by changed: its measure or its due day."""

    measure: Annotated[Measure, Field(discriminator="kind")]
    target_revision: int
    due: date | None


class KRTrackingEnded(TrackedEvent):
    """Tracking of a key result ended."""

    reason: Literal["cancelled", "objective_closed"]


class KRTrackingResumed(TrackedEvent):
    """Tracking of a key result goes on: its objective was reopened."""

    owed_from: date


class KRProgressLogged(TrackedEvent):
    """A measurement of a key result was recorded; `n` counts 1, 2, … within the key result.

    `observed_on` is the day it is true of, `recorded_on` the organization's day of recording.
    """

    n: int
    reading: Reading
    observed_on: date
    recorded_on: date
    late: bool = False
    confidence: Confidence | None = None
    note: Sealed | None = None
    evidence_url: str | None = None
    source: Source = "person"
    target_revision: int
    check_in: int | None = None


class KRProgressRetracted(TrackedEvent):
    """A measurement was retracted; it stays readable and counts no more."""

    n: int
    reason: Sealed


class FrozenKeyResult(BaseModel):
    """How a key result stood when a check-in was published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_result_id: Id
    value: Quantity | None
    value_before: Quantity | None
    confidence: Confidence | None
    measure: Annotated[Measure, Field(discriminator="kind")]
    target_revision: int
    measurement: int | None


class CheckInPublished(TrackingEvent):
    """The owner told how an objective goes; `n` counts 1, 2, … within the objective."""

    n: int
    narrative: Sealed | None = None
    status: ReportedStatus | None = None
    confidence: Confidence | None = None
    key_results: tuple[FrozenKeyResult, ...]
    recorded_on: date
    late: bool = False


class KRHealthChanged(TrackedEvent):
    """A key result's health changed: what it was, what it is, and the rule that says so.

    A key result is `pending` from the start of its tracking without an event.
    """

    from_: Health = Field(alias="from")
    to: Health
    expected: Quantity | None
    shown: Quantity | None
    gap: Quantity | None
    confidence: Confidence | None
    rule: str
    rule_version: int
    cause: HealthCause
    source: Source | None = None

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )


class DutyEvent(TrackedEvent):
    """The duty to report on a key result moved on."""

    due_on: date


class CheckInFellDue(DutyEvent):
    """A report on a key result fell due."""


class CheckInOverdue(DutyEvent):
    """A report on a key result is overdue."""


class CheckInOutdated(DutyEvent):
    """A report on a key result is overdue by more than the grace days."""


class DayBegan(Event):
    """A day began in the organization's zone, and all that is tracked has been judged on it."""

    day: date

    @property
    def stream(self) -> str:
        """One stream for the days."""
        return "days"
