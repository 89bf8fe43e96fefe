"""The calendar: days, working days, spans, and the windows and periods of a cycle.

A day is a date in the organization's zone. Nothing here asks what day it is.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    field_serializer,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.okr.words import refusal

DEFAULT_ZONE: Final = "Asia/Shanghai"
MID_MONTH: Final = 20
# Far enough from the ends of what a date can be that stepping over it is always possible.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999

SpanName = Literal["month_end", "mid_month"]
"""月底 and 月中: the last day, or the 20th, of a named month."""
_SPANS: Final[Mapping[str, SpanName]] = {"month_end": "month_end", "mid_month": "mid_month"}


def read_day(given: object) -> date:
    """Read a date from `2026-11-30` or a date, never from an instant or a number.

    Refuses with `date_expected`, and with `date_out_of_range` outside the years 1900 to 2999.
    """
    day = given
    if isinstance(given, str) and len(given) == len("2026-11-30"):
        with suppress(ValueError):
            day = date.fromisoformat(given)
    if not isinstance(day, date) or isinstance(day, datetime):
        raise PydanticCustomError("date_expected", "a date such as 2026-11-30 is expected")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PydanticCustomError("date_out_of_range", "a year from 1900 to 2999 is expected")
    return day


_DATE_TEXT: Final = PlainSerializer(date.isoformat, return_type=str, when_used="json")
_DATE_SCHEMA: Final = {"type": "string", "format": "date"}

Day = Annotated[date, PlainValidator(read_day), _DATE_TEXT, WithJsonSchema(_DATE_SCHEMA)]
"""A date of a body or an event."""


def span_day(span: SpanName, month: date) -> date:
    """Return the day that a span resolves to in the month that `month` lies in."""
    if span == "mid_month":
        return month.replace(day=MID_MONTH)
    return month.replace(day=monthrange(month.year, month.month)[1])


def read_due(given: object) -> date:
    """Read a due: a date, or a span of a named month, `{"month_end": "2026-11"}`."""
    if isinstance(given, Mapping) and len(given) == 1:
        span, month = next(iter(given.items()))
        if span in _SPANS and isinstance(month, str):
            return span_day(_SPANS[span], read_day(f"{month}-01"))
    return read_day(given)


def _span_schema(span: SpanName) -> dict[str, Any]:
    month = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"}
    named = {"type": "object", "properties": {span: month}, "required": [span]}
    return {**named, "additionalProperties": False}


_DUE_SCHEMA: Final = {"anyOf": [_DATE_SCHEMA, *(_span_schema(span) for span in _SPANS.values())]}

Due = Annotated[
    date,
    PlainValidator(read_due),
    _DATE_TEXT,
    WithJsonSchema(_DUE_SCHEMA, mode="validation"),
    WithJsonSchema(_DATE_SCHEMA, mode="serialization"),
]
"""A due date of a body, which may be entered as a span; the event holds the day."""


def day_of(instant: datetime, zone: str = DEFAULT_ZONE) -> date:
    """Return the business day of an aware `instant` in the organization's zone."""
    return instant.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str = DEFAULT_ZONE) -> datetime:
    """Return the first instant of `day` in the zone, aware."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def end_of_day(day: date, zone: str = DEFAULT_ZONE) -> datetime:
    """Return the last instant (to the microsecond) of `day` in the zone, aware."""
    return datetime.combine(day, time.max, ZoneInfo(zone))


class Stride(BaseModel):
    """A length of weeks or of months: of a window, a period or a rhythm."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"minProperties": 1, "maxProperties": 1},
    )

    weeks: Annotated[int, Field(strict=True, ge=1, le=520)] | None = None
    months: Annotated[int, Field(strict=True, ge=1, le=120)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.weeks is None) == (self.months is None):
            raise refusal("weeks_or_months", "either weeks or months, not both")
        return self

    @model_serializer
    def _only_what_is_set(self) -> dict[str, int]:
        if self.weeks is not None:
            return {"weeks": self.weeks}
        return {"months": self.months or 0}

    def after(self, first: date, steps: int) -> date:
        """Return the day that lies `steps` strides after `first`.

        Months keep the day of the month, cut to the month's last day; counting from the anchor
        each time, January 31 gives February 28 and then March 31 again.
        """
        if self.weeks is not None:
            return first + timedelta(weeks=self.weeks * steps)
        months = first.month - 1 + (self.months or 0) * steps
        year, month = first.year + months // 12, months % 12 + 1
        return date(year, month, min(first.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Window:
    """Days `first` … `last` of a cycle; a whole one has as many as `full_days`."""

    first: date
    last: date
    full_days: int

    @property
    def days(self) -> int:
        """How many days it really has: fewer than a whole one where the cycle ends."""
        return (self.last - self.first).days + 1


@lru_cache(maxsize=1024)
def windows(cycle_start: date, cycle_end: date, stride: Stride) -> tuple[Window, ...]:
    """Return the windows (or periods) of a cycle, stepping from its first day.

    The last one is shorter where the cycle ends before it does.
    """
    found: list[Window] = []
    first = cycle_start
    while first <= cycle_end:
        following = stride.after(cycle_start, len(found) + 1)
        last = min(following - timedelta(days=1), cycle_end)
        found.append(Window(first, last, (following - first).days))
        first = following
    return tuple(found)


def ended(of: tuple[Window, ...], day: date) -> int:
    """Return how many windows have ended on `day`: from the day after their last."""
    return sum(window.last < day for window in of)


def window_at(of: tuple[Window, ...], day: date) -> int | None:
    """Return the index of the window that `day` lies in, or None outside the cycle."""
    index = bisect_right(of, day, key=lambda window: window.first) - 1
    return index if index >= 0 and day <= of[index].last else None


class WorkingDays(BaseModel):
    """The policy `calendar`: which weekdays are free, and which weekend days are worked (调休)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holidays: frozenset[Day] = frozenset()
    workdays: frozenset[Day] = frozenset()

    @model_validator(mode="after")
    def _no_day_is_both(self) -> Self:
        if self.holidays & self.workdays:
            raise refusal("day_in_both", "a day is free or worked, not both", "/workdays")
        return self

    @field_serializer("holidays", "workdays", when_used="json")
    def _in_order(self, days: frozenset[date]) -> list[str]:
        return [day.isoformat() for day in sorted(days)]

    def is_working(self, day: date) -> bool:
        """Say whether people work on `day`."""
        if day in self.workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays  # noqa: PLR2004

    def working_from(self, day: date) -> date:
        """Return `day` if it is a working day, else the next one after it."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day
