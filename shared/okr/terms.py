"""Terms: what a key result is judged by, and what has been measured of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from shared.okr.readings import Reading

if TYPE_CHECKING:
    from shared.okr.measures import Measure


@dataclass(frozen=True, slots=True)
class Measurement:
    """One reading: number `n` of its key result, true on the business day `observed_on`."""

    n: int
    observed_on: date
    reading: Reading


@dataclass(frozen=True, slots=True)
class Terms:
    """What a key result is judged by.

    `due` is its own due date, or None for the cycle's end. `tracked_from` is the day on which
    tracking began; for an imported objective that is the cycle's first day.
    """

    measure: "Measure"
    cycle_start: date
    cycle_end: date
    due: date | None
    tracked_from: date

    @property
    def starts_on(self) -> date:
        """The day from which progress is expected: of the cycle or of tracking, the later."""
        return max(self.cycle_start, self.tracked_from)

    @property
    def due_on(self) -> date:
        """The day by which it is to be attained: its due, else the cycle's end."""
        return self.due or self.cycle_end


def latest(measurements: Sequence[Measurement]) -> Measurement | None:
    """Return the measurement with the greatest (observed_on, order of recording).

    `measurements` are those not retracted, in the order in which they were recorded.
    """
    found = None
    for measurement in measurements:
        if found is None or measurement.observed_on >= found.observed_on:
            found = measurement
    return found


def by_day(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Return the measurements by business day, those of one day in the order of recording."""
    return sorted(measurements, key=lambda measurement: measurement.observed_on)
