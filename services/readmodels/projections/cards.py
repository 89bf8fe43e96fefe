"""Objectives as they are read: their figures, who may see them, and what their unit counts of them.

A card is derived from the facts of three topics; nothing here is told twice. An objective that not
everybody may see is `secret`, and `seen_by` lists who may, found by the shared rule itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from services.readmodels.projections.directory import organization
from services.readmodels.projections.marks import OBJECTIVE, UNIT
from services.readmodels.projections.written import figure, object_text, progress
from shared.eventing.projection import Derivation
from shared.eventing.rows import Rows
from shared.eventing.tables import Key, Row, Table
from shared.events.deciding import Actor
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization
from shared.events.folds.permissions import is_open, sees
from shared.events.objectives import Owner
from shared.okr.health import Health, worst
from shared.okr.rollup import ObjectiveFigure, Part, objective_figure

CARDS: Final = Table(
    "cards",
    key=("id",),
    columns={
        "id": "text",
        "cycle_id": "text",
        "owner_id": "text",
        "department_id": "text",
        "state": "text",
        "health": "text",
        "secret": "boolean",
        "seen_by": "jsonb",
        "words": "text",
        "unit_id": "text",
        "progress": "numeric",
        "confidence": "numeric",
        "key_results": "jsonb",
        "reported": "integer",
        "due": "integer",
        "company": "boolean",
        "description": "text",
        "document": "text",
        "version": "integer",
        "made_at": "timestamptz",
    },
    lookups=(("owner_id",), ("secret",), ("unit_id", "cycle_id")),
    indexes=("(cycle_id, made_at, id)", "(made_at, id)"),
)
"""`secret` is true or null. `unit_id` is the department that counts it, null where none does.

`document` is the objective as answers hold it, left open for its key results and description.
"""

TABLES: Final = (CARDS,)

_COUNTED: Final = frozenset({"published", "change_requested", "closed"})
_COUNTS: Final = (
    "unit_id", "cycle_id", "health", "progress", "confidence", "key_results", "reported", "due",
    "company",
)  # fmt: skip
"""The columns that a unit's figures hang on."""


def derive_card(key: Key, rows: Rows) -> None:
    """Derive a card; when what its unit counts of it changed, the unit is marked."""
    fact = rows["objectives"].get(key)
    before = rows["cards"].get(key)
    if fact is None:
        # Tracking was heard of first; the objective itself marks it again.
        return
    standings = sorted(rows["standings"].where(objective_id=key), key=lambda row: row["place"])
    viewers = _viewers(fact, rows)
    live = [row for row in standings if row["live"]]
    figures = objective_figure(list(_parts(live, fact["weights"])))
    health = _health(fact["state"], live)
    row = {
        "id": key,
        "cycle_id": fact["cycle_id"],
        "owner_id": fact["owner_id"],
        "department_id": fact["department_id"],
        "state": fact["state"],
        "health": health,
        "secret": None if viewers is None else True,
        "seen_by": viewers,
        "words": "\n".join([fact["title"], *(row["title"] for row in standings)]).casefold(),
        "unit_id": fact["department_id"] if _counted(fact) else None,
        "progress": figures.progress,
        "confidence": figures.confidence,
        "key_results": dict(Counter(row["health"] for row in live if row["health"] is not None)),
        "reported": sum(row["reported"] for row in live),
        "due": sum(row["due"] for row in live),
        "company": fact["owner_type"] == "company",
        "description": fact["description"],
        "document": object_text(_document(fact, figures, health))[:-1],
        "version": fact["version"],
        "made_at": fact["made_at"],
    }
    if row != before:
        _mark_units(before, row, rows)
        rows["cards"].put(row)


def _parts(live: Sequence[Row], weights: dict[str, str]) -> Iterator[Part]:
    for row in live:
        weight = weights.get(row["id"])
        confidence = row["confidence"]
        yield Part(
            shown=row["shown"],
            weight=None if weight is None else Decimal(weight),
            expected=row["expected"],
            confidence=None if confidence is None else Decimal(confidence),
        )


def _health(state: str, live: Sequence[Row]) -> str | None:
    if state == "closed":
        return Health.CLOSED.value
    found = worst(Health(row["health"]) for row in live if row["health"] is not None)
    return None if found is None else found.value


def _counted(fact: Row) -> bool:
    """Drafts, abandoned and confidential ones enter no total."""
    if fact["confidential"] or fact["state"] not in _COUNTED:
        return False
    return not (fact["state"] == "closed" and fact["outcome"] == "abandoned")


def _document(fact: Row, figures: ObjectiveFigure, health: str | None) -> dict[str, Any]:
    return {
        "id": fact["id"],
        "cycle_id": fact["cycle_id"],
        "owner": {"type": fact["owner_type"], "id": fact["owner_id"]},
        "department_id": fact["department_id"],
        "title": fact["title"],
        "commitment": fact["commitment"],
        "confidential": fact["confidential"],
        "state": fact["state"],
        "outcome": fact["outcome"] if fact["state"] == "closed" else None,
        "approver_id": fact["approver_id"],
        "revision": fact["revision"],
        "version": fact["version"],
        "progress": progress(figures.progress, figures.progress),
        "expected": figure(figures.expected),
        "health": health,
        "coverage": {"measured": figures.coverage.measured, "total": figures.coverage.total},
        "confidence": figure(figures.confidence),
        "contributes_to": None,
        "supports": [],
        "contributed_by": [],
        "supported_by": [],
        "requests": [],
    }


def _viewers(fact: Row, rows: Rows) -> list[str] | None:
    """Who may see it besides administrators and auditors; None: everybody may.

    Nobody but the owner, the approver and the heads above can be let in by the shared rule, so it
    is asked for each of them.
    """
    objective = _as_objective(fact)
    if is_open(objective):
        return None
    known = organization(rows)
    candidates = {each for each in _connected(known, objective) if each is not None}
    return sorted(each for each in candidates if sees(known, Actor(each), objective))


def _connected(known: Organization, objective: Objective) -> Iterator[str | None]:
    owner = objective.owner
    yield known.standing_for(owner.id)
    yield known.approver_of(owner.type, owner.id, objective.cycle_id)
    for department_id in (owner.id, objective.department_id):
        yield from (department.head_id for department in known.upward(department_id))


def _as_objective(fact: Row) -> Objective:
    return Objective(
        id=fact["id"],
        cycle_id=fact["cycle_id"],
        owner=Owner.model_construct(type=fact["owner_type"], id=fact["owner_id"]),
        department_id=fact["department_id"],
        title=fact["title"],
        description=None,
        commitment=fact["commitment"],
        confidential=fact["confidential"],
        imported=False,
        drafted_by=fact["drafted_by"],
        state=fact["state"],
    )


def _mark_units(before: Row | None, after: Row, rows: Rows) -> None:
    if before is not None and all(before[name] == after[name] for name in _COUNTS):
        return
    for row in (before, after):
        if row is not None and row["unit_id"] is not None:
            rows.mark(UNIT, (row["unit_id"], row["cycle_id"]))


DERIVATION: Final = Derivation(OBJECTIVE, derive_card)
