"""Levels: a number that moves from a baseline to a target, given outright or in percent."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import override

from shared.okr.calendar import Day
from shared.okr.figures import EXACT, HUNDRED, ONE, ZERO, Quantity, clamped, read_quantity
from shared.okr.measures.shape import MEASURED, NOTHING_YET, Assessment, Shape, along, held_since
from shared.okr.readings import ValueReading, value_of
from shared.okr.terms import Measurement, Terms, by_day, latest
from shared.okr.words import MOST_PARTS, Unit, refusal
from shared.okr.zones import Lines, solved_baseline, usual_target

PlanPoint = tuple[Day, Quantity]
Checkpoint = tuple[Quantity, Quantity]


class Metric(Shape):
    """A number on its way from baseline to target, in either direction.

    With a stretch, target or baseline may be left out of a body: the other two imply it.
    """

    reads: ClassVar = ValueReading

    kind: Literal["metric"] = "metric"
    baseline: Quantity
    target: Quantity
    unit: Unit = ""
    stretch: Quantity | None = None
    plan: Annotated[tuple[PlanPoint, ...], Field(max_length=MOST_PARTS)] | None = None
    readings: Literal["latest", "sum"] = "latest"
    checkpoints: Annotated[tuple[Checkpoint, ...], Field(max_length=MOST_PARTS)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_from_stretch(cls, given: Any) -> Any:  # noqa: ANN401
        if not isinstance(given, Mapping) or given.get("stretch") is None:
            return given
        named = {name for name in ("baseline", "target") if given.get(name) is not None}
        # What cannot be read here is refused where it stands, field by field.
        with suppress(PydanticCustomError):
            stretch = read_quantity(given["stretch"])
            if named == {"baseline"}:
                return {**given, "target": usual_target(read_quantity(given["baseline"]), stretch)}
            if named == {"target"}:
                target = read_quantity(given["target"])
                return {**given, "baseline": solved_baseline(target, stretch)}
        return given

    @model_validator(mode="after")
    def _lines_in_order(self) -> Self:
        if self.baseline == self.target:
            message = "baseline equals target; a threshold says what is to be kept"
            raise refusal("baseline_equals_target", message, "/target")
        lines = self.lines
        if lines is not None and not lines.ordered:
            message = "baseline, commit line, target and stretch must follow one another"
            raise refusal("zones_not_ordered", message, "/stretch")
        return self

    @model_validator(mode="after")
    def _points_in_order(self) -> Self:
        days = [day for day, _ in self.plan or ()]
        if any(day >= following for day, following in pairwise(days)):
            raise refusal("plan_not_ordered", "plan points must be ordered by date", "/plan")
        if self.checkpoints:
            points = self._course()
            values = [value for value, _ in points]
            shares = [share for _, share in points]
            rising = sorted(set(values), reverse=self.target < self.baseline)
            if values != rising or shares != sorted(shares):
                message = "checkpoints must lead from baseline to target without a step back"
                raise refusal("checkpoints_not_monotone", message, "/checkpoints")
        return self

    @property
    def lines(self) -> Lines | None:
        """The lines between the zones, None without a stretch."""
        if self.stretch is None:
            return None
        return Lines.of(self.baseline, self.target, self.stretch)

    def raw(self, value: Decimal) -> Fraction:
        """Return the progress of a level: (v - b) / (t - b), or along the checkpoints."""
        if self.checkpoints:
            return self._along_checkpoints(value)
        # The one formula of every check-in: a single normalising, instead of three.
        done, of = EXACT.subtract(value, self.baseline).as_integer_ratio()
        way, parts = EXACT.subtract(self.target, self.baseline).as_integer_ratio()
        return Fraction(done * parts, of * way)

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge the latest level, or the baseline with every increment."""
        newest = latest(measurements)
        if newest is None:
            return NOTHING_YET
        if self.readings == "sum":
            value = self.baseline
            for measurement in measurements:
                value = EXACT.add(value, value_of(measurement.reading))
        else:
            value = value_of(newest.reading)
        raw = self.raw(value)
        since = None
        if raw >= 1:
            since = (
                self._summed_since(measurements, value)
                if self.readings == "sum"
                else held_since(measurements, lambda m: self._reached(value_of(m.reading)))
            )
        lines = self.lines
        zone = None if lines is None else lines.zone(value)
        return Assessment(raw, since is not None, since, value, zone, MEASURED)

    @override
    def expected_on(self, terms: Terms, day: date) -> Fraction:
        """Return the progress of the planned value where there is a plan, else the linear share."""
        if not self.plan:
            return super().expected_on(terms, day)
        points = [(Fraction(on.toordinal()), value) for on, value in self.plan]
        planned = along(points, Fraction(day.toordinal()))
        if self.checkpoints:
            return self._along_checkpoints(planned)
        baseline = Fraction(self.baseline)
        return clamped((planned - baseline) / (Fraction(self.target) - baseline))

    def _reached(self, value: Decimal) -> bool:
        if self.checkpoints:
            return self._along_checkpoints(value) >= 1
        return value >= self.target if self.target > self.baseline else value <= self.target

    def _summed_since(self, measurements: Sequence[Measurement], value: Decimal) -> date | None:
        since = None
        for measurement in reversed(by_day(measurements)):
            if not self._reached(value):
                break
            since = measurement.observed_on
            value = EXACT.subtract(value, value_of(measurement.reading))
        return since

    def _course(self) -> list[tuple[Decimal, Decimal]]:
        return [(self.baseline, ZERO), *(self.checkpoints or ()), (self.target, ONE)]

    def _along_checkpoints(self, value: Decimal | Fraction) -> Fraction:
        # Mirrored, a falling course is a rising one: both directions take the same path.
        sign = 1 if self.target > self.baseline else -1
        points = [(sign * Fraction(at), share) for at, share in self._course()]
        return along(points, sign * Fraction(value))


class Relative(Shape):
    """A number that is to change by so many percent of a baseline, known now or captured later."""

    reads: ClassVar = ValueReading

    kind: Literal["relative"] = "relative"
    percent: Quantity
    direction: Literal["increase", "decrease"]
    unit: Unit = ""
    baseline: Quantity | None = None

    @model_validator(mode="after")
    def _something_to_change(self) -> Self:
        if self.percent <= ZERO:
            message = "percent is above 0; the direction has its own field"
            raise refusal("percent_not_positive", message, "/percent")
        if self.baseline == ZERO:
            raise refusal("baseline_zero", "no percentage of 0 can be reached", "/baseline")
        return self

    @property
    def target(self) -> Decimal | None:
        """The level that the percentage means, None until the baseline is captured."""
        way = self._way()
        if self.baseline is None or way is None:
            return None
        return EXACT.add(self.baseline, way)

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge the latest level against the captured baseline; earlier readings count too."""
        newest = latest(measurements)
        if newest is None:
            return NOTHING_YET
        value, way = value_of(newest.reading), self._way()
        if self.baseline is None or way is None:
            return Assessment(value=value)
        raw = Fraction(EXACT.subtract(value, self.baseline)) / Fraction(way)
        since = held_since(measurements, self._reached) if raw >= 1 else None
        return Assessment(raw, since is not None, since, value, None, MEASURED)

    def _way(self) -> Decimal | None:
        if self.baseline is None:
            return None
        way = EXACT.divide(EXACT.multiply(abs(self.baseline), self.percent), HUNDRED)
        return way if self.direction == "increase" else -way

    def _reached(self, measurement: Measurement) -> bool:
        value, target = value_of(measurement.reading), self.target
        if target is None:
            return False
        return value >= target if self.direction == "increase" else value <= target
