"""What the notifications service says: who was told what, once per cause."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.events.event import Event, Id

SubjectType = Literal["objective", "key_result", "check_in", "alignment", "cycle", "member"]
NoticeRule = Literal["at_risk", "off_track", "outdated", "recovered"]


class Subject(BaseModel):
    """What a notice is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: SubjectType
    id: Id


class InboxEvent(Event):
    """Something happened in a member's inbox."""

    member_id: Id

    @property
    def stream(self) -> str:
        """One stream a member's inbox."""
        return f"inbox-{self.member_id}"


class NoticeQueued(InboxEvent):
    """A member is told something: once per (cause, recipient, rule)."""

    notice_id: Id
    rule: NoticeRule
    subject: Subject
    objective_id: Id | None
    cause: Id
    caused_at: datetime


class NoticeRead(InboxEvent):
    """A member read a notice."""

    notice_id: Id
