"""What the organization service says: departments, members, cycles, policies.

A person's name, e-mail, title and staff number are never here: they stand in the people store.
"""

from datetime import date
from typing import Any, Literal

from shared.events.event import Event, Id, Sealed

Role = Literal["administrator", "auditor", "integration"]
CycleKind = Literal["month", "two_months", "quarter", "half", "year", "custom"]
PolicyName = Literal["organization", "clock", "health", "cadence", "calendar", "approval"]


class DepartmentEvent(Event):
    """Something happened to a department."""

    department_id: Id

    @property
    def stream(self) -> str:
        """One stream a department."""
        return f"department-{self.department_id}"


class DepartmentCreated(DepartmentEvent):
    """A department was created; the first one, without a parent, is the company."""

    name: str
    aliases: tuple[str, ...] = ()
    parent_id: Id | None
    external_id: str | None = None


class DepartmentRenamed(DepartmentEvent):
    """A department got another name, other aliases or another number: what they are now."""

    name: str
    aliases: tuple[str, ...]
    external_id: str | None = None


class DepartmentMoved(DepartmentEvent):
    """A department moved below another parent; history keeps the old tree."""

    from_parent_id: Id
    parent_id: Id
    reason: Sealed | None = None


class DepartmentHeadNamed(DepartmentEvent):
    """A member became the head of a department, or the department has no head any more."""

    head_id: Id | None
    before: Id | None


class DepartmentClosed(DepartmentEvent):
    """A department was closed; nothing new may be placed in it."""


class MemberEvent(Event):
    """Something happened to a member."""

    member_id: Id

    @property
    def stream(self) -> str:
        """One stream a member."""
        return f"member-{self.member_id}"


class MemberJoined(MemberEvent):
    """A member joined a department; `amendment_id` names the details in the people store."""

    department_id: Id
    amendment_id: Id | None = None


class MemberDetailsChanged(MemberEvent):
    """Details of a member changed in the people store; only the names of the fields are told.

    `amendment_id` names the amendment that the people store holds ready.
    """

    fields: tuple[str, ...]
    amendment_id: Id


class MemberMoved(MemberEvent):
    """A member moved to another department."""

    from_department_id: Id
    department_id: Id


class MemberRoleGranted(MemberEvent):
    """A member was given a role."""

    role: Role


class MemberRoleRevoked(MemberEvent):
    """A role was taken from a member."""

    role: Role


class MemberLeft(MemberEvent):
    """A member left; the successor takes over what the member owned."""

    successor_id: Id | None


class MemberErased(MemberEvent):
    """A member's personal data and key were destroyed; the log stays as it is."""


class CycleEvent(Event):
    """Something happened to a cycle."""

    cycle_id: Id

    @property
    def stream(self) -> str:
        """One stream a cycle."""
        return f"cycle-{self.cycle_id}"


class CyclePlanned(CycleEvent):
    """A cycle was planned; both days belong to it. Who planned it is its administrator."""

    name: str
    start: date
    end: date
    kind: CycleKind


class CycleActivated(CycleEvent):
    """A cycle became active: check-ins are taken."""

    reason: Sealed | None = None


class CycleReviewStarted(CycleEvent):
    """A cycle entered its review: scores and late measurements are taken."""

    reason: Sealed | None = None


class CycleCloseAsked(CycleEvent):
    """An administrator asked to close a cycle that takes two persons to close."""

    reason: Sealed | None = None


class CycleClosed(CycleEvent):
    """A cycle was closed: corrections only."""

    reason: Sealed | None = None


class CycleReopened(CycleEvent):
    """A closed cycle was reopened by an administrator."""

    reason: Sealed


class PolicyChanged(Event):
    """A policy got a new version, effective from this event.

    `organization`: {training, time_zone} · `clock`: {to, offset_seconds} (training only) ·
    `health`: {at_risk_above, off_track_above, confidence_at_most} ·
    `cadence`: {every: {weeks}, weekday, grace_days} · `calendar`: {holidays, workdays} ·
    `approval`: {next_level_up, two_person_close}.
    """

    policy: PolicyName
    revision: int
    value: dict[str, Any]

    @property
    def stream(self) -> str:
        """One stream a policy."""
        return f"policy-{self.policy}"
