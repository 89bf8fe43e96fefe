"""Policies over HTTP: the body is the policy, whole."""

from typing import Annotated

from pydantic import AfterValidator

from services.organization.domain.policies import (
    ApprovalPolicy,
    ChangeApproval,
    ChangeCadence,
    ChangeCalendar,
    ChangeHealthPolicy,
    MoveClock,
    read_instant,
)
from shared.okr.calendar import WorkingDays
from shared.okr.duty import Cadence
from shared.okr.health import HealthPolicy
from shared.runtime.http.fields import Body, Instant
from shared.runtime.http.writes import Call, Writes

writes = Writes("organization", tag="policies")


class HealthBody(HealthPolicy, Body):
    """When a key result is at risk or off track; gaps in points of 100."""


class CadenceBody(Cadence, Body):
    """When reports are due."""


class CalendarBody(WorkingDays, Body):
    """Which weekdays are free, and which weekend days are worked."""


class ApprovalBody(ApprovalPolicy, Body):
    """Who approves, and how many it takes to close a cycle."""


class ClockBody(Body):
    """The instant that it is to be."""

    to: Annotated[Instant, AfterValidator(read_instant)]


@writes.put("/v1/policies/health", permission="policies.write")
def put_health_policy(_call: Call, body: HealthBody) -> ChangeHealthPolicy:
    """Set when a key result is at risk or off track."""
    return ChangeHealthPolicy(value=HealthPolicy.model_validate(body.model_dump()))


@writes.put("/v1/policies/cadence", permission="policies.write")
def put_cadence(_call: Call, body: CadenceBody) -> ChangeCadence:
    """Set when reports are due."""
    return ChangeCadence(value=Cadence.model_validate(body.model_dump()))


@writes.put("/v1/policies/calendar", permission="policies.write")
def put_calendar(_call: Call, body: CalendarBody) -> ChangeCalendar:
    """Set which days are worked."""
    return ChangeCalendar(value=WorkingDays.model_validate(body.model_dump()))


@writes.put("/v1/policies/approval", permission="policies.write")
def put_approval(_call: Call, body: ApprovalBody) -> ChangeApproval:
    """Set who approves, and how many it takes to close a cycle."""
    return ChangeApproval(value=ApprovalPolicy.model_validate(body.model_dump()))


@writes.put("/v1/policies/clock", permission="policies.write")
def move_clock(_call: Call, body: ClockBody) -> MoveClock:
    """Move the clock of a training organization."""
    return MoveClock(to=body.to)
