"""Measurements and check-ins of an objective that the caller may see; what was sealed is opened."""
# ruff: noqa: S608 - every part of the statements is written here

from typing import Any, Final

from pydantic_core import from_json

from services.readmodels.projections.written import instant
from services.readmodels.queries.places import number, place
from services.readmodels.queries.seeing import SEEN, caller_of
from services.readmodels.queries.shapes import CheckIn, Measurement
from services.readmodels.queries.view import View
from shared.events.event import Id
from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Item, Page, Query, Read, Reads

reads = Reads("readmodels", tag="progress")

_MEASUREMENTS: Final = f"""
SELECT t.version, m.*
FROM read.okrs_cards c
    JOIN read.okrs_standings s ON s.objective_id = c.id AND s.id = $4
    LEFT JOIN read.okrs_tracking t ON t.objective_id = c.id
    LEFT JOIN read.okrs_measurements m ON m.key_result_id = s.id AND {{which}}
WHERE {SEEN} AND c.id = $3
ORDER BY m.n LIMIT $6
"""
_CHECK_INS: Final = f"""
SELECT t.version, i.*
FROM read.okrs_cards c
    LEFT JOIN read.okrs_tracking t ON t.objective_id = c.id
    LEFT JOIN read.okrs_check_ins i ON i.objective_id = c.id AND {{which}}
WHERE {SEEN} AND c.id = $3
ORDER BY i.n LIMIT $5
"""


@reads.list(
    "/v1/objectives/{objective_id}/key-results/{key_result_id}/progress",
    permission="okrs.read",
    shape=Measurement,
)
async def list_progress(read: Read[View, Query], objective_id: Id, key_result_id: Id) -> Page:
    """The measurements of a key result in the order of recording, retracted ones too."""
    behind = place(read, number) or [0]
    found = await _rows(
        read, _MEASUREMENTS.format(which="m.n > $5"),
        objective_id, key_result_id, *behind, read.limit + 1,
    )  # fmt: skip
    rows = [row for row in found if row["n"] is not None]
    texts = await _opened(read, rows[: read.limit], "note", "retraction")
    return Page.of(
        rows, read.limit, item=lambda row: _measurement(row, texts), place=lambda row: [row["n"]]
    )


@reads.item(
    "/v1/objectives/{objective_id}/key-results/{key_result_id}/progress/{n}",
    permission="okrs.read",
    shape=Measurement,
)
async def get_progress(
    read: Read[View, Query], objective_id: Id, key_result_id: Id, n: int
) -> Item:
    """One measurement; its version is that of the objective's tracking."""
    row = await _one(read, _MEASUREMENTS.format(which="m.n = $5"), n, objective_id, key_result_id)
    return Item(_measurement(row, await _opened(read, [row], "note", "retraction")), row["version"])


@reads.list("/v1/objectives/{objective_id}/check-ins", permission="okrs.read", shape=CheckIn)
async def list_check_ins(read: Read[View, Query], objective_id: Id) -> Page:
    """The check-ins of an objective in the order of recording."""
    behind = place(read, number) or [0]
    found = await _rows(
        read, _CHECK_INS.format(which="i.n > $4"), objective_id, *behind, read.limit + 1
    )
    rows = [row for row in found if row["n"] is not None]
    texts = await _opened(read, rows[: read.limit], "narrative")
    return Page.of(
        rows, read.limit, item=lambda row: _check_in(row, texts), place=lambda row: [row["n"]]
    )


@reads.item("/v1/objectives/{objective_id}/check-ins/{n}", permission="okrs.read", shape=CheckIn)
async def get_check_in(read: Read[View, Query], objective_id: Id, n: int) -> Item:
    """One check-in; its version is that of the objective's tracking."""
    row = await _one(read, _CHECK_INS.format(which="i.n = $4"), n, objective_id)
    return Item(_check_in(row, await _opened(read, [row], "narrative")), row["version"])


async def _rows(read: Read[View, Query], statement: str, *arguments: Any) -> list[Any]:  # noqa: ANN401
    """The rows below something that exists for the caller; else 404."""
    rows = await read.models.fetch(statement, *caller_of(read.caller), *arguments)
    if not rows:
        raise Problem("not_found")
    return rows


async def _one(read: Read[View, Query], statement: str, n: int, *ids: str) -> Any:  # noqa: ANN401
    if not 0 < n < _MOST:
        raise Problem("not_found")
    (row,) = await _rows(read, statement, *ids, n, 1)
    if row["n"] is None:
        raise Problem("not_found")
    return row


async def _opened(
    read: Read[View, Query],
    rows: list[Any],
    *columns: str,
) -> dict[str, str | None]:
    return await read.models.opened(row[column] for row in rows for column in columns)


def _measurement(row: Any, texts: dict[str, str | None]) -> dict[str, Any]:  # noqa: ANN401
    retracted = None
    if row["retracted_at"] is not None:
        retracted = {
            "at": instant(row["retracted_at"]),
            "by": row["retracted_by"],
            "reason": _text(row["retraction"], texts),
        }
    return {
        "n": row["n"],
        "objective_id": row["objective_id"],
        "key_result_id": row["key_result_id"],
        "reading": from_json(row["reading"]),
        "observed_on": row["observed_on"].isoformat(),
        "recorded_on": row["recorded_on"].isoformat(),
        "recorded_at": instant(row["recorded_at"]),
        "late": row["late"],
        "confidence": row["confidence"],
        "note": _text(row["note"], texts),
        "evidence_url": row["evidence_url"],
        "source": row["source"],
        "by": row["actor_id"],
        "target_revision": row["target_revision"],
        "check_in": row["check_in"],
        "retracted": retracted,
    }


def _check_in(row: Any, texts: dict[str, str | None]) -> dict[str, Any]:  # noqa: ANN401
    return {
        "n": row["n"],
        "objective_id": row["objective_id"],
        "narrative": _text(row["narrative"], texts),
        "status": row["status"],
        "confidence": row["confidence"],
        "key_results": from_json(row["key_results"]),
        "recorded_on": row["recorded_on"].isoformat(),
        "recorded_at": instant(row["recorded_at"]),
        "late": row["late"],
        "by": row["actor_id"],
        "state": "published",
    }


def _text(sealed: str | None, texts: dict[str, str | None]) -> str | None:
    return None if sealed is None else texts[sealed]


_MOST: Final = 2**31
