"""Units: from objectives to departments and the company, each level provable from the one below.

Every level publishes a sum and a count beside its mean: a parent's pair is its children's pairs
and its own objectives, less those that feed another objective of the same subtree, listed by id.
So nothing counts twice, and one change costs its ancestors only.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shared.okr.figures import Coverage, Pair, ratio
from shared.okr.health import Health, worst


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
        return worst(health for health, count in self.objectives.items() if count)

    @property
    def confidence(self) -> Decimal | None:
        """The mean of the objectives' confidence."""
        return self.confidence_pair.mean

    @property
    def checkin_rate(self) -> Decimal | None:
        """Reported when due / due, None when nothing has been due."""
        return ratio(self.reported, self.due) if self.due else None

    @property
    def aligned_share(self) -> Decimal | None:
        """Share of objectives with an accepted link; company objectives are left out."""
        return ratio(self.aligned, self.alignable) if self.alignable else None


def exclusions(
    parents: Mapping[str, str | None], rows: Iterable[ObjectiveRow]
) -> dict[str, tuple[Excluded, ...]]:
    """Return, for each unit, what is left out there and was not left out below.

    `parents` maps each unit to the one above it (None for the root). An objective that feeds a
    counted one leaves the sum at the lowest unit whose subtree holds both.
    """
    counted = {row.id: row for row in rows}
    found: dict[str, list[Excluded]] = {}
    for row in counted.values():
        fed = counted.get(row.feeds) if row.feeds is not None else None
        if fed is None:
            continue
        above_fed = set(_upwards(parents, fed.unit_id))
        meeting = next((unit for unit in _upwards(parents, row.unit_id) if unit in above_fed), None)
        if meeting is not None:
            found.setdefault(meeting, []).append(Excluded(row.id, fed.id))
    return {
        unit: tuple(sorted(listed, key=lambda excluded: excluded.objective_id))
        for unit, listed in found.items()
    }


def unit_figure(
    children: Iterable[UnitFigure],
    own: Iterable[ObjectiveRow],
    left_out: Sequence[tuple[Excluded, Decimal | None]] = (),
) -> UnitFigure:
    """Return one unit's figure from its children's, its own objectives and what is left out here.

    So a change costs its ancestors only. Each left out objective comes with its progress.
    """
    below, rows = list(children), list(own)
    pair = sum((unit.pair for unit in below), Pair.of(row.progress for row in rows))
    out = Pair.of(progress for _, progress in left_out)
    total = sum(unit.coverage.total for unit in below) + len(rows) - len(left_out)
    key_results, objectives = Counter[Health](), Counter[Health]()
    for unit in below:
        key_results.update(unit.key_results)
        objectives.update(unit.objectives)
    for row in rows:
        key_results.update(row.key_results)
        objectives.update([row.health] if row.health is not None else [])
    pair -= out
    alignable = [row for row in rows if not row.company]
    return UnitFigure(
        pair=pair,
        coverage=Coverage(pair.n, total),
        excluded=tuple(excluded for excluded, _ in left_out),
        key_results={health: key_results[health] for health in Health},
        objectives={health: objectives[health] for health in Health},
        confidence_pair=sum(
            (unit.confidence_pair for unit in below), Pair.of(row.confidence for row in rows)
        ),
        reported=sum(unit.reported for unit in below) + sum(row.reported for row in rows),
        due=sum(unit.due for unit in below) + sum(row.due for row in rows),
        aligned=sum(unit.aligned for unit in below) + sum(row.aligned for row in alignable),
        alignable=sum(unit.alignable for unit in below) + len(alignable),
    )


def unit_figures(
    parents: Mapping[str, str | None], rows: Iterable[ObjectiveRow]
) -> dict[str, UnitFigure]:
    """Return the figure of every unit, bottom-up; the tree and the rows as for `exclusions`."""
    counted = list(rows)
    progress = {row.id: row.progress for row in counted}
    left_out = exclusions(parents, counted)
    own: dict[str, list[ObjectiveRow]] = {}
    for row in counted:
        own.setdefault(row.unit_id, []).append(row)
    below: dict[str, list[str]] = {}
    for unit, parent in parents.items():
        if parent is not None:
            below.setdefault(parent, []).append(unit)
    figures: dict[str, UnitFigure] = {}
    for unit in sorted(parents, key=lambda u: sum(1 for _ in _upwards(parents, u)), reverse=True):
        out = [(excluded, progress[excluded.objective_id]) for excluded in left_out.get(unit, ())]
        children = [figures[child] for child in below.get(unit, ())]
        figures[unit] = unit_figure(children, own.get(unit, ()), out)
    return figures


def _upwards(parents: Mapping[str, str | None], unit: str) -> Iterator[str]:
    """Yield a unit and those above it, up to the root."""
    above: str | None = unit
    while above is not None:
        yield above
        above = parents[above]
