"""The shape that every measure has: what it takes, what it gives, what it expects."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from shared.okr.figures import Coverage
from shared.okr.readings import Reading, ReadingProblem
from shared.okr.terms import Measurement, Terms, by_day

UNMEASURED = Coverage(0, 1)
MEASURED = Coverage(1, 1)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a measure says of its measurements, still exact.

    `attained` is None while it cannot be known; `attained_on` is the day from which it has held
    without a break. `value` is the number behind the progress, `zone` the code of its zone.
    """

    raw: Fraction | None = None
    attained: bool | None = None
    attained_on: date | None = None
    value: Decimal | None = None
    zone: str | None = None
    coverage: Coverage = field(default=UNMEASURED)


NOTHING_YET = Assessment()


class Shape(BaseModel):
    """A measure: frozen, closed, exact. Each kind is one class that brings its own arithmetic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reads: ClassVar[type[BaseModel]]
    """The reading that this kind takes."""

    def problem_with(self, reading: Reading) -> ReadingProblem | None:
        """Return why this measure cannot take `reading`, or None."""
        if isinstance(reading, self.reads):
            return None
        return ReadingProblem("reading_kind_mismatch", "")

    @abstractmethod
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge the measurements (not retracted, in order of recording) as of `today`."""

    def expected_on(self, terms: Terms, day: date) -> Fraction:
        """Return the share of 1 that should be reached on `day`: linear unless a kind differs."""
        return elapsed(terms, day)


def elapsed(terms: Terms, day: date) -> Fraction:
    """Return the share of the days from start to due that have passed: first day 0, last day 1."""
    start, end = terms.starts_on, terms.due_on
    if day >= end:
        return Fraction(1)
    if day <= start or start >= end:
        return Fraction(0)
    return Fraction((day - start).days, (end - start).days)


def held_since(
    measurements: Sequence[Measurement], holds: Callable[[Measurement], bool]
) -> date | None:
    """Return the day since which the level reported has held, or None if it does not hold now.

    For kinds where the latest measurement alone decides.
    """
    since = None
    for measurement in reversed(by_day(measurements)):
        if not holds(measurement):
            break
        since = measurement.observed_on
    return since


def along(points: Sequence[tuple[Fraction, Decimal]], at: Fraction) -> Fraction:
    """Return the value at `at`: piecewise linear through rising `points`, flat outside them."""
    before, value = points[0]
    if at <= before:
        return Fraction(value)
    for after, following in points[1:]:
        if at <= after:
            share = (at - before) / (after - before)
            return Fraction(value) + share * (Fraction(following) - Fraction(value))
        before, value = after, following
    return Fraction(value)
