"""The duty to report: due days, silence, escalation."""

from datetime import date, timedelta

import pytest

from shared.okr.calendar import Stride, WorkingDays
from shared.okr.duty import (
    Cadence,
    Duty,
    DutyStatus,
    due_days,
    duty,
    escalated_to,
    reported_when_due,
)
from shared.okr.holidays import DEFAULT_CALENDAR

WEEKLY = Cadence()
PLAIN = WorkingDays()


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def due(start: str, end: str, cadence: Cadence = WEEKLY, of: WorkingDays = PLAIN) -> list[str]:
    return [found.isoformat()[5:] for found in due_days(cadence, of, day(start), day(end))]


def test_a_report_is_due_every_friday_by_default() -> None:
    assert due("03-01", "03-31") == ["03-06", "03-13", "03-20", "03-27"]


def test_a_friday_that_is_a_holiday_moves_to_the_next_working_day() -> None:
    assert due("10-01", "10-16", of=DEFAULT_CALENDAR) == ["10-08", "10-09", "10-16"]
    assert due("02-10", "03-01", of=DEFAULT_CALENDAR) == ["02-13", "02-24", "02-27"]


def test_the_next_working_day_may_be_a_make_up_sunday() -> None:
    assert due("01-01", "01-10", of=DEFAULT_CALENDAR) == ["01-04", "01-09"]


def test_a_make_up_day_moves_nothing_by_itself() -> None:
    saturdays = Cadence(weekday="sat")
    assert due("10-08", "10-21", saturdays, DEFAULT_CALENDAR) == ["10-10", "10-19"]


def test_a_holiday_over_two_fridays_leaves_one_due_day() -> None:
    free = frozenset(day("03-05") + timedelta(days=n) for n in range(10))
    assert due("03-01", "03-31", of=WorkingDays(holidays=free)) == ["03-16", "03-20", "03-27"]


def test_a_due_day_beyond_the_cycle_is_none() -> None:
    assert due("09-21", "10-03", of=DEFAULT_CALENDAR) == ["09-28"]
    assert due("09-21", "09-27", of=DEFAULT_CALENDAR) == []


def test_every_second_week_falls_due_at_its_end() -> None:
    fortnightly = Cadence(every=Stride(weeks=2))
    assert due("03-01", "04-11", fortnightly) == ["03-13", "03-27", "04-10"]


def test_every_month_falls_due_on_its_last_such_weekday() -> None:
    monthly = Cadence(every=Stride(months=1), weekday="mon")
    assert due("01-01", "03-31", monthly) == ["01-26", "02-23", "03-30"]


FRIDAYS = due_days(WEEKLY, PLAIN, day("03-01"), day("03-31"))


def stands(today: str, *, published: str = "03-04", reported: str | None = None) -> Duty:
    last = None if reported is None else day(reported)
    return duty(WEEKLY, FRIDAYS, day(today), owed_after=day(published), last_report=last)


@pytest.mark.parametrize(
    ("today", "status", "days_over"),
    [
        ("03-04", DutyStatus.NOT_DUE, 0),
        ("03-05", DutyStatus.NOT_DUE, 0),
        ("03-06", DutyStatus.DUE, 0),
        ("03-07", DutyStatus.OVERDUE, 1),
        ("03-09", DutyStatus.OVERDUE, 3),
        ("03-10", DutyStatus.OUTDATED, 4),
        ("03-31", DutyStatus.OUTDATED, 25),
    ],
)
def test_silence_goes_from_due_to_overdue_to_outdated(
    today: str, status: DutyStatus, days_over: int
) -> None:
    assert stands(today) == Duty(status, day("03-06"), days_over)


def test_what_falls_due_on_the_day_of_publishing_is_not_owed() -> None:
    assert stands("03-07", published="03-06") == Duty(DutyStatus.NOT_DUE, day("03-13"), 0)


def test_a_report_since_publishing_fulfils_the_first_due_day() -> None:
    assert stands("03-06", published="03-06", reported="03-06").due_on == day("03-20")
    assert stands("03-06", reported="03-05") == Duty(DutyStatus.NOT_DUE, day("03-13"), 0)


def test_a_report_on_a_due_day_is_for_that_day() -> None:
    assert stands("03-13", reported="03-06") == Duty(DutyStatus.DUE, day("03-13"), 0)


def test_a_report_since_the_previous_due_day_fulfils_the_next() -> None:
    assert stands("03-13", reported="03-07") == Duty(DutyStatus.NOT_DUE, day("03-20"), 0)
    assert stands("03-20", reported="03-07") == Duty(DutyStatus.DUE, day("03-20"), 0)


def test_a_late_report_ends_the_silence() -> None:
    assert stands("03-11", reported="03-11") == Duty(DutyStatus.NOT_DUE, day("03-20"), 0)


def test_a_report_before_publishing_is_none() -> None:
    assert stands("03-06", reported="03-03").status is DutyStatus.DUE


def test_nothing_is_owed_after_the_last_due_day_of_the_cycle() -> None:
    assert stands("04-20", reported="03-26") == Duty(DutyStatus.NOT_DUE, None, 0)
    assert stands("03-30", published="03-27") == Duty(DutyStatus.NOT_DUE, None, 0)


def test_grace_is_a_policy() -> None:
    strict = Cadence(grace_days=0)
    found = duty(strict, FRIDAYS, day("03-07"), owed_after=day("03-04"), last_report=None)
    assert found.status is DutyStatus.OUTDATED


def test_a_silence_is_escalated_on_days_4_7_and_10() -> None:
    told = {days: escalated_to(WEEKLY, days) for days in (3, 4, 6, 7, 9, 10, 40)}
    assert told[3] == ()
    assert told[4] == told[6] == ("reviewer",)
    assert told[7] == told[9] == ("reviewer", "department_head")
    assert told[10] == told[40] == ("reviewer", "department_head", "cycle_administrator")


@pytest.mark.parametrize(
    ("today", "reports", "rate"),
    [
        ("03-05", [], (0, 0)),
        ("03-06", [], (0, 0)),  # there is the whole day yet
        ("03-06", ["03-06"], (1, 1)),
        ("03-07", [], (0, 1)),
        ("03-07", ["03-07"], (0, 1)),  # late
        ("03-14", ["03-07", "03-07"], (1, 2)),
        ("03-14", ["03-13", "03-04"], (2, 2)),
        ("03-14", ["03-03"], (0, 2)),  # before publishing
        ("04-20", ["03-05", "03-12", "03-26"], (3, 4)),
    ],
)
def test_the_checkin_rate_is_reported_when_due_over_due(
    today: str, reports: list[str], rate: tuple[int, int]
) -> None:
    days = [day(text) for text in reports]
    found = reported_when_due(FRIDAYS, day(today), owed_after=day("03-04"), reports=days)
    assert found == rate
