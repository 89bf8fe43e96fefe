"""Expected progress: how far a key result should be on a day, and which day it is judged on."""

from datetime import date
from decimal import Decimal

from shared.okr.figures import rounded
from shared.okr.terms import Terms


def expected(terms: Terms, d: date) -> Decimal:
    """Return the share of 1 that should be reached on day `d`, rounded like any figure."""
    return rounded(terms.measure.expected_on(terms, d))


def judged_day(
    due_on: date, today: date, *, last_observed: date | None, last_check_in: date | None
) -> date | None:
    """Return the day on which a key result is judged, or None when nothing was reported yet.

    The day of its latest measurement (`last_observed`, its `observed_on`) or check-in
    (`last_check_in`, the day it was recorded, for every live key result of the objective), the
    later; `today` once `due_on` (`Terms.due_on`) has passed. So a key result that was on plan when
    last reported stays on track until a report is due: silence is judged by the duty to report.
    """
    if today > due_on:
        return today
    days = [day for day in (last_observed, last_check_in) if day is not None]
    return max(days, default=None)
