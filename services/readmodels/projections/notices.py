"""Notices: what each member was told, and whether it was read."""

from collections.abc import Mapping
from typing import Final

from shared.eventing.projection import Handler, Projection
from shared.eventing.rows import Rows
from shared.eventing.tables import Table
from shared.events import notifications as said
from shared.events.deciding import Recorded
from shared.events.event import Event

NOTICES: Final = Table(
    "notices",
    key=("id",),
    columns={
        "id": "text",
        "member_id": "text",
        "rule": "text",
        "subject_type": "text",
        "subject_id": "text",
        "objective_id": "text",
        "cause": "text",
        "caused_at": "timestamptz",
        "created_at": "timestamptz",
        "read_at": "timestamptz",
        "version": "integer",
    },
    indexes=("(member_id, created_at, id)",),
)


def queued(recorded: Recorded[said.NoticeQueued], rows: Rows) -> None:
    """A member is told something."""
    event = recorded.event
    rows["notices"].put(
        {
            "id": event.notice_id,
            "member_id": event.member_id,
            "rule": event.rule,
            "subject_type": event.subject.type,
            "subject_id": event.subject.id,
            "objective_id": event.objective_id,
            "cause": event.cause,
            "caused_at": event.caused_at,
            "created_at": recorded.at,
            "version": recorded.sequence,
        }
    )


def read(recorded: Recorded[said.NoticeRead], rows: Rows) -> None:
    """A member has read it."""
    rows["notices"].set(
        recorded.event.notice_id, read_at=recorded.at, version=recorded.sequence
    )  # fmt: skip


HANDLERS: Final[Mapping[type[Event], Handler]] = {
    said.NoticeQueued: queued,
    said.NoticeRead: read,
}

PROJECTION: Final = Projection("notices", 1, (NOTICES,), HANDLERS)
