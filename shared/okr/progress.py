"""Progress: where a key result stands, from its terms and its measurements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from shared.okr.figures import Coverage, Progress
from shared.okr.terms import Measurement, Terms, latest

__all__ = ["Attained", "Measurement", "Standing", "Terms", "latest", "standing"]

Attained = Literal[True, False, "late"] | None
"""Attained, not, after its due, or not to be known yet."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a key result stands.

    `progress` is None as long as nothing is known. `attained_on` is the day from which it has been
    attained without a break. `value` is the number behind the progress (a metric's level, a mean,
    a count), None where there is none; `zone` a metric's or an ordinal's; `coverage` how many
    parts of a composite have a value (0 or 1 of 1 for any other kind).
    """

    progress: Progress | None
    attained: Attained
    attained_on: date | None
    zone: str | None
    value: Decimal | None
    coverage: Coverage


def standing(
    terms: Terms, measurements: Sequence[Measurement], today: date, *, closed: bool = False
) -> Standing:
    """Return where the key result stands on `today`.

    `measurements` are those not retracted, in the order of recording, none observed after `today`.
    `closed` says that the objective is closed: what waits for its due is then decided.
    """
    seen = terms.measure.assess(terms, measurements, today, closed=closed)
    attained: Attained = seen.attained
    if seen.attained and seen.attained_on is not None and seen.attained_on > terms.due_on:
        attained = "late"
    progress = None if seen.raw is None else Progress.of(seen.raw)
    return Standing(
        progress, attained, seen.attained_on, seen.zone, seen.value, seen.coverage
    )  # fmt: skip
