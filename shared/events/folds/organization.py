"""The organization as everybody knows it: tree, heads, members, roles, cycles, policies.

The organization service decides against it; every other service folds it as its reference view.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar, assert_never

from shared.events import organization as said
from shared.events.deciding import Actor, Recorded
from shared.events.event import Event
from shared.okr.calendar import DEFAULT_ZONE

OwnerType = Literal["company", "department", "member"]
CycleState = Literal["planning", "active", "review", "closed"]


@dataclass(frozen=True, slots=True)
class Department:
    """A department; the one without a parent is the company."""

    id: str
    name: str
    aliases: tuple[str, ...]
    parent_id: str | None
    external_id: str | None = None
    head_id: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A member; what the person is called stands in the people store."""

    id: str
    department_id: str
    roles: frozenset[said.Role] = frozenset()
    left: bool = False
    successor_id: str | None = None
    erased: bool = False
    amendment_id: str | None = None

    @property
    def serves(self) -> bool:
        """Whether the member is still there to own, approve and head."""
        return not (self.left or self.erased)


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle; both days belong to it. `planned_by` is its administrator.

    `close_asked_by` waits for a second person, where the policy `approval` asks for one.
    """

    id: str
    name: str
    start: date
    end: date
    kind: str
    planned_by: str
    state: CycleState = "planning"
    close_asked_by: str | None = None
    reopened: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy's revision and value, effective from its event."""

    revision: int
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Organization:
    """One organization: a set of per-stream folds."""

    departments: Mapping[str, Department] = field(default_factory=dict)
    members: Mapping[str, Member] = field(default_factory=dict)
    cycles: Mapping[str, Cycle] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    company_id: str | None = None

    @property
    def training(self) -> bool:
        """Whether this is a training organization, whose clock may be moved."""
        return bool(self._policy("organization").get("training", False))

    @property
    def zone(self) -> str:
        """The name of the organization's time zone."""
        return str(self._policy("organization").get("time_zone", DEFAULT_ZONE))

    @property
    def clock_offset(self) -> timedelta:
        """What is added to broker time; 0 in real life."""
        seconds = Decimal(self._policy("clock").get("offset_seconds", "0"))
        return timedelta(microseconds=int(seconds * 1_000_000))

    def roles_of(self, actor: Actor) -> frozenset[str]:
        """The roles of the token and those granted to the member; none once the member is gone."""
        if actor.id not in self.members:
            return actor.roles
        return actor.roles | self.members[actor.id].roles if self.serves(actor.id) else frozenset()

    def is_administrator(self, actor: Actor) -> bool:
        """Whether the actor may do what an owner or approver may."""
        return "administrator" in self.roles_of(actor)

    def may_write(self, actor: Actor) -> bool:
        """Whether the actor may write at all: no auditor does, and nobody who is gone."""
        roles = self.roles_of(actor)
        here = actor.id not in self.members or self.serves(actor.id)
        return here and ("auditor" not in roles or "administrator" in roles)

    def serves(self, member_id: str | None) -> bool:
        """Whether there is such a member, who has neither left nor been erased."""
        member = self.members.get(member_id) if member_id else None
        return member is not None and member.serves

    def standing_for(self, member_id: str) -> str | None:
        """The member, or who took over from a member who left; None where nobody did."""
        passed: set[str] = set()
        while member_id in self.members and member_id not in passed:
            member = self.members[member_id]
            if member.serves:
                return member_id
            passed.add(member_id)
            member_id = member.successor_id or ""
        return None

    def upward(self, department_id: str | None) -> Iterator[Department]:
        """The department, its parent, and so on up to the company."""
        while department_id is not None and department_id in self.departments:
            department = self.departments[department_id]
            yield department
            department_id = department.parent_id

    def headed_by(self, member_id: str, department_id: str) -> bool:
        """Whether the member is the head of the department or of one above it."""
        return any(d.head_id == member_id for d in self.upward(department_id))

    def approver_of(
        self, owner_type: OwnerType, owner_id: str, cycle_id: str | None = None
    ) -> str | None:
        """The member who approves an owner's objectives; None: any administrator.

        A member's: the head of the department; a head's or a department's: the head above, and one
        level further up where the policy `approval` says so. Where there is none, who planned the
        cycle, while an administrator. The company's: any administrator.
        """
        match owner_type:
            case "company":
                return None
            case "member":
                member = self.members.get(owner_id)
                start, passed_over = (member.department_id if member else None), owner_id
            case "department":
                department = self.departments.get(owner_id)
                start = department.parent_id if department else None
                passed_over = department.head_id if department and department.head_id else ""
            case _:
                assert_never(owner_type)
        heads = list(dict.fromkeys(d.head_id for d in self.upward(start) if d.head_id))
        heads = [head for head in heads if head != passed_over and self.serves(head)]
        if not heads:
            return self._administrator_of(cycle_id, passed_over)
        further = bool(self._policy("approval").get("next_level_up", False))
        return heads[1] if further and len(heads) > 1 else heads[0]

    def _administrator_of(self, cycle_id: str | None, passed_over: str) -> str | None:
        cycle = self.cycles.get(cycle_id) if cycle_id else None
        planner = self.members.get(cycle.planned_by) if cycle else None
        if planner is None or planner.id == passed_over or not planner.serves:
            return None
        return planner.id if "administrator" in planner.roles else None

    @property
    def two_person_close(self) -> bool:
        """Whether a cycle takes two administrators to close."""
        return bool(self._policy("approval").get("two_person_close", False))

    def _policy(self, name: str) -> Mapping[str, Any]:
        policy = self.policies.get(name)
        return policy.value if policy else {}


