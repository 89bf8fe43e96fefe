"""The caller's own notices, each in a sentence of the caller's language."""
# ruff: noqa: S608 - every part of the statements is written here

from typing import Any, Final

from services.readmodels.projections.written import instant as instant_text
from services.readmodels.queries.places import identifier, instant, place
from services.readmodels.queries.seeing import SEEN, caller_of
from services.readmodels.queries.shapes import Notice
from services.readmodels.queries.view import View
from shared.events.event import Id
from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Item, Page, Query, Read, Reads
from shared.runtime.texts.catalogues import Language, sentence

reads = Reads("readmodels", tag="notifications")

# What a notice is about is named only as far as the caller may see it now.
_NOTICES: Final = f"""
SELECT n.*, c.title AS objective, s.title AS key_result
FROM read.notices_notices n
    LEFT JOIN LATERAL (
        SELECT c.id, o.title FROM read.okrs_cards c JOIN read.okrs_objectives o USING (id)
        WHERE c.id = n.objective_id AND {SEEN}
    ) c ON true
    LEFT JOIN read.okrs_standings s ON s.objective_id = c.id AND s.id = n.subject_id
WHERE n.member_id = $2
"""
_ONE: Final = _NOTICES + " AND n.id = $3"
_LIST: Final = (
    _NOTICES
    + """
    AND ($3::timestamptz IS NULL OR (n.created_at, n.id) < ($3, $4))
ORDER BY n.created_at DESC, n.id DESC LIMIT $5
"""
)


@reads.list("/v1/notifications", permission="me.read", shape=Notice)
async def list_notices(read: Read[View, Query]) -> Page:
    """What the caller was told, the latest first."""
    behind = place(read, instant, identifier) or [None, ""]
    rows = await read.models.fetch(_LIST, *caller_of(read.caller), *behind, read.limit + 1)
    return Page.of(
        rows,
        read.limit,
        item=lambda row: _notice(row, read.language),
        place=lambda row: [row["created_at"].isoformat(), row["id"]],
    )


@reads.item("/v1/notifications/{notice_id}", permission="me.read", shape=Notice)
async def get_notice(read: Read[View, Query], notice_id: Id) -> Item:
    """One of the caller's notices; those of others do not exist."""
    rows = await read.models.fetch(_ONE, *caller_of(read.caller), notice_id)
    if not rows:
        raise Problem("not_found")
    return Item(_notice(rows[0], read.language), version=rows[0]["version"])


def _notice(row: Any, language: Language) -> dict[str, Any]:  # noqa: ANN401 - a record
    named = {"objective": row["objective"], "key_result": row["key_result"]}
    facts = {name: title for name, title in named.items() if title is not None}
    return {
        "id": row["id"],
        "rule": row["rule"],
        "subject": {"type": row["subject_type"], "id": row["subject_id"]},
        "objective_id": row["objective_id"],
        "cause": row["cause"],
        "text": sentence("notices", row["rule"], language, facts) or row["rule"],
        "created_at": instant_text(row["created_at"]),
        "read_at": instant_text(row["read_at"]),
        "deliveries": [],
    }
