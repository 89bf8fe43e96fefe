"""Days, working days, spans, windows: every rule of the calendar."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter

from shared.okr.calendar import (
    Due,
    Stride,
    Window,
    WorkingDays,
    day_of,
    end_of_day,
    ended,
    span_day,
    start_of_day,
    window_at,
    windows,
)
from shared.okr.holidays import DEFAULT_CALENDAR


def day(text: str) -> date:
    return date.fromisoformat(text)


def spans(start: str, end: str, stride: Stride) -> list[tuple[str, str]]:
    found = windows(day(start), day(end), stride)
    return [(window.first.isoformat(), window.last.isoformat()) for window in found]


def test_windows_of_weeks_step_from_the_first_day_and_the_last_is_shorter() -> None:
    assert spans("2026-01-01", "2026-01-20", Stride(weeks=1)) == [
        ("2026-01-01", "2026-01-07"),
        ("2026-01-08", "2026-01-14"),
        ("2026-01-15", "2026-01-20"),
    ]
    last = windows(day("2026-01-01"), day("2026-01-20"), Stride(weeks=1))[-1]
    assert (last.days, last.full_days) == (6, 7)


def test_windows_of_months_step_from_the_first_day() -> None:
    assert spans("2026-01-15", "2026-04-30", Stride(months=2)) == [
        ("2026-01-15", "2026-03-14"),
        ("2026-03-15", "2026-04-30"),
    ]
    last = windows(day("2026-01-15"), day("2026-04-30"), Stride(months=2))[-1]
    assert (last.days, last.full_days) == (47, 61)


def test_months_from_the_31st_come_back_to_it() -> None:
    assert spans("2026-01-31", "2026-05-01", Stride(months=1)) == [
        ("2026-01-31", "2026-02-27"),
        ("2026-02-28", "2026-03-30"),
        ("2026-03-31", "2026-04-29"),
        ("2026-04-30", "2026-05-01"),
    ]


def test_months_run_over_the_end_of_the_year() -> None:
    assert spans("2026-11-01", "2027-02-28", Stride(months=2)) == [
        ("2026-11-01", "2026-12-31"),
        ("2027-01-01", "2027-02-28"),
    ]


def test_a_cycle_of_one_day_has_one_window() -> None:
    found = windows(day("2026-01-01"), day("2026-01-01"), Stride(weeks=1))
    assert found == (Window(day("2026-01-01"), day("2026-01-01"), 7),)


def test_a_window_has_ended_from_the_day_after_its_last() -> None:
    weeks = windows(day("2026-01-01"), day("2026-01-20"), Stride(weeks=1))
    counts = {"2026-01-07": 0, "2026-01-08": 1, "2026-01-14": 1, "2026-01-20": 2, "2026-01-21": 3}
    assert {text: ended(weeks, day(text)) for text in counts} == counts


def test_a_day_outside_the_cycle_lies_in_no_window() -> None:
    weeks = windows(day("2026-01-01"), day("2026-01-20"), Stride(weeks=1))
    places = {"2025-12-31": None, "2026-01-01": 0, "2026-01-08": 1, "2026-01-20": 2}
    assert {text: window_at(weeks, day(text)) for text in places} == places
    assert window_at(weeks, day("2026-01-21")) is None


@pytest.mark.parametrize(
    ("entered", "resolved"),
    [
        ("2026-11-30", "2026-11-30"),
        ({"month_end": "2026-02"}, "2026-02-28"),
        ({"month_end": "2028-02"}, "2028-02-29"),
        ({"month_end": "2026-12"}, "2026-12-31"),
        ({"mid_month": "2026-12"}, "2026-12-20"),
    ],
)
def test_a_due_may_be_entered_as_a_span(entered: Any, resolved: str) -> None:
    adapter: TypeAdapter[date] = TypeAdapter(Due)
    assert adapter.dump_python(adapter.validate_python(entered), mode="json") == resolved


def test_a_span_means_the_month_that_a_day_lies_in() -> None:
    assert span_day("month_end", day("2021-07-05")) == day("2021-07-31")
    assert span_day("mid_month", day("2021-12-31")) == day("2021-12-20")


def test_the_day_of_an_instant_is_that_of_the_zone() -> None:
    late = datetime(2026, 1, 31, 16, 0, tzinfo=UTC)
    assert day_of(late) == day("2026-02-01")
    assert day_of(late - timedelta(microseconds=1)) == day("2026-01-31")
    assert day_of(late, "America/New_York") == day("2026-01-31")


def test_the_end_of_a_day_is_its_last_instant() -> None:
    end = end_of_day(day("2026-01-31"))
    assert end.utcoffset() == timedelta(hours=8)
    assert day_of(end) == day("2026-01-31")
    assert day_of(end + timedelta(microseconds=1)) == day("2026-02-01")
    assert start_of_day(day("2026-02-01")) - end == timedelta(microseconds=1)


def test_a_day_on_which_the_clocks_change_ends_with_it() -> None:
    end = end_of_day(day("2026-03-29"), "Europe/Berlin")
    assert end.astimezone(UTC) == datetime(2026, 3, 29, 21, 59, 59, 999999, tzinfo=UTC)
    begin = start_of_day(day("2026-03-29"), "Europe/Berlin")
    assert begin.astimezone(UTC) == datetime(2026, 3, 28, 23, tzinfo=UTC)


def test_any_offset_gives_the_same_day() -> None:
    instant = datetime(2026, 1, 31, 23, 30, tzinfo=timezone(timedelta(hours=8)))
    assert day_of(instant) == day_of(instant.astimezone(UTC)) == day("2026-01-31")


@pytest.mark.parametrize(
    ("text", "working"),
    [
        ("2026-09-30", True),
        ("2026-10-01", False),  # 国庆
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # a Saturday, 调休
        ("2026-10-11", False),
        ("2026-01-04", True),  # a Sunday, 调休
        ("2021-02-20", True),
        ("2021-02-15", False),  # 春节
        ("2027-06-07", True),  # not announced: weekends only
        ("2027-06-05", False),
    ],
)
def test_the_default_calendar_knows_the_holidays_and_make_up_days(text: str, working: bool) -> None:
    assert DEFAULT_CALENDAR.is_working(day(text)) is working


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("2026-03-06", "2026-03-06"),
        ("2026-01-02", "2026-01-04"),  # the next working day is a worked Sunday
        ("2026-02-20", "2026-02-24"),
        ("2026-03-07", "2026-03-09"),
    ],
)
def test_the_next_working_day(text: str, following: str) -> None:
    assert DEFAULT_CALENDAR.working_from(day(text)) == day(following)


def test_a_calendar_is_written_in_order() -> None:
    free = frozenset(day("2026-10-01") + timedelta(days=n) for n in range(3))
    assert WorkingDays(holidays=free).model_dump(mode="json") == {
        "holidays": ["2026-10-01", "2026-10-02", "2026-10-03"],
        "workdays": [],
    }
