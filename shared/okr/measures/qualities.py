"""Qualities: what is told in words, and what is still to be found out."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import ClassVar, Final, Literal

from typing_extensions import override

from shared.okr.measures.shape import MEASURED, NOTHING_YET, Assessment, Shape, held_since
from shared.okr.readings import OrdinalZone, ValueReading, ZoneReading, value_of
from shared.okr.terms import Measurement, Terms, latest
from shared.okr.words import Text, Unit

_REACHED: Final[Mapping[OrdinalZone, Fraction]] = {
    "below": Fraction(0),
    "commit": Fraction(3, 10),
    "target": Fraction(7, 10),
    "stretch": Fraction(1),
}


class Ordinal(Shape):
    """Three texts that say what commit, target and stretch would be."""

    reads: ClassVar = ZoneReading

    kind: Literal["ordinal"] = "ordinal"
    commit: Text
    target: Text
    stretch: Text

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge the latest zone reported."""
        newest = latest(measurements)
        if newest is None:
            return NOTHING_YET
        zone = _zone(newest)
        since = held_since(measurements, lambda m: _zone(m) in ("target", "stretch"))
        return Assessment(_REACHED[zone], since is not None, since, None, zone, MEASURED)


class Discovery(Shape):
    """A baseline that is to be found: done once a value is captured."""

    reads: ClassVar = ValueReading

    kind: Literal["discovery"] = "discovery"
    unit: Unit = ""

    @override
    def assess(
        self, terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool
    ) -> Assessment:
        """Judge whether there is a value; the first one attains it."""
        newest = latest(measurements)
        if newest is None:
            return NOTHING_YET
        found_on = min(measurement.observed_on for measurement in measurements)
        value = value_of(newest.reading)
        return Assessment(Fraction(1), True, found_on, value, None, MEASURED)  # noqa: FBT003


def _zone(measurement: Measurement) -> OrdinalZone:
    reading = measurement.reading
    if not isinstance(reading, ZoneReading):
        raise TypeError(type(reading).__name__)
    return reading.zone
