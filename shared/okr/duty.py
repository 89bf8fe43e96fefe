"""The duty to report: on which days a report is owed, and how long one has been silent."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.okr.calendar import Stride, WorkingDays, windows

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

EscalationRung = Literal["reviewer", "department_head", "cycle_administrator"]
RUNGS: Final[tuple[EscalationRung, ...]] = ("reviewer", "department_head", "cycle_administrator")
DAYS_BETWEEN_RUNGS: Final = 3


class Cadence(BaseModel):
    """The policy `cadence`: weekly, on Friday or the next working day, three days of grace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Stride = Stride(weeks=1)
    weekday: Weekday = "fri"
    grace_days: Annotated[int, Field(strict=True, ge=0, le=60)] = 3


class DutyStatus(StrEnum):
    """How the duty of one key result stands."""

    NOT_DUE = "not_due"
    DUE = "due"
    OVERDUE = "overdue"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Duty:
    """The duty of one key result on a day.

    `due_on` is the due day that is owed, or the next one; None when nothing is owed any more.
    `days_over` counts the calendar days since `due_on`, 0 until then.
    """

    status: DutyStatus
    due_on: date | None
    days_over: int


@lru_cache(maxsize=1024)
def due_days(
    cadence: Cadence, calendar: WorkingDays, cycle_start: date, cycle_end: date
) -> tuple[date, ...]:
    """Return the days of a cycle on which a report falls due, in order.

    In each stride of the cadence, from the cycle's first day, the last such weekday, or the next
    working day after it; a day that would lie beyond the cycle is none.
    """
    weekday = WEEKDAYS.index(cadence.weekday)
    found: list[date] = []
    for window in windows(cycle_start, cycle_end, cadence.every):
        nominal = window.last - timedelta(days=(window.last.weekday() - weekday) % 7)
        if nominal < window.first:
            continue
        day = calendar.working_from(nominal)
        # A long holiday may move two of them to the same day, or the last beyond the cycle.
        if day <= cycle_end and found[-1:] != [day]:
            found.append(day)
    return tuple(found)


def duty(
    cadence: Cadence,
    due: Sequence[date],
    today: date,
    *,
    owed_after: date,
    last_report: date | None,
) -> Duty:
    """Return how the duty stands on `today`.

    `due` are all due days of the cycle (`due_days`). Owed are those after `owed_after`, the day of
    publishing or of the import. `last_report` is the day on which the last report was recorded: a
    measurement of this key result from any source, or a check-in of its objective. A report on any
    day since the previous due day fulfils the next.
    """
    index = bisect_right(due, owed_after)
    if last_report is not None and last_report >= owed_after:
        index = max(index, _fulfilled_by(due, index, last_report) + 1)
    if index >= len(due):
        return Duty(DutyStatus.NOT_DUE, None, 0)
    days_over = (today - due[index]).days
    if days_over < 0:
        return Duty(DutyStatus.NOT_DUE, due[index], 0)
    if days_over == 0:
        return Duty(DutyStatus.DUE, due[index], 0)
    outdated = days_over > cadence.grace_days
    status = DutyStatus.OUTDATED if outdated else DutyStatus.OVERDUE
    return Duty(status, due[index], days_over)


def _fulfilled_by(due: Sequence[date], first_owed: int, report: date) -> int:
    """Return the index of the last due day that a report on that day fulfils.

    That of the first one on or after the report: one on a due day itself is for that day.
    """
    return max(first_owed, bisect_left(due, report))


def reported_when_due(
    due: Sequence[date], today: date, *, owed_after: date, reports: Sequence[date]
) -> tuple[int, int]:
    """Return (reported in time, due) of the due days that have passed or are fulfilled today.

    The parts of a check-in rate; `reports` are the days of recording, in any order.
    """
    first = bisect_right(due, owed_after)
    in_time = {
        _fulfilled_by(due, first, report) for report in reports if owed_after <= report <= today
    }
    fallen = [index for index in range(first, len(due)) if due[index] <= today]
    settled = [index for index in fallen if due[index] < today or index in in_time]
    return sum(index in in_time for index in settled), len(settled)


def escalated_to(cadence: Cadence, days_over: int) -> tuple[EscalationRung, ...]:
    """Return who has been told of a silence of `days_over` days, in the order of telling.

    The reviewer on the first outdated day (4), the head of the department three days later (7),
    the cycle's administrator after three more (10).
    """
    return tuple(
        rung
        for step, rung in enumerate(RUNGS)
        if days_over > cadence.grace_days + step * DAYS_BETWEEN_RUNGS
    )
