"""Notices over HTTP."""

from services.notifications.domain import ReadNotice
from shared.events.event import Id
from shared.runtime.http.writes import Call, Writes

writes = Writes("notifications", tag="notifications")


@writes.post("/v1/notifications/{notice_id}/read", permission="me.write")
def read_notice(call: Call, notice_id: Id) -> ReadNotice:
    """Mark one of the caller's notices as read."""
    return ReadNotice(member_id=call.caller.id, notice_id=notice_id)
