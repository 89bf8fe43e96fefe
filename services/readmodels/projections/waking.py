"""Waking: on which day a figure changes although nobody says anything.

Most days change nothing of a key result. It is looked at again on the next day on which its due has
passed, a period has ended, a stage or plan point is reached, or a report falls due.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final, assert_never

from shared.okr.calendar import Stride, windows
from shared.okr.measures import (
    Band,
    Composite,
    Discovery,
    Distribution,
    Measure,
    Metric,
    Milestone,
    Ordinal,
    Recurring,
    Relative,
    Threshold,
)
from shared.okr.terms import Terms

ONE_DAY: Final = timedelta(days=1)


def next_change(terms: Terms, due_days: Sequence[date], today: date) -> date | None:
    """The first day after `today` on which figures may differ, all measurements being the same.

    It depends on `today` only by being after it: looked at on any day before, the answer is the
    same. None when there is no such day.
    """
    days = [*_of_terms(terms, terms.measure, today), *_of_duty(due_days, today)]
    return min((day for day in days if day > today), default=None)


def _of_terms(terms: Terms, measure: Measure, today: date) -> Iterator[date]:
    # From the day after the due a key result is judged on the day itself.
    yield terms.due_on + ONE_DAY
    match measure:
        case Metric(plan=plan):
            if plan and today < plan[-1][0]:
                yield max(today, terms.due_on) + ONE_DAY
        case Threshold(period=period) | Band(period=period):
            if period is not None:
                yield _period_over(terms, period, today)
        case Recurring(window=window):
            yield _period_over(terms, window, today)
        case Milestone(stages=stages):
            yield from (stage.due for stage in stages if stage.due is not None)
        case Composite(parts=parts):
            for part in parts:
                yield from _of_terms(terms, part.measure, today)
        case Relative() | Distribution() | Ordinal() | Discovery():
            pass
        case _:
            assert_never(measure)


def _period_over(terms: Terms, stride: Stride, today: date) -> date:
    """The day after the first period that has not ended on `today`, or one that is past."""
    for window in windows(terms.cycle_start, terms.cycle_end, stride):
        if window.last >= today:
            return window.last + ONE_DAY
    return terms.cycle_end


def _of_duty(due_days: Sequence[date], today: date) -> Iterator[date]:
    # A due day counts as fulfilled on the day itself, as missed from the day after.
    index = bisect_right(due_days, today)
    if index > 0:
        yield due_days[index - 1] + ONE_DAY
    if index < len(due_days):
        yield due_days[index]
