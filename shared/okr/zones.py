"""Zones of a metric with a stretch: where on the scale from baseline to stretch a value lies."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from shared.okr.figures import EXACT, clamped, rounded

MetricZone = Literal["below_baseline", "fail", "commit", "target", "stretch"]

COMMIT_SHARE: Final = Decimal("0.3")
TARGET_SHARE: Final = Decimal("0.7")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines between the zones, in the order in which a value passes them, up or down."""

    baseline: Decimal
    commit: Decimal
    target: Decimal
    stretch: Decimal

    @classmethod
    def of(cls, baseline: Decimal, target: Decimal, stretch: Decimal) -> "Lines":
        """Draw the commit line at three tenths of the way from baseline to stretch, exactly."""
        return cls(baseline, _on_the_way(baseline, stretch, COMMIT_SHARE), target, stretch)

    @property
    def ordered(self) -> bool:
        """Whether baseline, commit, target and stretch follow one another; two may coincide."""
        if self.baseline == self.stretch:
            return False
        lines = [self.baseline, self.commit, self.target, self.stretch]
        return lines == sorted(lines, reverse=self.stretch < self.baseline)

    def zone(self, value: Decimal) -> MetricZone:
        """Return the zone of `value`; an edge belongs to the zone above it."""
        falling = self.stretch < self.baseline
        zone: MetricZone = "below_baseline"
        for line, above in (
            (self.baseline, "fail"),
            (self.commit, "commit"),
            (self.target, "target"),
            (self.stretch, "stretch"),
        ):
            if (value > line) if falling else (value < line):
                break
            zone = above  # type: ignore[assignment]
        return zone

    def place(self, value: Decimal) -> Decimal:
        """Return the place on the zone scale, (v - b) / (s - b) cut to 0 … 1; not a progress."""
        way = Fraction(self.stretch) - Fraction(self.baseline)
        return rounded(clamped((Fraction(value) - Fraction(self.baseline)) / way))


def usual_target(baseline: Decimal, stretch: Decimal) -> Decimal:
    """Return the target where none is given: seven tenths of the way from baseline to stretch."""
    return _on_the_way(baseline, stretch, TARGET_SHARE)


def solved_baseline(target: Decimal, stretch: Decimal) -> Decimal:
    """Return the baseline that target and stretch imply: (t - 0.7 s) / 0.3, to 12 places."""
    share = Fraction(TARGET_SHARE)
    return rounded((Fraction(target) - share * Fraction(stretch)) / (1 - share))


def _on_the_way(start: Decimal, end: Decimal, share: Decimal) -> Decimal:
    return EXACT.add(start, EXACT.multiply(share, EXACT.subtract(end, start)))
