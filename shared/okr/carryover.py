"""Carry-over: a measure goes on in the next cycle from where it has come to."""

from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter, ValidationError

from shared.okr.measures import Measure, Metric

_MEASURES: Final[TypeAdapter[Measure]] = TypeAdapter(Measure)


def carried_over(measure: Measure, value: Decimal | None) -> Measure:
    """Return the measure for the next cycle, `value` being the last one (of a metric's standing).

    A metric's last value becomes its baseline. Its plan belongs to the old cycle's days, so it
    ends; so do checkpoints that lie behind, and a stretch that the new baseline has put out of
    order. What is attained already is not carried over, which is for the caller to see.
    """
    if not isinstance(measure, Metric) or value is None or value == measure.target:
        return measure
    rising = measure.target > value
    ahead = tuple(
        point
        for point in measure.checkpoints or ()
        if (value < point[0] < measure.target if rising else measure.target < point[0] < value)
    )
    begun = {**measure.model_dump(), "baseline": value, "plan": None, "checkpoints": ahead or None}
    try:
        return _MEASURES.validate_python(begun)
    except ValidationError:
        return _MEASURES.validate_python({**begun, "stretch": None})
