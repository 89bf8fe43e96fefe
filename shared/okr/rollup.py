"""Roll-up: from key results to objectives, and from objectives to departments and the company.

Every level publishes a sum and a count beside its mean, so that it can be proved from the level
below; each level computes from the rounded figures of the one below it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shared.okr.figures import Coverage
from shared.okr.health import Health


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
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """A counted objective, as its unit sees it.

    Counted are published and closed ones; drafts, abandoned, postponed and confidential ones are
    not given. `feeds` is the objective that it contributes to, if any. `unit_id` is the department
    that it (or its owner, at that instant) belongs to, for the company's the root.
    """

    id: str
    unit_id: str
    progress: Decimal | None
    feeds: str | None = None
    health: Health | None = None
    key_results: Mapping[Health, int] = field(default_factory=dict)
    confidence: Decimal | None = None
    reported: int = 0
    due: int = 0
    aligned: bool = False
    company: bool = False


@dataclass(frozen=True, slots=True)
class Excluded:
    """An objective left out of a unit's mean because it feeds another one of the same subtree."""

    objective_id: str
    fed_into: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A sum and the number of figures in it: what a mean can be proved by, and added up."""

    sum: Decimal
    n: int

    @property
    def mean(self) -> Decimal | None:
        """Return sum / n rounded to 12 places, None for n = 0."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class UnitFigure:
    """The figures of a unit's whole subtree in one cycle.

    `pair` = the children's pairs + own objectives − `excluded`. `coverage` counts the objectives
    in the mean: with a value, and all. The other figures are over every counted objective of the
    subtree, excluded ones too, for they carry nothing upwards that could count twice.
    """

    pair: Pair
    coverage: Coverage
    excluded: tuple[Excluded, ...]
    key_results: Mapping[Health, int]
    objectives: Mapping[Health, int]
    confidence_pair: Pair
    reported: int
    due: int
    aligned: int
    alignable: int

    @property
    def progress(self) -> Decimal | None:
        """The mean, None when no objective has a value."""
        return self.pair.mean

    @property
    def worst(self) -> Health | None:
        """The worst health of the subtree's counted objectives; closed ones are left out."""
        raise NotImplementedError

    @property
    def confidence(self) -> Decimal | None:
        """The mean of the objectives' confidence."""
        return self.confidence_pair.mean

    @property
    def checkin_rate(self) -> Decimal | None:
        """Reported when due / due, None when nothing has been due."""
        raise NotImplementedError

    @property
    def aligned_share(self) -> Decimal | None:
        """Share of objectives with an accepted link; company objectives are left out."""
        raise NotImplementedError


def exclusions(
    parents: Mapping[str, str | None], rows: Iterable[ObjectiveRow]
) -> dict[str, tuple[Excluded, ...]]:
    """Return, for each unit, what is left out there and was not left out below.

    `parents` maps each unit to the one above it (None for the root). An objective that feeds a
    counted one leaves the sum at the lowest unit whose subtree holds both.
    """
    raise NotImplementedError


def unit_figure(
    children: Iterable[UnitFigure],
    own: Iterable[ObjectiveRow],
    left_out: Sequence[tuple[Excluded, Decimal | None]],
) -> UnitFigure:
    """Return one unit's figure from its children's, its own objectives and what is left out here.

    So a change costs its ancestors only. Each left out objective comes with its progress.
    """
    raise NotImplementedError


def unit_figures(
    parents: Mapping[str, str | None], rows: Iterable[ObjectiveRow]
) -> dict[str, UnitFigure]:
    """Return the figure of every unit, bottom-up; the tree and the rows as for `exclusions`."""
    raise NotImplementedError


def suggested_weights(targets: Sequence[Decimal]) -> tuple[Decimal, ...] | None:
    """Return weights by size of target, two places, summing to 100; None if all targets are 0.

    A suggestion, never applied by itself.
    """
    raise NotImplementedError
