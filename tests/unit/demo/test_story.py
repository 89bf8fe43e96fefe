"""The story is one that the suite can play, and one that could have happened."""

import re
from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from shared.okr.readings import DoneReading, ValueReading, check_reading
from tests.unit.demo.demo_files import key_results, objectives, six_departments, story
from tests.unit.demo.told_story import calendar_of, days_due, tell

STORY = story()
IMPORT = six_departments()
KEY_RESULTS = key_results(IMPORT)
OWNERS = {objective["key"]: objective["owner"] for objective in objectives(IMPORT)}
STEPS: list[dict[str, Any]] = STORY["steps"]
CALLS = [step for step in STEPS if "method" in step]
# The administrator approves what a head asks; members ask their head.
HEADS = {
    objective["key"]: "admin" if objective["owner"] == department["head"] else department["head"]
    for department in IMPORT["departments"]
    for objective in department["objectives"]
}
O_ROUTE = r"/v1/objectives/\{objective:(?P<objective>[a-z0-9/-]+)\}"
KR_ROUTE = O_ROUTE + r"/key-results/\{kr:(?P<kr>(?P=objective)/kr\d)\}"
ROUTES = {
    "clock": r"PUT /v1/policies/clock",
    "calendar": r"PUT /v1/policies/calendar",
    "import": r"POST /v1/imports",
    "check_in": rf"POST {O_ROUTE}/check-ins",
    "close": rf"POST {O_ROUTE}/close",
    "retarget": rf"POST {KR_ROUTE}/retarget",
    "progress": rf"POST {KR_ROUTE}/progress",
    "retract": rf"POST {KR_ROUTE}/progress/(?P<n>\d+)/retract",
}


