"""The organization as everybody knows it: tree, heads, members, roles, cycles, policies.

The organization service decides against it; every other service folds it as its reference view.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal, TypeVar, assert_never

from shared.events import organization as said
from shared.events.deciding import Actor, Recorded
from shared.events.event import Event
from shared.okr.calendar import DEFAULT_ZONE

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
    roles: frozenset[str] = frozenset()
    left: bool = False
    successor_id: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle; both days belong to it. `planned_by` is its administrator."""

    id: str
    name: str
    start: date
    end: date
    kind: str
    planned_by: str
    state: CycleState = "planning"


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
        return timedelta(seconds=float(self._policy("clock").get("offset_seconds", 0)))

    def roles_of(self, actor: Actor) -> frozenset[str]:
        """The roles of the token and those granted to the member."""
        member = self.members.get(actor.id)
        return actor.roles | member.roles if member and not member.left else actor.roles

    def is_administrator(self, actor: Actor) -> bool:
        """Whether the actor may do what an owner or approver may."""
        return "administrator" in self.roles_of(actor)

    def upward(self, department_id: str | None) -> Iterator[Department]:
        """The department, its parent, and so on up to the company."""
        while department_id is not None and department_id in self.departments:
            department = self.departments[department_id]
            yield department
            department_id = department.parent_id

    def headed_by(self, member_id: str, department_id: str) -> bool:
        """Whether the member is the head of the department or of one above it."""
        return any(d.head_id == member_id for d in self.upward(department_id))

    def approver_of(self, owner_type: str, owner_id: str) -> str | None:
        """The member who approves an owner's objectives; None: the cycle's administrator.

        A member's: the head of the department; a head's or a department's: the head above; the
        company's: nobody but administrators.
        """
        if owner_type == "member":
            member = self.members.get(owner_id)
            start, passed_over = (member.department_id if member else None), owner_id
        else:
            department = self.departments.get(owner_id)
            start = department.parent_id if department else None
            passed_over = department.head_id if department and department.head_id else ""
        heads = (d.head_id for d in self.upward(start))
        return next((h for h in heads if h and h != passed_over and self._serves(h)), None)

    def _serves(self, member_id: str) -> bool:
        member = self.members.get(member_id)
        return member is not None and not member.left

    def _policy(self, name: str) -> Mapping[str, Any]:
        policy = self.policies.get(name)
        return policy.value if policy else {}


OrganizationEvent = (
    said.DepartmentCreated | said.DepartmentRenamed | said.DepartmentMoved
    | said.DepartmentHeadNamed | said.DepartmentClosed | said.MemberJoined
    | said.MemberDetailsChanged | said.MemberMoved | said.MemberRoleGranted
    | said.MemberRoleRevoked | said.MemberLeft | said.MemberErased | said.CyclePlanned
    | said.CycleActivated | said.CycleReviewStarted | said.CycleClosed | said.CycleReopened
    | said.PolicyChanged
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
            members[event.member_id] = _member(members.get(event.member_id), event)
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
        case said.DepartmentRenamed(name=name, aliases=aliases):
            return replace(department, name=name, aliases=aliases)
        case said.DepartmentMoved(parent_id=parent_id):
            return replace(department, parent_id=parent_id)
        case said.DepartmentHeadNamed(head_id=head_id):
            return replace(department, head_id=head_id)
        case said.DepartmentClosed():
            return replace(department, closed=True)
        case _:
            raise _unheard_of(event)


def _member(before: Member | None, event: said.MemberEvent) -> Member:
    if isinstance(event, said.MemberJoined):
        return Member(event.member_id, event.department_id)
    member = _known(before, event)
    match event:
        case said.MemberDetailsChanged():
            return member
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
        case said.CycleActivated() | said.CycleReopened():
            return replace(cycle, state="active")
        case said.CycleReviewStarted():
            return replace(cycle, state="review")
        case said.CycleClosed():
            return replace(cycle, state="closed")
        case _:
            raise _unheard_of(event)


T = TypeVar("T")


def _known(before: T | None, event: Event) -> T:
    if before is None:
        raise _unheard_of(event)
    return before


def _unheard_of(event: Event) -> ValueError:
    return ValueError(f"{type(event).__name__} has no place in {event.stream}")
