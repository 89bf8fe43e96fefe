"""China's holidays and make-up days (调休), as the State Council announces them year by year.

The calendar that holds until an administrator sets another. A year that is not announced yet has
its weekends only; its notice is added here, or set as the policy `calendar`.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from shared.okr.calendar import WorkingDays

# Year: free days, as spans of month-day; then the weekend days that are worked instead.
_NOTICES: Final[dict[int, tuple[str, str]]] = {
    2021: (
        "01-01/01-03 02-11/02-17 04-03/04-05 05-01/05-05 06-12/06-14 09-19/09-21 10-01/10-07",
        "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    ),
    2022: (
        "01-01/01-03 01-31/02-06 04-03/04-05 04-30/05-04 06-03/06-05 09-10/09-12 10-01/10-07",
        "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    ),
    2023: (
        "01-01/01-02 01-21/01-27 04-05/04-05 04-29/05-03 06-22/06-24 09-29/10-06",
        "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    ),
    2024: (
        "01-01/01-01 02-10/02-17 04-04/04-06 05-01/05-05 06-10/06-10 09-15/09-17 10-01/10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: (
        "01-01/01-01 01-28/02-04 04-04/04-06 05-01/05-05 05-31/06-02 10-01/10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    2026: (
        "01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 10-01/10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}


def _days(year: int, spans: str) -> Iterator[date]:
    for span in spans.split():
        first, _, last = span.partition("/")
        day = date.fromisoformat(f"{year}-{first}")
        while day <= date.fromisoformat(f"{year}-{last or first}"):
            yield day
            day += timedelta(days=1)


DEFAULT_CALENDAR: Final = WorkingDays(
    holidays=frozenset(d for year, (free, _) in _NOTICES.items() for d in _days(year, free)),
    workdays=frozenset(d for year, (_, work) in _NOTICES.items() for d in _days(year, work)),
)