def at(step: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(step["at"])


def route(step: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Return which route a call takes, and what its path names."""
    for name, pattern in ROUTES.items():
        if found := re.fullmatch(pattern, f"{step['method']} {step['path']}"):
            return name, found.groupdict()
    raise AssertionError(step["path"])


def calls(name: str) -> list[tuple[dict[str, Any], dict[str, str]]]:
    return [(step, named) for step in CALLS for taken, named in [route(step)] if taken == name]


def readings_of(step: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the readings of a call by the path of their key result."""
    name, named = route(step)
    if name == "progress":
        return [(named["kr"], step["body"])]
    if name == "check_in":
        found = step["body"]["readings"].items()
        return [(re.fullmatch(r"\{kr:(.+)\}", key)[1], body) for key, body in found]  # type: ignore[index]
    return []


def test_it_is_compact() -> None:
    assert 150 <= len(STEPS) <= 300


def test_each_step_has_an_instant_of_its_own_a_minute_or_more_after_the_one_before() -> None:
    for before, after in pairwise(STEPS):
        assert at(after) - at(before) >= timedelta(minutes=1), after["key"]


def test_it_runs_in_shanghai_from_september_to_the_morning_of_23_november() -> None:
    assert STEPS[0]["at"] == "2021-09-01T08:30:00+08:00"
    assert STEPS[-1]["at"] == "2021-11-23T09:00:00+08:00"
    assert {at(step).utcoffset() for step in STEPS} == {timedelta(hours=8)}


def test_the_clock_is_set_before_anything_is_recorded_then_the_calendar_then_the_import() -> None:
    assert "method" not in STEPS[0]
    assert [route(step)[0] for step in STEPS[1:3]] == ["calendar", "import"]
    assert STEPS[2]["body_file"] == STORY["import"] == "six-departments.json"


def test_every_day_begins_with_a_landing_so_that_the_night_is_judged_by_itself() -> None:
    first, last = at(STEPS[0]).date(), at(STEPS[-1]).date()
    days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    landings = [at(step) for step in STEPS if "method" not in step and at(step).hour == 0]
    assert [landing.date() for landing in landings] == days
    assert {landing.time() for landing in landings} == {time(0, 5)}


def test_every_step_has_its_own_stable_key() -> None:
    keys = [step["key"] for step in STEPS]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z0-9-]{8,80}", key) for key in keys)


def test_every_call_takes_a_fixed_route_and_names_what_the_import_makes() -> None:
    for step in CALLS:
        _, named = route(step)
        assert named.get("objective") in {None, *OWNERS}
        assert named.get("kr") in {None, *KEY_RESULTS}
        for path, _ in readings_of(step):
            assert KEY_RESULTS[path].objective == named["objective"]


def test_a_step_holds_nothing_but_the_fields_of_the_format() -> None:
    for step in CALLS:
        assert {*step} - {"body", "body_file"} == {"key", "at", "as", "method", "path"}
        assert ("body" in step) != ("body_file" in step)


@pytest.mark.parametrize("name", ["progress", "check_in", "retract"])
def test_measurements_are_told_by_the_objectives_owner(name: str) -> None:
    assert calls(name)
    assert all(step["as"] == OWNERS[named["objective"]] for step, named in calls(name))


def test_baselines_are_captured_by_the_owner_and_targets_changed_by_the_approver() -> None:
    for step, named in calls("retarget"):
        captured = "baseline" in step["body"]
        asked = OWNERS if captured else HEADS
        assert step["as"] == asked[named["objective"]]


def test_policies_import_and_closing_are_the_administrators_and_approvers() -> None:
    for name in ("calendar", "import"):
        assert [step["as"] for step, _ in calls(name)] == ["admin"]
    for step, named in calls("close"):
        assert step["as"] == HEADS[named["objective"]]


def test_people_work_on_working_days_in_working_hours() -> None:
    calendar = calendar_of(STORY)
    for step in CALLS:
        assert calendar.is_working(at(step).date()), step["key"]
        assert time(8, 30) <= at(step).time() <= time(18, 30), step["key"]


def test_the_calendar_is_the_official_one_of_2021() -> None:
    holidays = {
        date(2021, 1, 1): 3, date(2021, 2, 11): 7, date(2021, 4, 3): 3, date(2021, 5, 1): 5,
        date(2021, 6, 12): 3, date(2021, 9, 19): 3, date(2021, 10, 1): 7,
    }  # fmt: skip
    worked = [(2, 7), (2, 20), (4, 25), (5, 8), (9, 18), (9, 26), (10, 9)]
    calendar = calendar_of(STORY)
    assert calendar.holidays == {
        first + timedelta(days=n) for first, days in holidays.items() for n in range(days)
    }
    assert calendar.workdays == {date(2021, month, day) for month, day in worked}
    assert all(day.weekday() >= 5 for day in calendar.workdays)


def test_reports_keep_the_weekly_rhythm_but_for_a_few() -> None:
    due = set(days_due(STORY))
    days = Counter(at(step).date() in due for step, _ in calls("check_in"))
    assert days[False] >= 3
    assert days[True] >= 20 * days[False]


def test_the_holidays_move_a_due_day_and_no_report_is_owed_while_all_are_away() -> None:
    due = [day for day in days_due(STORY) if date(2021, 9, 1) <= day <= date(2021, 11, 23)]
    assert date(2021, 10, 1) not in due
    assert [day.isoformat()[5:] for day in due] == [
        "09-03", "09-10", "09-17", "09-24", "10-08", "10-15", "10-22", "10-29", "11-05",
        "11-12", "11-19",
    ]  # fmt: skip


def test_nothing_is_observed_before_it_happens_and_some_of_it_long_before_it_is_told() -> None:
    lags = [
        at(step).date() - date.fromisoformat(body["observed_on"])
        for step in CALLS
        for _, body in readings_of(step)
    ]
    assert min(lags) == timedelta(0)
    assert sum(lag >= timedelta(days=14) for lag in lags) >= 5


def test_every_reading_fits_its_measure() -> None:
    for path, one in tell(STORY, KEY_RESULTS).items():
        for measurement in one.measurements:
            assert check_reading(one.terms.measure, measurement.reading) is None, path


def test_what_is_done_stays_done() -> None:
    for path, one in tell(STORY, KEY_RESULTS).items():
        done: set[str] = set()
        for measurement in one.counted:
            parts = getattr(measurement.reading, "parts", {"": measurement.reading})
            for stages in (set(r.done) for r in parts.values() if isinstance(r, DoneReading)):
                assert stages >= done, path
                done = stages


def test_each_baseline_is_captured_once_and_before_the_first_reading_that_needs_it() -> None:
    captured = [(named["kr"], step) for step, named in calls("retarget") if _captures(step)]
    assert sorted(path for path, _ in captured) == [
        "buyer-3/o1/kr2", "cfo/o1/kr2", "marketing-director/o2/kr1", "purchasing-lead/o1/kr1",
    ]  # fmt: skip
    for path, step in captured:
        before = tell(STORY, KEY_RESULTS, at(step) - timedelta(seconds=1))[path]
        assert before.measurements == []


def test_one_target_is_raised_with_a_reason() -> None:
    [(step, named)] = [call for call in calls("retarget") if not _captures(call[0])]
    assert int(step["body"]["target"]) > int(KEY_RESULTS[named["kr"]].body["target"])
    assert step["body"]["reason"]


def test_one_measurement_is_taken_back_and_told_right() -> None:
    [(step, named)] = calls("retract")
    one = tell(STORY, KEY_RESULTS)[named["kr"]]
    wrong = one.measurements[int(named["n"]) - 1]
    right = one.measurements[int(named["n"])]
    assert step["body"]["reason"]
    assert isinstance(wrong.reading, ValueReading)
    assert isinstance(right.reading, ValueReading)
    assert (wrong.reading.value, right.reading.value) == (Decimal(21), Decimal(12))
    assert wrong.observed_on == right.observed_on < at(step).date()


def test_one_objective_is_closed_with_an_outcome_and_a_note_and_is_left_in_peace_then() -> None:
    [(closing, named)] = calls("close")
    assert closing["body"].keys() == {"outcome", "note"}
    later = [step for step in CALLS if at(step) > at(closing)]
    assert all(route(step)[1].get("objective") != named["objective"] for step in later)


def test_people_write_in_chinese() -> None:
    for step in CALLS:
        body = step.get("body", {})
        for said in (body.get(name) for name in ("narrative", "note", "reason")):
            assert said is None or re.search(r"[\u4e00-\u9fff]{2}", said)
    assert all(step["body"]["narrative"] for step, _ in calls("check_in"))


def _captures(step: dict[str, Any]) -> bool:
    return "baseline" in step["body"] and "target" not in step["body"]
