"""Days: how far the log has come, which is what `today` means in every figure.

It is told by the log alone (the greatest day that began or on which something was reported), so
equal logs give equal digits, however long ago they were written.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from services.readmodels.projections.marks import KEY_RESULT, TODAY, mark_all_tracked
from shared.eventing.projection import Derivation, Handler
from shared.eventing.rows import Missing, Rows
from shared.eventing.tables import Key, Row, Table
from shared.eventing.topics import PARTITIONS
from shared.events import checkins as said
from shared.events.deciding import Recorded
from shared.events.event import Event

DAYS: Final = Table(
    "days",
    key=("partition",),
    columns={"partition": "integer", "day": "date", "began": "date"},
)
"""What each partition of checkins has told: its greatest day, and the latest that began."""

TODAYS: Final = Table("todays", key=("id",), columns={"id": "text", "day": "date"})
"""One derived row: the greatest day of all partitions."""

TABLES: Final = (DAYS, TODAYS)

BEFORE_ANY: Final = date(1900, 1, 1)
"""When a figure is looked at again that was judged before any day was known."""

_MOST_STEPS: Final = 1_000
_THE_ONE: Final = "today"


def day_began(recorded: Recorded[said.DayBegan], rows: Rows) -> None:
    """A day began, and all that is tracked was judged on it."""
    day = recorded.event.day
    reached(day, rows)
    partition = _partition(rows)
    row = rows["days"].get(partition)
    began = row["began"] if row else None
    if began is None or day > began:
        rows["days"].set(partition, began=day)


def reached(day: date, rows: Rows) -> None:
    """The record in hand was written on that day, or later."""
    partition = _partition(rows)
    row = rows["days"].get(partition)
    if row is None or day > row["day"]:
        rows["days"].set(partition, day=day)
        rows.mark(TODAY, _THE_ONE)


def today(rows: Rows) -> date | None:
    """The day up to which the log has come; None before any was told."""
    row = rows["todays"].get(_THE_ONE)
    return row["day"] if row else None


def derive_today(_key: Key, rows: Rows) -> None:
    """Find the greatest day; when it grew, what changes with the days passed is looked at again."""
    told = [rows["days"].get(partition) for partition in range(PARTITIONS)]
    now = max((row["day"] for row in told if row is not None), default=None)
    before = today(rows)
    if now is None or now == before:
        return
    if before is not None and (now - before).days > _MOST_STEPS:
        mark_all_tracked(rows)
    else:
        for key_result in _woken(before, now, rows):
            rows.mark(KEY_RESULT, key_result["id"])
    rows["todays"].set(_THE_ONE, day=now)


def _woken(before: date | None, now: date, rows: Rows) -> list[Row]:
    """The key results whose figures change on a day in (before, now]."""
    table = rows["standings"]
    if before is None:
        return table.where(wakes_on=BEFORE_ANY)
    found: list[Row] = []
    complete = True
    for step in range((now - before).days):
        try:
            found += table.where(wakes_on=before + timedelta(days=step + 1))
        except Missing:
            # Asked for one by one, a jump over a quarter would take ninety loads.
            complete = False
    if not complete:
        raise Missing
    return found


def _partition(rows: Rows) -> int:
    if rows.record is None:
        raise ValueError("a day is told by a record")
    return rows.record.partition


HANDLERS: Final[Mapping[type[Event], Handler]] = {said.DayBegan: day_began}

DERIVATION: Final = Derivation(TODAY, derive_today)
