"""Cycles over HTTP."""

from typing import Final, Self

from pydantic import model_validator

from services.organization.domain.cycles import (
    ActivateCycle,
    CloseCycle,
    PlanCycle,
    ReopenCycle,
    StartCycleReview,
    check_days,
)
from shared.events.event import Id
from shared.events.organization import CycleKind
from shared.runtime.http.fields import Body, Day, Reason, Title
from shared.runtime.http.writes import Call, Writes

ITEM: Final = "/v1/cycles/{cycle_id}"

writes = Writes("organization", tag="cycles")


class NewCycle(Body):
    """A cycle to be planned; both days belong to it. Its kind follows from them unless said."""

    name: Title
    start: Day
    end: Day
    kind: CycleKind | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_days(self.start, self.end)
        return self


class Step(Body):
    """Why a cycle goes on; may be left out."""

    reason: Reason | None = None


class Reopening(Body):
    """Why a closed cycle is opened again."""

    reason: Reason


@writes.post("/v1/cycles", permission="cycles.write", creates="/v1/cycles/{id}")
def plan_cycle(call: Call, body: NewCycle) -> PlanCycle:
    """Plan a cycle; who plans it is its administrator."""
    return PlanCycle(
        cycle_id=call.id, name=body.name, start=body.start, end=body.end, kind=body.kind
    )


@writes.post(f"{ITEM}/activate", permission="cycles.write")
def activate_cycle(call: Call, body: Step, cycle_id: Id) -> ActivateCycle:
    """Begin a planned cycle."""
    return ActivateCycle(cycle_id=cycle_id, reason=call.seal(body.reason))


@writes.post(f"{ITEM}/review", permission="cycles.write")
def start_cycle_review(call: Call, body: Step, cycle_id: Id) -> StartCycleReview:
    """Enter the review of an active cycle."""
    return StartCycleReview(cycle_id=cycle_id, reason=call.seal(body.reason))


@writes.post(f"{ITEM}/close", permission="cycles.write")
def close_cycle(call: Call, body: Step, cycle_id: Id) -> CloseCycle:
    """Close a cycle whose review is over; where two persons are needed, ask for the second."""
    return CloseCycle(cycle_id=cycle_id, reason=call.seal(body.reason))


@writes.post(f"{ITEM}/reopen", permission="cycles.write")
def reopen_cycle(call: Call, body: Reopening, cycle_id: Id) -> ReopenCycle:
    """Open a closed cycle again."""
    return ReopenCycle(cycle_id=cycle_id, reason=call.seal(body.reason))
