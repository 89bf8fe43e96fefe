"""Composite: several conditions in one key result (参与度 90 % 且 满意度 80 %)."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, Self, assert_never

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from shared.okr.figures import HUNDRED, ZERO, Coverage, Quantity, clamped
from shared.okr.measures.levels import Metric, Relative
from shared.okr.measures.limits import Band, Threshold
from shared.okr.measures.mixes import Distribution
from shared.okr.measures.qualities import Discovery, Ordinal
from shared.okr.measures.shape import Assessment, Shape
from shared.okr.measures.steps import Milestone, Recurring
from shared.okr.readings import PartsReading, Reading, ReadingProblem
from shared.okr.terms import Measurement, Terms
from shared.okr.words import Name, refusal

SimpleMeasure = Annotated[
    Metric
    | Relative
    | Threshold
    | Band
    | Milestone
    | Recurring
    | Distribution
    | Ordinal
    | Discovery,
    Field(discriminator="kind"),
]
"""Any measure but a composite."""


class CompositePart(BaseModel):
    """One condition of a composite; `weight` in percent points, for the mode `weighted` only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    measure: SimpleMeasure
    weight: Quantity | None = None


class Composite(Shape):
    """Two or more simple measures that count together: all of them, any, or by weight."""

    reads: ClassVar = PartsReading

    kind: Literal["composite"] = "composite"
    mode: Literal["all", "any", "weighted"]
    parts: Annotated[tuple[CompositePart, ...], Field(min_length=2, max_length=20)]

    @model_validator(mode="after")
    def _named_and_weighted(self) -> Self:
        if len({part.name for part in self.parts}) != len(self.parts):
            raise refusal("names_not_unique", "parts have unique names", "/parts")
        if self.mode != "weighted":
            return self
        weights = [part.weight for part in self.parts if part.weight is not None]
        if len(weights) != len(self.parts):
            raise refusal("weights_needed", "every part needs its weight", "/parts")
        if any(weight <= ZERO for weight in weights):
            raise refusal("weight_not_positive", "a part's weight is above 0", "/parts")
        if sum(weights) != HUNDRED:
            raise refusal("weights_not_100", "weights sum to 100", "/parts")
        return self

    @override
    def problem_with(self, reading: Reading) -> ReadingProblem | None:
        """Return the first problem of any part's reading, with a pointer into the whole."""
        if not isinstance(reading, PartsReading):
            return super().problem_with(reading)
        measures = {part.name: part.measure for part in self.parts}
        for name, of_part in reading.parts.items():
            at = "/parts/" + name.replace("~", "~0").replace("/", "~1")
            if name not in measures:
                return ReadingProblem("unknown_part", at, {"part": name})
            problem = measures[name].problem_with(of_part)
            if problem is not None:
                return ReadingProblem(problem.code, at + problem.pointer, problem.facts)
        return None

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge each part by what was reported of it, then the whole by its mode."""
        seen = [
            part.measure.assess(terms, _of_part(part.name, measurements), today, closed=closed)
            for part in self.parts
        ]
        shown = [None if part.raw is None else clamped(part.raw) for part in seen]
        known = [figure for figure in shown if figure is not None]
        coverage = Coverage(len(known), len(shown))
        if not known:
            return Assessment(coverage=coverage)
        match self.mode:
            case "all":
                whole = min(known) if len(known) == len(shown) or min(known) == 0 else None
                attained = _all_of([part.attained for part in seen])
                since = _latest_of(seen)
            case "any":
                whole = max(known)
                attained = _any_of([part.attained for part in seen])
                since = min((p.attained_on for p in seen if p.attained_on), default=None)
            case "weighted":
                whole = self._weighted(shown)
                attained, since = self._attained_by_weight(seen, whole), _latest_of(seen)
            case _:
                assert_never(self.mode)
        return Assessment(whole, attained, since if attained else None, coverage=coverage)

    @override
    def expected_on(self, terms: Terms, day: date) -> Fraction:
        """Return the parts' expectations, taken together by the mode."""
        parts = [part.measure.expected_on(terms, day) for part in self.parts]
        match self.mode:
            case "all":
                return min(parts)
            case "any":
                return max(parts)
            case "weighted":
                return self._weighted(parts)
            case _:
                assert_never(self.mode)

    def _weighted(self, figures: Sequence[Fraction | None]) -> Fraction:
        """Return the weighted mean over the parts that have a figure; there is at least one."""
        total = weights = Fraction(0)
        for part, figure in zip(self.parts, figures, strict=True):
            if figure is not None:
                weight = Fraction(part.weight or ZERO)
                total, weights = total + weight * figure, weights + weight
        return total / weights

    def _attained_by_weight(self, seen: Sequence[Assessment], whole: Fraction) -> bool | None:
        """Return whether the whole reaches 1; not known while a part is not or may still turn."""
        if any(part.raw is None for part in seen):
            return None
        if whole < 1:
            return False
        return None if any(part.attained is None for part in seen) else True


def _of_part(name: str, measurements: Sequence[Measurement]) -> list[Measurement]:
    return [
        Measurement(measurement.n, measurement.observed_on, measurement.reading.parts[name])
        for measurement in measurements
        if isinstance(measurement.reading, PartsReading) and name in measurement.reading.parts
    ]


def _all_of(parts: Sequence[bool | None]) -> bool | None:
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def _any_of(parts: Sequence[bool | None]) -> bool | None:
    if any(part is True for part in parts):
        return True
    return None if any(part is None for part in parts) else False


def _latest_of(seen: Sequence[Assessment]) -> date | None:
    return max((part.attained_on for part in seen if part.attained_on), default=None)
