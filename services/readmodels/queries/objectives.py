"""Objectives with their key results: one statement a request, documents as they were derived."""
# ruff: noqa: S608 - every part of the statements is written here

from typing import Any, Final, Literal

from services.readmodels.projections.written import json_text
from services.readmodels.queries.places import identifier, instant, number, place
from services.readmodels.queries.seeing import SEEN, caller_of
from services.readmodels.queries.shapes import KeyResult, Objective
from services.readmodels.queries.view import View
from shared.events.event import Id
from shared.okr.health import Health
from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Item, Page, Query, Read, Reads

reads = Reads("readmodels", tag="objectives")

ObjectiveState = Literal["draft", "submitted", "published", "closed"]

_WHOLE: Final = f"""
SELECT c.id, c.description, c.version, c.made_at, convert_to(concat(
    c.document, ',"key_results":[', (
        SELECT string_agg(s.document, ',' ORDER BY s.place)
        FROM read.okrs_standings s WHERE s.objective_id = c.id
    ), '],"description":'), 'UTF8') AS document
FROM read.okrs_cards c WHERE {SEEN}
"""
_ONE: Final = _WHOLE + " AND c.id = $3"
_PARTS: Final = f"""
SELECT c.version, s.id, s.document, s.place
FROM read.okrs_cards c LEFT JOIN read.okrs_standings s ON s.objective_id = c.id
    AND s.place > $4
WHERE {SEEN} AND c.id = $3 ORDER BY s.place LIMIT $5
"""
_PART: Final = f"""
SELECT c.version, s.document
FROM read.okrs_cards c JOIN read.okrs_standings s ON s.objective_id = c.id
WHERE {SEEN} AND c.id = $3 AND s.id = $4
"""
_EQUAL: Final = ("cycle_id", "owner_id", "department_id", "state")


class ObjectiveQuery(Query):
    """Which objectives; `q` is looked for in their titles and those of their key results."""

    cycle_id: Id | None = None
    owner_id: Id | None = None
    department_id: Id | None = None
    health: Health | None = None
    state: ObjectiveState | None = None
    q: str | None = None


@reads.list("/v1/objectives", permission="okrs.read", query=ObjectiveQuery, shape=Objective)
async def list_objectives(read: Read[View, ObjectiveQuery]) -> Page:
    """The objectives that the caller may see, with their key results, the oldest first."""
    statement, arguments = _filtered(read)
    rows = await read.models.fetch(statement, *arguments)
    texts = await read.models.opened(row["description"] for row in rows[: read.limit])
    return Page.of(
        rows,
        read.limit,
        item=lambda row: whole(row, texts),
        place=lambda row: [row["made_at"].isoformat(), row["id"]],
    )


@reads.item("/v1/objectives/{objective_id}", permission="okrs.read", shape=Objective)
async def get_objective(read: Read[View, Query], objective_id: Id) -> Item:
    """One objective with its key results."""
    rows = await read.models.fetch(_ONE, *caller_of(read.caller), objective_id)
    if not rows:
        raise Problem("not_found")
    texts = await read.models.opened([rows[0]["description"]])
    return Item(whole(rows[0], texts), version=rows[0]["version"])


@reads.list(
    "/v1/objectives/{objective_id}/key-results", permission="okrs.read", shape=KeyResult
)  # fmt: skip
async def list_key_results(read: Read[View, Query], objective_id: Id) -> Page:
    """The key results of an objective, in the order in which they were added."""
    behind = place(read, number) or [-1]
    rows = await read.models.fetch(
        _PARTS, *caller_of(read.caller), objective_id, *behind, read.limit + 1
    )
    if not rows:
        raise Problem("not_found")
    # An objective without key results is one row without a part.
    rows = [row for row in rows if row["id"] is not None]
    return Page.of(
        rows,
        read.limit,
        item=lambda row: row["document"].encode(),
        place=lambda row: [row["place"]],
    )


@reads.item(
    "/v1/objectives/{objective_id}/key-results/{key_result_id}",
    permission="okrs.read",
    shape=KeyResult,
)
async def get_key_result(read: Read[View, Query], objective_id: Id, key_result_id: Id) -> Item:
    """One key result; its version is that of its objective."""
    rows = await read.models.fetch(
        _PART, *caller_of(read.caller), objective_id, key_result_id
    )  # fmt: skip
    if not rows:
        raise Problem("not_found")
    return Item(rows[0]["document"].encode(), version=rows[0]["version"])


def whole(row: Any, texts: dict[str, str | None]) -> bytes:  # noqa: ANN401 - a record
    """The objective as answers hold it: its document up to its description, which is opened."""
    sealed = row["description"]
    text = None if sealed is None else texts[sealed]
    document: bytes = row["document"]
    return document + (b"null}" if text is None else json_text(text).encode() + b"}")


def _filtered(read: Read[View, ObjectiveQuery]) -> tuple[str, list[Any]]:
    """The statement for exactly these filters, so that each is found by its index."""
    arguments = caller_of(read.caller)
    conditions = []

    def take(condition: str, *values: Any) -> None:  # noqa: ANN401 - parameters
        places = [f"${len(arguments) + n}" for n in range(1, len(values) + 1)]
        conditions.append(condition.format(*places))
        arguments.extend(values)

    query = read.query
    for name in _EQUAL:
        value = getattr(query, name)
        if value is not None:
            take(f"c.{name} = {{}}", value)
    if query.health is not None:
        take("c.health = {}", query.health.value)
    if query.q:
        take("strpos(c.words, {}) > 0", query.q.casefold())
    behind = place(read, instant, identifier)
    if behind is not None:
        take("(c.made_at, c.id) > ({}, {})", *behind)
    where = "".join(f" AND {condition}" for condition in conditions)
    take("{}", read.limit + 1)
    return f"{_WHOLE}{where} ORDER BY c.made_at, c.id LIMIT {conditions[-1]}", arguments