OrganizationEvent = (
    said.DepartmentCreated | said.DepartmentRenamed | said.DepartmentMoved
    | said.DepartmentHeadNamed | said.DepartmentClosed | said.MemberJoined
    | said.MemberDetailsChanged | said.MemberMoved | said.MemberRoleGranted
    | said.MemberRoleRevoked | said.MemberLeft | said.MemberErased | said.CyclePlanned
    | said.CycleActivated | said.CycleReviewStarted | said.CycleCloseAsked | said.CycleClosed
    | said.CycleReopened | said.PolicyChanged
)  # fmt: skip


def evolve(org: Organization, recorded: Recorded[Any]) -> Organization:
    """The organization after one of its events."""
    event: OrganizationEvent = recorded.event
    match event:
        case said.DepartmentEvent():
            departments = dict(org.departments)
            departments[event.department_id] = _department(
                departments.get(event.department_id), event
            )
            company = org.company_id
            if isinstance(event, said.DepartmentCreated) and event.parent_id is None:
                company = event.department_id
            return replace(org, departments=departments, company_id=company)
        case said.MemberEvent():
            members = dict(org.members)
            members[event.member_id] = member_after(members.get(event.member_id), event)
            return replace(org, members=members)
        case said.CycleEvent():
            cycles = dict(org.cycles)
            cycles[event.cycle_id] = _cycle(cycles.get(event.cycle_id), event, recorded.actor.id)
            return replace(org, cycles=cycles)
        case said.PolicyChanged(policy=name, revision=revision, value=value):
            return replace(org, policies={**org.policies, name: Policy(revision, value)})
        case _:
            assert_never(event)


def _department(before: Department | None, event: said.DepartmentEvent) -> Department:
    if isinstance(event, said.DepartmentCreated):
        return Department(
            event.department_id, event.name, event.aliases, event.parent_id, event.external_id
        )
    department = _known(before, event)
    match event:
        case said.DepartmentRenamed(name=name, aliases=aliases, external_id=external_id):
            return replace(department, name=name, aliases=aliases, external_id=external_id)
        case said.DepartmentMoved(parent_id=parent_id):
            return replace(department, parent_id=parent_id)
        case said.DepartmentHeadNamed(head_id=head_id):
            return replace(department, head_id=head_id)
        case said.DepartmentClosed():
            return replace(department, closed=True)
        case _:
            raise _unheard_of(event)


def member_after(before: Member | None, event: said.MemberEvent) -> Member:
    """The member after one of their events; None before they joined."""
    if isinstance(event, said.MemberJoined):
        return Member(event.member_id, event.department_id, amendment_id=event.amendment_id)
    member = _known(before, event)
    match event:
        case said.MemberDetailsChanged(amendment_id=amendment_id):
            return replace(member, amendment_id=amendment_id)
        case said.MemberMoved(department_id=department_id):
            return replace(member, department_id=department_id)
        case said.MemberRoleGranted(role=role):
            return replace(member, roles=member.roles | {role})
        case said.MemberRoleRevoked(role=role):
            return replace(member, roles=member.roles - {role})
        case said.MemberLeft(successor_id=successor_id):
            return replace(member, left=True, successor_id=successor_id)
        case said.MemberErased():
            return replace(member, erased=True)
        case _:
            raise _unheard_of(event)


def _cycle(before: Cycle | None, event: said.CycleEvent, actor_id: str) -> Cycle:
    if isinstance(event, said.CyclePlanned):
        return Cycle(event.cycle_id, event.name, event.start, event.end, event.kind, actor_id)
    cycle = _known(before, event)
    match event:
        case said.CycleActivated():
            return replace(cycle, state="active")
        case said.CycleReopened():
            return replace(cycle, state="active", reopened=True)
        case said.CycleReviewStarted():
            return replace(cycle, state="review", reopened=False)
        case said.CycleCloseAsked():
            return replace(cycle, close_asked_by=actor_id)
        case said.CycleClosed():
            return replace(cycle, state="closed", close_asked_by=None)
        case _:
            raise _unheard_of(event)


T = TypeVar("T")


def _known(before: T | None, event: Event) -> T:
    if before is None:
        raise _unheard_of(event)
    return before


def _unheard_of(event: Event) -> ValueError:
    return ValueError(f"{type(event).__name__} has no place in {event.stream}")
