"""Cycles: planned, active, in review, closed, and opened again with a reason."""

from datetime import date, timedelta
from typing import Final, Self, assert_never

from pydantic import model_validator

from shared.events.deciding import Answer, Command, Refused
from shared.events.event import Id, Sealed
from shared.events.folds.organization import Cycle, Organization
from shared.events.organization import (
    CycleActivated,
    CycleCloseAsked,
    CycleClosed,
    CycleKind,
    CyclePlanned,
    CycleReopened,
    CycleReviewStarted,
)
from shared.okr.calendar import Day, Stride
from shared.okr.words import refusal

KIND_OF_MONTHS: Final[dict[int, CycleKind]] = {
    1: "month",
    2: "two_months",
    3: "quarter",
    6: "half",
    12: "year",
}


def check_days(start: date, end: date) -> None:
    """Refuse a cycle that ends before it starts; one day is enough."""
    if end < start:
        raise refusal("ends_before_start", "a cycle ends on its first day or later", "/end")


def kind_of(start: date, end: date) -> CycleKind:
    """What a cycle of these two days is called, when nobody says."""
    after = end + timedelta(days=1)
    for months, kind in KIND_OF_MONTHS.items():
        if Stride(months=months).after(start, 1) == after:
            return kind
    return "custom"


class CycleCommand(Command):
    """A wish about a cycle."""

    cycle_id: Id

    @property
    def stream(self) -> str:
        """One stream a cycle."""
        return f"cycle-{self.cycle_id}"


class Dated(CycleCommand):
    """A cycle by its name and its two days; the kind follows from them unless it is said."""

    name: str
    start: Day
    end: Day
    kind: CycleKind | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_days(self.start, self.end)
        return self


class PlanCycle(Dated):
    """Plan a cycle; who plans it is its administrator."""


class ImportCycle(Dated):
    """Have a cycle as a file tells it: one that is made is active at once."""

    update: bool = False


class ActivateCycle(CycleCommand):
    """Begin a planned cycle."""

    reason: Sealed | None = None


class StartCycleReview(CycleCommand):
    """Enter the review of an active cycle."""

    reason: Sealed | None = None


class CloseCycle(CycleCommand):
    """Close a cycle whose review is over."""

    reason: Sealed | None = None


class ReopenCycle(CycleCommand):
    """Open a closed cycle again."""

    reason: Sealed


AnyCycleCommand = (
    PlanCycle | ImportCycle | ActivateCycle | StartCycleReview | CloseCycle | ReopenCycle
)


def decide(command: AnyCycleCommand, actor_id: str, org: Organization) -> Answer:
    """Answer a command of the administrator `actor_id`."""
    cycle = org.cycles.get(command.cycle_id)
    match command:
        case PlanCycle():
            return () if cycle else (_planned(command),)
        case ImportCycle():
            return _import(command, cycle)
        case ActivateCycle() | StartCycleReview() | CloseCycle() | ReopenCycle():
            if cycle is None:
                return Refused("not_found")
            return _step(command, actor_id, cycle, org)
        case _:
            assert_never(command)


def _step(
    command: ActivateCycle | StartCycleReview | CloseCycle | ReopenCycle,
    actor_id: str,
    cycle: Cycle,
    org: Organization,
) -> Answer:
    match command:
        case ActivateCycle():
            if cycle.state == "planning":
                return (CycleActivated(cycle_id=cycle.id, reason=command.reason),)
            return () if cycle.state == "active" else _refused(cycle, "planning")
        case StartCycleReview():
            if cycle.state == "active":
                return (CycleReviewStarted(cycle_id=cycle.id, reason=command.reason),)
            return () if cycle.state == "review" else _refused(cycle, "active")
        case CloseCycle():
            if cycle.state == "review":
                return _close(command, actor_id, cycle, org)
            return () if cycle.state == "closed" else _refused(cycle, "review")
        case ReopenCycle():
            if cycle.state == "closed":
                return (CycleReopened(cycle_id=cycle.id, reason=command.reason),)
            return () if cycle.reopened else _refused(cycle, "closed")
        case _:
            assert_never(command)


def _close(command: CloseCycle, actor_id: str, cycle: Cycle, org: Organization) -> Answer:
    """Close it, or wait for a second administrator where the policy `approval` asks for two."""
    if org.two_person_close:
        if cycle.close_asked_by == actor_id:
            return ()
        if cycle.close_asked_by is None:
            return (CycleCloseAsked(cycle_id=cycle.id, reason=command.reason),)
    return (CycleClosed(cycle_id=cycle.id, reason=command.reason),)


def _import(command: ImportCycle, cycle: Cycle | None) -> Answer:
    planned = _planned(command)
    if cycle is None:
        return (planned, CycleActivated(cycle_id=command.cycle_id))
    was = {"name": cycle.name, "start": cycle.start, "end": cycle.end, "kind": cycle.kind}
    differences = [field for field, value in was.items() if value != getattr(planned, field)]
    if not differences:
        return ()
    if command.update:
        return Refused("cycle_days_fixed", {"cycle": cycle.name})
    return Refused("import_differs", {"fields": differences})


def _planned(command: Dated) -> CyclePlanned:
    return CyclePlanned(
        cycle_id=command.cycle_id,
        name=command.name,
        start=command.start,
        end=command.end,
        kind=command.kind or kind_of(command.start, command.end),
    )


def _refused(cycle: Cycle, needed: str) -> Refused:
    return Refused("cycle_state", {"cycle": cycle.name, "state": cycle.state, "needed": needed})
