"""Cycles: planning, active, review, closed, and opened again."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.organization.domain import DECIDER
from services.organization.domain.cycles import (
    ActivateCycle,
    CloseCycle,
    ImportCycle,
    PlanCycle,
    ReopenCycle,
    StartCycleReview,
    kind_of,
)
from shared.events.organization import (
    CycleActivated,
    CycleCloseAsked,
    CycleClosed,
    CyclePlanned,
    CycleReopened,
    CycleReviewStarted,
    PolicyChanged,
)
from tests.support.given import OPERATOR, given
from tests.support.people import (
    A_PLANNED_CYCLE,
    ADMIN,
    AN_ACTIVE_CYCLE,
    BOSS,
    CYCLE,
    END,
    PEOPLE,
    START,
    sealed,
)

REASON = sealed("a figure was wrong")
IN_REVIEW = (*AN_ACTIVE_CYCLE, CycleReviewStarted(cycle_id=CYCLE))
CLOSED = (*IN_REVIEW, CycleClosed(cycle_id=CYCLE))


def test_a_cycle_is_planned_and_its_kind_follows_from_its_days() -> None:
    given(DECIDER, *PEOPLE).when(
        PlanCycle(cycle_id=CYCLE, name="2026Q4", start=START, end=END), by=ADMIN
    ).then(CyclePlanned(cycle_id=CYCLE, name="2026Q4", start=START, end=END, kind="quarter"))


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [
        ("2026-02-01", "2026-02-28", "month"),
        ("2026-11-15", "2027-01-14", "two_months"),
        ("2026-01-01", "2026-03-31", "quarter"),
        ("2026-07-01", "2026-12-31", "half"),
        ("2021-01-01", "2021-12-31", "year"),
        ("2026-01-01", "2026-01-01", "custom"),
        ("2026-01-01", "2026-04-30", "custom"),
    ],
)
def test_a_kind_is_known_by_its_days(start: str, end: str, kind: str) -> None:
    assert kind_of(date.fromisoformat(start), date.fromisoformat(end)) == kind


def test_a_kind_that_is_said_is_kept() -> None:
    given(DECIDER, *PEOPLE).when(
        PlanCycle(cycle_id=CYCLE, name="冲刺", start=START, end=START, kind="month")
    ).then(CyclePlanned(cycle_id=CYCLE, name="冲刺", start=START, end=START, kind="month"))


def test_a_cycle_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="ends_before_start"):
        PlanCycle(cycle_id=CYCLE, name="x", start=END, end=START)


@pytest.mark.parametrize(
    ("history", "command", "event"),
    [
        ((A_PLANNED_CYCLE,), ActivateCycle, CycleActivated),
        (AN_ACTIVE_CYCLE, StartCycleReview, CycleReviewStarted),
        (IN_REVIEW, CloseCycle, CycleClosed),
        (CLOSED, ReopenCycle, CycleReopened),
    ],
)
def test_a_cycle_goes_on_step_by_step(history: tuple[Any, ...], command: Any, event: Any) -> None:
    given(DECIDER, *PEOPLE, *history).when(command(cycle_id=CYCLE, reason=REASON)).then(
        event(cycle_id=CYCLE, reason=REASON)
    )


@pytest.mark.parametrize(
    ("history", "command", "state"),
    [
        ((A_PLANNED_CYCLE,), StartCycleReview, "planning"),
        ((A_PLANNED_CYCLE,), CloseCycle, "planning"),
        ((A_PLANNED_CYCLE,), ReopenCycle, "planning"),
        (AN_ACTIVE_CYCLE, CloseCycle, "active"),
        (AN_ACTIVE_CYCLE, ReopenCycle, "active"),
        (IN_REVIEW, ActivateCycle, "review"),
        (IN_REVIEW, ReopenCycle, "review"),
        (CLOSED, ActivateCycle, "closed"),
        (CLOSED, StartCycleReview, "closed"),
    ],
)
def test_a_cycle_leaps_over_no_step(history: tuple[Any, ...], command: Any, state: str) -> None:
    given(DECIDER, *PEOPLE, *history).when(command(cycle_id=CYCLE, reason=REASON)).refused(
        "cycle_state", state=state
    )


@pytest.mark.parametrize("command", [ActivateCycle, StartCycleReview, CloseCycle, ReopenCycle])
def test_a_cycle_that_nobody_planned_is_not_found(command: Any) -> None:
    given(DECIDER, *PEOPLE).when(command(cycle_id=CYCLE, reason=REASON)).refused("not_found")


def test_only_administrators_move_a_cycle() -> None:
    given(DECIDER, *PEOPLE, *CLOSED).when(
        ReopenCycle(cycle_id=CYCLE, reason=REASON), by=BOSS
    ).refused("not_allowed")


def test_where_two_persons_close_a_cycle_the_second_one_does() -> None:
    two = PolicyChanged(
        policy="approval", revision=1, value={"next_level_up": False, "two_person_close": True}
    )
    asked = (
        given(DECIDER, *PEOPLE, *IN_REVIEW, two)
        .when(CloseCycle(cycle_id=CYCLE), by=ADMIN)
        .then(CycleCloseAsked(cycle_id=CYCLE))
    )
    asked.when(CloseCycle(cycle_id=CYCLE), by=ADMIN).says_nothing_new()
    asked.when(CloseCycle(cycle_id=CYCLE), by=OPERATOR).then(CycleClosed(cycle_id=CYCLE))


def test_an_import_makes_an_active_cycle_and_then_says_nothing_new() -> None:
    told = ImportCycle(cycle_id=CYCLE, name="2026Q4", start=START, end=END)
    made = (
        given(DECIDER, *PEOPLE)
        .when(told)
        .then(
            CyclePlanned(cycle_id=CYCLE, name="2026Q4", start=START, end=END, kind="quarter"),
            CycleActivated(cycle_id=CYCLE),
        )
    )
    made.when(told).says_nothing_new()
    made.and_given(*CLOSED[2:]).when(told).says_nothing_new()


def test_an_import_does_not_change_a_cycles_days() -> None:
    told = ImportCycle(cycle_id=CYCLE, name="2026Q4", start=START, end=START)
    there = given(DECIDER, *PEOPLE, *AN_ACTIVE_CYCLE)
    there.when(told).refused("import_differs", fields=["end", "kind"])
    there.when(told.model_copy(update={"update": True})).refused("cycle_days_fixed")
