"""Roll-up: from key results, and the objectives that contribute, to one objective's figure.

Each level computes from the rounded figures of the one below it; `shared.okr.units` goes on from
objectives to departments and the company.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from shared.okr.figures import EXACT, ZERO, Coverage, Pair, ratio


@dataclass(frozen=True, slots=True)
class Part:
    """A live key result of an objective, or a child that contributes to it.

    `weight` is in percent points, None when unset; all three figures are None when unknown.
    """

    shown: Decimal | None
    weight: Decimal | None = None
    expected: Decimal | None = None
    confidence: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ObjectiveFigure:
    """The figures of one objective; progress is a share of 1 and needs no clamping."""

    progress: Decimal | None
    expected: Decimal | None
    confidence: Decimal | None
    coverage: Coverage


def objective_figure(key_results: Sequence[Part], children: Sequence[Part] = ()) -> ObjectiveFigure:
    """Return Σ w·shown / Σ w over the parts that have a value, and what goes with it.

    `key_results` are the live ones, either all with a weight or none: unset, each counts 100/n.
    `children` are the objectives that contribute; one without a weight counts 100/(n + 1).
    `expected` takes the same weights over the same parts and is None where one of them is unknown;
    `confidence` is the plain mean of the key results' own.
    """
    values = [part for part in key_results if part.shown is not None]
    fed = [part for part in children if part.shown is not None]
    coverage = Coverage(len(values) + len(fed), len(key_results) + len(children))
    confidence = Pair.of(part.confidence for part in key_results).mean
    weighted = _with_weights(key_results, children)
    progress = _weighted_mean([(part.shown, weight) for part, weight in weighted])
    expected = None
    if all(part.expected is not None for part in (*values, *fed)):
        known = [(part, weight) for part, weight in weighted if part.shown is not None]
        expected = _weighted_mean([(part.expected, weight) for part, weight in known])
    return ObjectiveFigure(progress, expected, confidence, coverage)


def _with_weights(
    key_results: Sequence[Part], children: Sequence[Part]
) -> list[tuple[Part, Decimal]]:
    """Return every part with its weight, set or the usual one, all times the same number.

    That number makes 100/n and 100/(n + 1) whole, so that no weight is rounded.
    """
    n = len(key_results)
    unset = any(part.weight is None for part in key_results)
    times = Decimal(n * (n + 1) if unset else n + 1)
    equal = Decimal(100 * (n + 1))
    beside = Decimal(100 * n if unset else 100)
    return [
        *((part, equal if unset else _times(part.weight, times, ZERO)) for part in key_results),
        *((part, _times(part.weight, times, beside)) for part in children),
    ]


def _times(weight: Decimal | None, times: Decimal, usual: Decimal) -> Decimal:
    return usual if weight is None else EXACT.multiply(weight, times)


def _weighted_mean(figures: Iterable[tuple[Decimal | None, Decimal]]) -> Decimal | None:
    """Return the weighted mean of the figures that are known, None without any weight."""
    total = weights = ZERO
    for figure, weight in figures:
        if figure is not None:
            total, weights = EXACT.fma(weight, figure, total), EXACT.add(weights, weight)
    if not weights:
        return None
    above, below = total.as_integer_ratio()
    upper, lower = weights.as_integer_ratio()
    return ratio(above * lower, below * upper)


def suggested_weights(targets: Sequence[Decimal]) -> tuple[Decimal, ...] | None:
    """Return weights by size of target, two places, summing to 100; None if all targets are 0.

    A suggestion, never applied by itself.
    """
    sizes = [abs(Fraction(target)) for target in targets]
    total = sum(sizes, Fraction(0))
    if not total:
        return None
    exact = [size * 100 * 100 / total for size in sizes]
    cents = [int(share) for share in exact]
    # What cutting left over goes to those who lost most by it, the earlier one first.
    by_loss = sorted(range(len(cents)), key=lambda i: cents[i] - exact[i])
    for index in by_loss[: 100 * 100 - sum(cents)]:
        cents[index] += 1
    return tuple(EXACT.scaleb(Decimal(cent), -2) for cent in cents)
