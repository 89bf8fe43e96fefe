"""Steps: what is done once, stage by stage, and what is to happen again and again."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from typing_extensions import override

from shared.okr.calendar import Due, Stride, Window, ended, window_at, windows
from shared.okr.figures import EXACT, ZERO, Quantity
from shared.okr.measures.shape import MEASURED, NOTHING_YET, Assessment, Shape, held_since
from shared.okr.readings import CountReading, DoneReading, Reading, ReadingProblem
from shared.okr.terms import Measurement, Terms, by_day, latest
from shared.okr.words import MOST_PARTS, Name, refusal


class Stage(BaseModel):
    """One stage of a milestone; without a due of its own it is due with the key result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    weight: Quantity
    due: Due | None = None

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.weight <= ZERO:
            raise refusal("stage_weight_not_positive", "a stage's weight is above 0", "/weight")
        return self


class Milestone(Shape):
    """Stages, each done or not; progress is the weight of those that are done."""

    reads: ClassVar = DoneReading

    kind: Literal["milestone"] = "milestone"
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=MOST_PARTS)]

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        if len({stage.name for stage in self.stages}) != len(self.stages):
            raise refusal("names_not_unique", "stages have unique names", "/stages")
        return self

    @override
    def problem_with(self, reading: Reading) -> ReadingProblem | None:
        """Return the shape's problem, or the first stage that this milestone does not have."""
        if not isinstance(reading, DoneReading):
            return super().problem_with(reading)
        known = {stage.name for stage in self.stages}
        for index, name in enumerate(reading.done):
            if name not in known:
                return ReadingProblem("unknown_stage", f"/done/{index}", {"stage": name})
        return None

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge the latest list of what is done."""
        newest = latest(measurements)
        if newest is None:
            return NOTHING_YET
        done = _done(newest)
        raw = self._share_of(stage for stage in self.stages if stage.name in done)
        since = held_since(measurements, self._all_done) if raw == 1 else None
        return Assessment(raw, since is not None, since, None, None, MEASURED)

    @override
    def expected_on(self, terms: Terms, day: date) -> Fraction:
        """Return the weight of the stages that are due by `day`."""
        return self._share_of(s for s in self.stages if (s.due or terms.due_on) <= day)

    def _share_of(self, some: Iterable[Stage]) -> Fraction:
        total = sum(Fraction(stage.weight) for stage in self.stages)
        return sum((Fraction(stage.weight) for stage in some), Fraction(0)) / total

    def _all_done(self, measurement: Measurement) -> bool:
        done = _done(measurement)
        return all(stage.name in done for stage in self.stages)


class Recurring(Shape):
    """Something that is to happen `quota` times in each window of the cycle."""

    reads: ClassVar = CountReading

    kind: Literal["recurring"] = "recurring"
    quota: Quantity
    window: Stride

    @model_validator(mode="after")
    def _whole_and_positive(self) -> Self:
        if self.quota <= ZERO or self.quota % 1:
            raise refusal("quota_not_whole", "a quota is a whole number above 0", "/quota")
        return self

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge what happened in each window of the whole cycle; surplus does not carry."""
        if not measurements:
            return NOTHING_YET
        spans = windows(terms.cycle_start, terms.cycle_end, self.window)
        quotas = [self.quota_of(span) for span in spans]
        actual = [ZERO] * len(spans)
        missing, since = len(spans), None
        for measurement in by_day(measurements):
            index = window_at(spans, measurement.observed_on)
            if index is None:
                continue
            unmet = actual[index] < quotas[index]
            actual[index] = EXACT.add(actual[index], _count(measurement))
            if unmet and actual[index] >= quotas[index]:
                missing, since = missing - 1, measurement.observed_on
        met = sum((min(a, Decimal(q)) for a, q in zip(actual, quotas, strict=True)), ZERO)
        raw = Fraction(met) / sum(quotas)
        attained = missing == 0
        total = sum(actual, ZERO)
        return Assessment(raw, attained, since if attained else None, total, None, MEASURED)

    @override
    def expected_on(self, terms: Terms, day: date) -> Fraction:
        """Return the quota of the windows that have ended on `day`."""
        spans = windows(terms.cycle_start, terms.cycle_end, self.window)
        quotas = [self.quota_of(span) for span in spans]
        return Fraction(sum(quotas[: ended(spans, day)])) / sum(quotas)

    def quota_of(self, span: Window) -> int:
        """Return the quota of one window: less, rounded up, where the cycle cuts it short."""
        return -(-int(self.quota) * span.days // span.full_days)


def _done(measurement: Measurement) -> frozenset[str]:
    reading = measurement.reading
    if not isinstance(reading, DoneReading):
        raise TypeError(type(reading).__name__)
    return frozenset(reading.done)


def _count(measurement: Measurement) -> Decimal:
    reading = measurement.reading
    if not isinstance(reading, CountReading):
        raise TypeError(type(reading).__name__)
    return reading.count
