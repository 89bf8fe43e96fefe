"""What checkins can be asked."""

from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.events.checkins import Source
from shared.events.deciding import Command, command_type
from shared.events.event import Id, Sealed
from shared.okr.calendar import Day
from shared.okr.health import Confidence, ReportedStatus
from shared.okr.readings import Reading

MOST_READINGS: Final = 100
LONGEST_URL: Final = 2_000


class TrackingCommand(Command):
    """A wish about the tracking of an objective."""

    objective_id: Id

    @property
    def stream(self) -> str:
        """One stream for the tracking of an objective."""
        return f"tracking-{self.objective_id}"


class FollowObjective(TrackingCommand):
    """Bring tracking in line with the objective as the reference view knows it."""


class LogProgress(TrackingCommand):
    """Record one measurement of a key result."""

    key_result_id: Id
    reading: Reading
    observed_on: Day
    note: Sealed | None = None
    confidence: Confidence | None = None
    evidence_url: Annotated[str, Field(max_length=LONGEST_URL)] | None = None
    source: Source = "person"


class RetractProgress(TrackingCommand):
    """Take a measurement back."""

    key_result_id: Id
    n: int
    reason: Sealed


class ReportedReading(BaseModel):
    """One key result's part of a check-in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reading: Reading
    observed_on: Day
    confidence: Confidence | None = None


class PublishCheckIn(TrackingCommand):
    """Tell how an objective goes: words, status, confidence, and any readings."""

    narrative: Sealed | None = None
    status: ReportedStatus | None = None
    confidence: Confidence | None = None
    readings: Annotated[dict[Id, ReportedReading], Field(max_length=MOST_READINGS)] = Field(
        default_factory=dict
    )


class JudgeDay(TrackingCommand):
    """Judge health and duties again, because a day has passed."""

    day: date


class BeginDay(Command):
    """Say that a day has begun and that every live tracking has been judged on it."""

    day: date

    @property
    def stream(self) -> str:
        """One stream for the days."""
        return "days"


COMMANDS: Final = {
    command_type(cls): cls
    for cls in (
        FollowObjective,
        LogProgress,
        RetractProgress,
        PublishCheckIn,
        JudgeDay,
        BeginDay,
    )
}
