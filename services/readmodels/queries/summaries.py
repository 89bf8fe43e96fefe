"""The figures of a unit in a cycle, and of the units one level below it."""

from typing import Any, Final

from services.readmodels.projections.units import NOTHING, figure_of
from services.readmodels.projections.written import figure, progress
from services.readmodels.queries.shapes import Summary
from services.readmodels.queries.view import View
from shared.events.event import Id
from shared.okr.figures import quantity_text
from shared.okr.health import Health
from shared.okr.units import UnitFigure
from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Item, Query, Read, Reads

reads = Reads("readmodels", tag="summaries")

_UNITS: Final = """
WITH chosen AS (
    SELECT id FROM read.okrs_cycles
    WHERE CASE WHEN $2::text IS NULL THEN activated_at IS NOT NULL ELSE id = $2 END
    ORDER BY state = 'active' DESC, activated_at DESC, id LIMIT 1
), top AS (
    SELECT id FROM read.okrs_departments
    WHERE CASE WHEN $1::text IS NULL THEN parent_id IS NULL ELSE id = $1 END
)
SELECT d.id, d.name, d.parent_id, d.closed, d.id = top.id AS is_top, chosen.id AS cycle,
    u.*
FROM chosen, top
    JOIN read.okrs_departments d ON d.id = top.id OR d.parent_id = top.id
    LEFT JOIN read.okrs_units u
        ON u.department_id = d.id AND u.cycle_id = (SELECT id FROM chosen)
ORDER BY d.place
"""


class SummaryQuery(Query):
    """In which cycle; left out, the active one, else the one that was started last."""

    cycle_id: Id | None = None


@reads.item(
    "/v1/company/summary", permission="okrs.read", query=SummaryQuery, shape=Summary
)  # fmt: skip
async def get_company_summary(read: Read[View, SummaryQuery]) -> Item:
    """The company's figures in a cycle, and those of the departments below it."""
    return await _summary(read, None)


@reads.item(
    "/v1/departments/{department_id}/summary",
    permission="okrs.read",
    query=SummaryQuery,
    shape=Summary,
)
async def get_department_summary(read: Read[View, SummaryQuery], department_id: Id) -> Item:
    """A department's figures in a cycle, and those of the departments below it."""
    return await _summary(read, department_id)


async def _summary(read: Read[View, SummaryQuery], department_id: str | None) -> Item:
    rows = await read.models.fetch(_UNITS, department_id, read.query.cycle_id)
    top = next((row for row in rows if row["is_top"]), None)
    if top is None:
        raise Problem("not_found")
    # A closed department is told of only where its objectives still count.
    below = [
        _figures(row)
        for row in rows
        if not row["is_top"] and not (row["closed"] and row["n"] is None)
    ]
    return Item({**_figures(top), "children": below})


def _figures(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a record
    seen = NOTHING if row["n"] is None else figure_of(row)
    kind = "company" if row["parent_id"] is None else "department"
    return {
        "unit": {"type": kind, "id": row["id"], "name": row["name"]},
        "cycle_id": row["cycle"],
        "progress": progress(seen.progress, seen.progress),
        "worst": seen.worst,
        "sum": quantity_text(seen.pair.sum),
        "count": seen.pair.n,
        "coverage": {"measured": seen.coverage.measured, "total": seen.coverage.total},
        "health": _counts(seen.key_results),
        "objectives": _counts(seen.objectives),
        "checkin_rate": figure(seen.checkin_rate),
        "confidence": figure(seen.confidence),
        "aligned_share": figure(seen.aligned_share),
        "excluded": _excluded(seen),
    }


def _counts(counts: Any) -> dict[str, int]:  # noqa: ANN401 - a mapping by health
    return {health.value: counts[health] for health in Health}


def _excluded(seen: UnitFigure) -> list[dict[str, str]]:
    return [
        {"objective_id": each.objective_id, "fed_into": each.fed_into} for each in seen.excluded
    ]
