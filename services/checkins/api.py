"""Progress and check-ins over HTTP."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from services.checkins.domain.commands import (
    LONGEST_URL,
    MOST_READINGS,
    LogProgress,
    PublishCheckIn,
    ReportedReading,
    RetractProgress,
)
from shared.events.event import Id
from shared.okr.health import Confidence, ReportedStatus
from shared.okr.readings import Reading
from shared.runtime.http.fields import Body, Day, FreeText, Reason
from shared.runtime.http.writes import Call, Writes

KEY_RESULT: Final = "/v1/objectives/{objective_id}/key-results/{key_result_id}"
CHECK_INS: Final = "/v1/objectives/{objective_id}/check-ins"

writes = Writes("checkins", tag="progress")


class NewMeasurement(Body):
    """One measurement of a key result."""

    reading: Reading
    observed_on: Day
    note: FreeText | None = None
    confidence: Confidence | None = None
    evidence_url: (
        Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=LONGEST_URL)] | None
    ) = None
    source: Literal["person", "integration"] = "person"


class Retraction(Body):
    """Why a measurement is taken back."""

    reason: Reason


class NewReading(Body):
    """One key result's part of a check-in."""

    reading: Reading
    observed_on: Day
    confidence: Confidence | None = None


class NewCheckIn(Body):
    """How an objective goes."""

    narrative: FreeText | None = None
    status: ReportedStatus | None = None
    confidence: Confidence | None = None
    readings: Annotated[dict[Id, NewReading], Field(max_length=MOST_READINGS)] = Field(
        default_factory=dict
    )


@writes.post(
    f"{KEY_RESULT}/progress",
    permission="progress.write",
    creates=f"{KEY_RESULT}/progress/{{n}}",
    shows=("n",),
    resource=KEY_RESULT,
)
def log_progress(
    call: Call, body: NewMeasurement, objective_id: Id, key_result_id: Id
) -> LogProgress:
    """Record one measurement; an earlier day never overwrites a later one."""
    return LogProgress(
        objective_id=objective_id,
        key_result_id=key_result_id,
        reading=body.reading,
        observed_on=body.observed_on,
        note=call.seal(body.note),
        confidence=body.confidence,
        evidence_url=body.evidence_url,
        source=body.source,
    )


@writes.post(
    f"{KEY_RESULT}/progress/{{n}}/retract", permission="progress.write", resource=KEY_RESULT
)
def retract_progress(
    call: Call, body: Retraction, objective_id: Id, key_result_id: Id, n: int
) -> RetractProgress:
    """Take a measurement back; it stays readable and counts no more."""
    return RetractProgress(
        objective_id=objective_id,
        key_result_id=key_result_id,
        n=n,
        reason=call.seal(body.reason),
    )


@writes.post(
    CHECK_INS,
    permission="checkins.write",
    creates=f"{CHECK_INS}/{{n}}",
    shows=("n",),
    resource="/v1/objectives/{objective_id}",
)
def publish_check_in(call: Call, body: NewCheckIn, objective_id: Id) -> PublishCheckIn:
    """Tell how an objective goes: words, status, confidence, and any readings."""
    return PublishCheckIn(
        objective_id=objective_id,
        narrative=call.seal(body.narrative),
        status=body.status,
        confidence=body.confidence,
        readings={
            key: ReportedReading(
                reading=given.reading,
                observed_on=given.observed_on,
                confidence=given.confidence,
            )
            for key, given in body.readings.items()
        },
    )
