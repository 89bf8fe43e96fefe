"""Units: the figures of every department and of the company in a cycle, each from the level below.

A row holds sums and counts beside the mean, so that any figure can be proved from the one below it,
and a change costs its ancestors only.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.readmodels.projections.marks import UNIT
from shared.eventing.projection import Derivation
from shared.eventing.rows import Rows
from shared.eventing.tables import Key, Row, Table
from shared.okr.figures import Coverage, Pair
from shared.okr.health import Health
from shared.okr.units import Excluded, ObjectiveRow, UnitFigure, unit_figure

UNITS: Final = Table(
    "units",
    key=("department_id", "cycle_id"),
    columns={
        "department_id": "text",
        "cycle_id": "text",
        "sum": "numeric",
        "n": "integer",
        "total": "integer",
        "excluded": "jsonb",
        "key_results": "jsonb",
        "objectives": "jsonb",
        "confidence_sum": "numeric",
        "confidence_n": "integer",
        "reported": "integer",
        "due": "integer",
        "aligned": "integer",
        "alignable": "integer",
    },
    lookups=(("department_id",),),
)
"""A department whose subtree counts nothing in a cycle has no row."""

TABLES: Final = (UNITS,)


def derive_unit(key: Key, rows: Rows) -> None:
    """Derive a department's figures from its children's and its own; then those of its parent."""
    department_id, cycle_id = key
    before = rows["units"].get(key)
    place = rows["departments"].get(department_id)
    below = rows["departments"].where(parent_id=department_id)
    children = [rows["units"].get((child["id"], cycle_id)) for child in below]
    own = rows["cards"].where(unit_id=department_id, cycle_id=cycle_id)
    counted = [figure_of(row) for row in children if row is not None]
    after = None
    if counted or own:
        after = _row(key, unit_figure(counted, map(_as_counted, own)))
    if after == before:
        return
    if place is not None and place["parent_id"] is not None:
        rows.mark(UNIT, (place["parent_id"], cycle_id))
    if after is None:
        rows["units"].delete(key)
    else:
        rows["units"].put(after)


def depth(key: Key, rows: Rows) -> int:
    """How far a department is from the company: the deepest are derived first."""
    steps, department_id = 0, key[0]
    while (row := rows["departments"].get(department_id)) is not None:
        if row["parent_id"] is None:
            break
        steps, department_id = steps + 1, row["parent_id"]
    return steps


def figure_of(row: Row) -> UnitFigure:
    """The figures of a row."""
    return UnitFigure(
        pair=Pair(row["sum"], row["n"]),
        coverage=Coverage(row["n"], row["total"]),
        excluded=tuple(Excluded(**each) for each in row["excluded"]),
        key_results=_healths(row["key_results"]),
        objectives=_healths(row["objectives"]),
        confidence_pair=Pair(row["confidence_sum"], row["confidence_n"]),
        reported=row["reported"],
        due=row["due"],
        aligned=row["aligned"],
        alignable=row["alignable"],
    )


def _row(key: Key, figure: UnitFigure) -> dict[str, Any]:
    return {
        "department_id": key[0],
        "cycle_id": key[1],
        "sum": figure.pair.sum,
        "n": figure.pair.n,
        "total": figure.coverage.total,
        "excluded": [
            {"objective_id": each.objective_id, "fed_into": each.fed_into}
            for each in figure.excluded
        ],
        "key_results": dict(_told(figure.key_results)),
        "objectives": dict(_told(figure.objectives)),
        "confidence_sum": figure.confidence_pair.sum,
        "confidence_n": figure.confidence_pair.n,
        "reported": figure.reported,
        "due": figure.due,
        "aligned": figure.aligned,
        "alignable": figure.alignable,
    }


def _as_counted(card: Row) -> ObjectiveRow:
    health = card["health"]
    return ObjectiveRow(
        id=card["id"],
        unit_id=card["unit_id"],
        progress=card["progress"],
        health=None if health is None else Health(health),
        key_results=_healths(card["key_results"]),
        confidence=card["confidence"],
        reported=card["reported"],
        due=card["due"],
        company=card["company"],
    )


def _healths(counts: Mapping[str, int]) -> dict[Health, int]:
    return {Health(health): count for health, count in counts.items()}


def _told(counts: Mapping[Health, int]) -> Iterator[tuple[str, int]]:
    return ((health.value, count) for health, count in counts.items())


DERIVATION: Final = Derivation(UNIT, derive_unit, rank=depth)

NOTHING: Final = unit_figure((), ())
"""The figures of a unit that counts nothing."""
