"""Silence: what falls due, is overdue, is outdated, and what the days change by themselves."""

from decimal import Decimal
from typing import Any

from services.checkins.domain.commands import BeginDay, JudgeDay, LogProgress
from shared.events import checkins as said
from shared.events import organization
from shared.events.deciding import SYSTEM
from shared.okr.measures import Threshold
from tests.support.given import Given, When
from tests.unit.checkins.history import (
    BUYER,
    KR,
    OBJECTIVE,
    added,
    at,
    day,
    health_of,
    read,
    tracked,
)


def judge(history: Given, on: str) -> When:
    return history.when(JudgeDay(objective_id=OBJECTIVE, day=day(on)), by=SYSTEM, at=at(on))


def report(history: Given, on: str, value: int = 90) -> Given:
    command = LogProgress(
        objective_id=OBJECTIVE,
        key_result_id=KR,
        reading=read(value),
        observed_on=day(on),
    )
    return history.when(command, by=BUYER, at=at(on)).after


def kinds(asked: When) -> list[str]:
    return [type(event).__name__ for event in asked.events]


def test_a_report_falls_due_on_friday_and_is_outdated_on_the_fourth_day() -> None:
    # Published on Monday, 28 September: the Friday after it is a holiday, the 8th is worked again.
    history = tracked()
    judge(history, "2026-10-07").says_nothing_new()
    due = judge(history, "2026-10-08")
    assert kinds(due) == ["CheckInFellDue"]
    overdue = judge(due.after, "2026-10-09")
    assert kinds(overdue) == ["CheckInOverdue"]
    judge(overdue.after, "2026-10-11").says_nothing_new()
    outdated = judge(overdue.after, "2026-10-12")
    assert kinds(outdated) == ["CheckInOutdated", "KRHealthChanged"]
    assert health_of(outdated.after) == "outdated"


def test_a_jump_lands_and_says_each_step_of_the_silence_once() -> None:
    landed = judge(tracked(), "2026-10-20")
    assert kinds(landed) == [
        "CheckInFellDue",
        "CheckInOverdue",
        "CheckInOutdated",
        "KRHealthChanged",
    ]
    steps: Any = landed.events[:3]
    assert all(step.due_on == day("2026-10-08") for step in steps)
    judge(landed.after, "2026-10-21").says_nothing_new()


def test_a_report_ends_the_silence_and_the_next_one_begins_anew() -> None:
    silent = judge(tracked(), "2026-10-20").after
    reported = report(silent, "2026-10-20")
    assert health_of(reported) == "on_track"
    judge(reported, "2026-10-23").says_nothing_new()
    assert kinds(judge(reported, "2026-10-30")) == ["CheckInFellDue"]


def test_an_off_track_key_result_stays_off_track_when_it_is_outdated() -> None:
    bad = report(tracked(), "2026-12-04", value=1)
    assert health_of(bad) == "off_track"
    assert health_of(judge(bad, "2026-12-30").after) == "off_track"


def test_holidays_move_the_due_day_and_make_up_days_count() -> None:
    calendar = organization.PolicyChanged(
        policy="calendar",
        revision=1,
        value={"holidays": ["2026-10-02", "2026-10-05"], "workdays": ["2026-10-04"]},
    )
    history = tracked().and_given(calendar)
    judge(history, "2026-10-03").says_nothing_new()
    assert kinds(judge(history, "2026-10-04")) == ["CheckInFellDue"]


def test_a_key_result_past_its_due_is_judged_by_today() -> None:
    floor = Threshold(
        kind="threshold", comparator=">=", limit=Decimal(80), unit="%", evaluation="latest"
    )
    history = report(tracked(added(measure=floor, due=day("2026-10-15"))), "2026-10-14", value=70)
    assert health_of(history) == "on_track"
    assert health_of(judge(history, "2026-10-16").after) == "off_track"


def test_nothing_is_owed_while_the_cycle_is_in_review() -> None:
    from tests.unit.checkins.history import CYCLE

    history = tracked().and_given(organization.CycleReviewStarted(cycle_id=CYCLE))
    judge(history, "2026-11-20").says_nothing_new()


def test_a_day_begins_once_and_never_before_its_time() -> None:
    history = tracked()
    begun = history.when(BeginDay(day=day("2026-10-09")), by=SYSTEM)
    begun.then(said.DayBegan(day=day("2026-10-09")))
    begun.asked_again().says_nothing_new()
    begun.after.when(BeginDay(day=day("2026-10-08")), by=SYSTEM).says_nothing_new()
    begun.after.when(BeginDay(day=day("2026-10-10")), by=SYSTEM).refused("not_yet")
