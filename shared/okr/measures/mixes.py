"""Mixes: how a whole divides into categories."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from shared.okr.figures import EXACT, HUNDRED, ZERO, Quantity
from shared.okr.measures.shape import MEASURED, NOTHING_YET, Assessment, Shape, held_since
from shared.okr.readings import SharesReading
from shared.okr.terms import Measurement, Terms, latest
from shared.okr.words import MOST_PARTS, Name, refusal

Shares = Annotated[dict[Name, Quantity], Field(min_length=1, max_length=MOST_PARTS)]


class Distribution(Shape):
    """Shares in percent points that a mix is to have, each within a tolerance."""

    reads: ClassVar = SharesReading

    kind: Literal["distribution"] = "distribution"
    shares: Shares
    tolerance: Quantity = ZERO
    baseline_shares: Shares | None = None

    @model_validator(mode="after")
    def _sums_are_100(self) -> Self:
        if self.tolerance < ZERO:
            raise refusal("tolerance_negative", "a tolerance is 0 or more", "/tolerance")
        _check_shares(self.shares, "/shares")
        if self.baseline_shares is not None:
            _check_shares(self.baseline_shares, "/baseline_shares")
            if _distance(self.baseline_shares, self.shares) == 0:
                message = "the baseline is the target already"
                raise refusal("baseline_equals_target", message, "/baseline_shares")
        return self

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge the latest mix: 1 - TVD to the target, as a share of the baseline's TVD if any."""
        newest = latest(measurements)
        if newest is None:
            return NOTHING_YET
        way = 1 if self.baseline_shares is None else _distance(self.baseline_shares, self.shares)
        raw = 1 - _distance(_shares(newest), self.shares) / way
        since = held_since(measurements, self._within)
        return Assessment(raw, since is not None, since, None, None, MEASURED)

    def _within(self, measurement: Measurement) -> bool:
        differences = _differences(_shares(measurement), self.shares)
        return all(difference <= self.tolerance for difference in differences)


def _check_shares(shares: Mapping[str, Decimal], at: str) -> None:
    if any(share < ZERO for share in shares.values()):
        raise refusal("share_negative", "a share is 0 or more", at)
    if sum(shares.values()) != HUNDRED:
        raise refusal("shares_not_100", "shares sum to 100", at)


def _differences(some: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> list[Decimal]:
    """Return the absolute differences; what one side does not name has share 0 there."""
    names = some.keys() | other.keys()
    return [abs(EXACT.subtract(some.get(n, ZERO), other.get(n, ZERO))) for n in names]


def _distance(some: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> Fraction:
    """Return the total variation distance, half the absolute differences, as a share of 1."""
    points = sum((Fraction(d) for d in _differences(some, other)), Fraction(0))
    return points / 2 / 100


def _shares(measurement: Measurement) -> Mapping[str, Decimal]:
    reading = measurement.reading
    if not isinstance(reading, SharesReading):
        raise TypeError(type(reading).__name__)
    return reading.shares
