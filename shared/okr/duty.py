"""The duty to report: on which days a report is owed, and how long one has been silent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.okr.calendar import Stride, WorkingDays

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

EscalationRung = Literal["reviewer", "department_head", "cycle_administrator"]


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


def due_days(
    cadence: Cadence, calendar: WorkingDays, cycle_start: date, cycle_end: date
) -> Iterator[date]:
    """Yield the days of a cycle on which a report falls due, in order.

    In each stride of the cadence, from the cycle's first day, the last such weekday, or the next
    working day after it; a day that would lie beyond the cycle is none.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def reported_when_due(
    due: Sequence[date], today: date, *, owed_after: date, reports: Sequence[date]
) -> tuple[int, int]:
    """Return (reported in time, due) of the due days that have passed or are fulfilled today.

    The parts of a check-in rate; `reports` are the days of recording, in any order.
    """
    raise NotImplementedError


def escalated_to(cadence: Cadence, days_over: int) -> tuple[EscalationRung, ...]:
    """Return who has been told of a silence of `days_over` days, in the order of telling.

    The reviewer on the first outdated day (4), the head of the department three days later (7),
    the cycle's administrator after three more (10).
    """
    raise NotImplementedError
