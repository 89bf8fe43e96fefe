"""Limits: a value that is to stay on one side of a line, or between two."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Literal, Self, assert_never

from pydantic import model_validator
from typing_extensions import override

from shared.okr.calendar import Stride, Window, ended, window_at, windows
from shared.okr.figures import ZERO, Quantity, rounded
from shared.okr.measures.shape import (
    MEASURED,
    NOTHING_YET,
    UNMEASURED,
    Assessment,
    Shape,
    held_since,
)
from shared.okr.readings import ValueReading, value_of
from shared.okr.terms import Measurement, Terms, by_day, latest
from shared.okr.words import Unit, refusal

Evaluation = Literal["latest", "every_period", "average"]

Comparator = Literal["<", "<=", ">", ">="]


class Limit(Shape):
    """What threshold and band share: when they are judged, and over which values."""

    reads: ClassVar = ValueReading

    evaluation: Evaluation = "latest"
    period: Stride | None = None

    @model_validator(mode="after")
    def _has_its_period(self) -> Self:
        if self.evaluation != "latest" and self.period is None:
            message = "every_period and average need the length of a period"
            raise refusal("period_needed", message, "/period")
        return self

    @abstractmethod
    def holds(self, value: Decimal | Fraction) -> bool:
        """Say whether `value` is where it is to stay."""

    def score(self, value: Decimal | Fraction) -> Fraction:
        """Return the progress of one value: all or nothing unless a kind says otherwise."""
        return Fraction(self.holds(value))

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge by evaluation; attained is known once the due has passed or all is closed."""
        newest = latest(measurements)
        if newest is None:
            return NOTHING_YET
        if self.evaluation == "latest":
            value = value_of(newest.reading)
            raw: Fraction | None = self.score(value)
            met: bool | None = self.holds(value)
        elif self.evaluation == "average":
            mean = self._mean(terms, measurements)
            value = value_of(newest.reading) if mean is None else rounded(mean)
            raw = None if mean is None else self.score(mean)
            met = None if mean is None else self.holds(mean)
        else:
            value = value_of(newest.reading)
            raw = self._share_met(terms, measurements, today)
            met = None if raw is None else raw == 1
        coverage = UNMEASURED if raw is None else MEASURED
        if met is None or not (closed or today > terms.due_on):
            return Assessment(raw, None, None, value, None, coverage)
        since = self._met_since(terms, measurements, today) if met else None
        return Assessment(raw, met, since, value, None, coverage)

    @override
    def expected_on(self, terms: Terms, day: date) -> Fraction:
        """Return 1 for every period; for a latest value or an average 0 before due, then 1."""
        return Fraction(self.evaluation == "every_period" or day >= terms.due_on)

    def _met_since(
        self, terms: Terms, measurements: Sequence[Measurement], today: date
    ) -> date | None:
        if self.evaluation == "latest":
            return held_since(measurements, lambda m: self.holds(value_of(m.reading)))
        # Over periods there is one verdict, on the due: only what came later makes it late.
        due_on = terms.due_on
        by_due = [m for m in measurements if m.observed_on <= due_on]
        if self.evaluation == "average":
            mean = self._mean(terms, by_due)
            in_time = mean is not None and self.holds(mean)
        else:
            in_time = self._share_met(terms, by_due, due_on + timedelta(days=1)) in (None, 1)
        if in_time:
            return min(due_on, today)
        return max(m.observed_on for m in measurements)

    def _values(
        self, terms: Terms, measurements: Sequence[Measurement]
    ) -> tuple[tuple[Window, ...], dict[int, Decimal]]:
        """Return the periods of the cycle, and by index the latest value of those that have one."""
        if self.period is None:
            return (), {}
        periods = windows(terms.cycle_start, terms.cycle_end, self.period)
        values: dict[int, Decimal] = {}
        for measurement in by_day(measurements):
            index = window_at(periods, measurement.observed_on)
            if index is not None:
                values[index] = value_of(measurement.reading)
        return periods, values

    def _mean(self, terms: Terms, measurements: Sequence[Measurement]) -> Fraction | None:
        values = self._values(terms, measurements)[1].values()
        if not values:
            return None
        return sum((Fraction(value) for value in values), Fraction(0)) / len(values)

    def _share_met(
        self, terms: Terms, measurements: Sequence[Measurement], today: date
    ) -> Fraction | None:
        periods, values = self._values(terms, measurements)
        over = ended(periods, today)
        if not over:
            return None
        return Fraction(sum(self.holds(v) for i, v in values.items() if i < over), over)


class Threshold(Limit):
    """A value that is to stay below, at or above a limit; strictness is the comparator's own."""

    kind: Literal["threshold"] = "threshold"
    comparator: Comparator
    limit: Quantity
    unit: Unit = ""
    scoring: Literal["distance"] | None = None

    @model_validator(mode="after")
    def _distance_has_a_measure(self) -> Self:
        if self.scoring == "distance" and self.evaluation == "every_period":
            message = "distance scores a latest value or an average"
            raise refusal("distance_every_period", message, "/scoring")
        if self.scoring == "distance" and self.limit == ZERO:
            raise refusal("distance_limit_zero", "no distance in shares of a limit 0", "/limit")
        return self

    @override
    def holds(self, value: Decimal | Fraction) -> bool:
        """Compare exactly, as the comparator says."""
        exact, limit = Fraction(value), Fraction(self.limit)
        match self.comparator:
            case "<":
                return exact < limit
            case "<=":
                return exact <= limit
            case ">":
                return exact > limit
            case ">=":
                return exact >= limit
            case _:
                assert_never(self.comparator)

    @override
    def score(self, value: Decimal | Fraction) -> Fraction:
        """Return all or nothing; by distance 1 at the limit, more beyond it and less before."""
        if self.scoring is None:
            return super().score(value)
        limit = Fraction(self.limit)
        beyond = Fraction(value) - limit
        if self.comparator in ("<", "<="):
            beyond = -beyond
        return 1 + beyond / abs(limit)


class Band(Limit):
    """A value that is to stay between low and high, both inclusive."""

    kind: Literal["band"] = "band"
    low: Quantity
    high: Quantity
    unit: Unit = ""

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Self:
        if self.low > self.high:
            raise refusal("band_reversed", "low is above high", "/high")
        return self

    @override
    def holds(self, value: Decimal | Fraction) -> bool:
        """Say whether `value` lies within the band."""
        return Fraction(self.low) <= Fraction(value) <= Fraction(self.high)
