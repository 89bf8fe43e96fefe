"""On which day a figure is looked at again: on every one on which it could differ."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.readmodels.projections.waking import next_change
from shared.okr.duty import Cadence, due_days, reported_when_due
from shared.okr.expected import expected, judged_day
from shared.okr.holidays import DEFAULT_CALENDAR
from shared.okr.measures import Measure
from shared.okr.progress import Measurement, Terms, standing
from shared.okr.readings import CountReading, DoneReading, PartsReading, Reading, ValueReading
from tests.unit.readmodels.world import measure

START, END = date(2026, 10, 1), date(2026, 12, 31)
DUE = due_days(Cadence(), DEFAULT_CALENDAR, START, END)

STAGES = [
    {"name": "一", "weight": 1, "due": "2026-11-02"},
    {"name": "二", "weight": 2, "due": "2027-01-05"},
]
EACH_MONTH: dict[str, Any] = {
    "kind": "threshold", "comparator": "<", "limit": "3",
    "evaluation": "every_period", "period": {"months": 1},
}  # fmt: skip
PLAN = [["2026-10-01", "10"], ["2027-01-10", "100"]]
MEASURES: dict[str, Measure] = {
    "metric": measure("metric", baseline=0, target=100),
    "planned": measure("metric", baseline=0, target=100, plan=PLAN),
    "latest": measure("threshold", comparator=">=", limit="30"),
    "monthly": measure(**EACH_MONTH),
    "stages": measure("milestone", stages=STAGES),
    "talks": measure("recurring", quota=2, window={"weeks": 3}),
    "both": measure(
        "composite", mode="all",
        parts=[
            {"name": "a", "measure": EACH_MONTH},
            {"name": "b", "measure": {"kind": "milestone", "stages": STAGES}},
        ],
    ),
}  # fmt: skip
VALUE = ValueReading.model_validate({"value": "2"})
DONE = DoneReading(done=("一",))
READINGS: dict[str, Reading] = {
    "stages": DONE,
    "talks": CountReading.model_validate({"count": 2}),
    "both": PartsReading(parts={"a": VALUE, "b": DONE}),
}


def figures(name: str, terms: Terms, reported: tuple[date, ...], day: date) -> object:
    """All that is derived of a key result on a day."""
    seen = [Measurement(n, on, READINGS.get(name, VALUE)) for n, on in enumerate(reported, 1)]
    judged = judged_day(
        terms.due_on, day, last_observed=max(reported, default=None), last_check_in=None
    )
    return (
        standing(terms, seen, day),
        None if judged is None else expected(terms, judged),
        reported_when_due(DUE, day, owed_after=START, reports=reported),
    )


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(MEASURES)),
    due=st.none() | st.dates(START, date(2027, 1, 20)),
    reported=st.lists(st.dates(START, date(2026, 10, 20)), max_size=3).map(sorted).map(tuple),
    first=st.dates(date(2026, 10, 20), date(2027, 1, 20)),
)
def test_nothing_changes_before_the_day_that_was_told(
    name: str, due: date | None, reported: tuple[date, ...], first: date
) -> None:
    terms = Terms(MEASURES[name], START, END, due, START)
    wakes = next_change(terms, DUE, first)
    assert wakes is None or wakes > first
    before = figures(name, terms, reported, first)
    day = first
    for _ in range(60):
        day += timedelta(days=1)
        if wakes is not None and day >= wakes:
            break
        assert figures(name, terms, reported, day) == before, f"{name} changes on {day}"
        assert next_change(terms, DUE, day) == wakes


def test_a_metric_sleeps_from_its_last_due_day_on() -> None:
    terms = Terms(MEASURES["metric"], START, END, None, START)
    assert next_change(terms, DUE, END + timedelta(days=1)) is None
    assert next_change(terms, (), date(2026, 10, 20)) == END + timedelta(days=1)
