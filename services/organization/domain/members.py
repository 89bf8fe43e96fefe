"""Members: who belongs where, in which roles, and who takes over from whoever leaves.

What a person is called stands in the people store; here a member is an id.
"""

from typing import assert_never

from shared.events.deciding import Answer, Command, Patch, Refused
from shared.events.event import Event, Id
from shared.events.folds.organization import Member, Organization
from shared.events.organization import (
    DepartmentHeadNamed,
    MemberDetailsChanged,
    MemberErased,
    MemberJoined,
    MemberLeft,
    MemberMoved,
    MemberRoleGranted,
    MemberRoleRevoked,
    Role,
)


class MemberCommand(Command):
    """A wish about a member."""

    member_id: Id

    @property
    def stream(self) -> str:
        """One stream a member."""
        return f"member-{self.member_id}"


class JoinMember(MemberCommand):
    """Have somebody join a department; `amendment_id` names the details held ready."""

    department_id: Id
    roles: frozenset[Role] = frozenset()
    amendment_id: Id | None = None


class ChangeMember(MemberCommand, Patch):
    """Change a member's department, roles (all of them together), or details.

    `details` names the fields that the people store will change; `amendment_id` names the
    amendment that it holds ready.
    """

    department_id: Id | None = None
    roles: frozenset[Role] = frozenset()
    details: tuple[str, ...] = ()
    amendment_id: Id | None = None


class LeaveMember(MemberCommand):
    """Let a member go; the successor owns and heads what the member did."""

    successor_id: Id | None


class EraseMember(MemberCommand):
    """Destroy what the people store knows of a person, and the key to what they wrote."""


class ImportMember(MemberCommand):
    """Have a member as a file tells it; `update` applies what differs.

    `details` are the fields in which the people store differs from the file.
    """

    department_id: Id
    details: tuple[str, ...] = ()
    amendment_id: Id | None = None
    update: bool = False


AnyMemberCommand = JoinMember | ChangeMember | LeaveMember | EraseMember | ImportMember


def decide(command: AnyMemberCommand, org: Organization) -> Answer:
    """Answer a command of an administrator."""
    member = org.members.get(command.member_id)
    match command:
        case JoinMember():
            return () if member else _join(command, command.roles, org)
        case ImportMember():
            return _import(command, member, org)
        case ChangeMember():
            return _change(command, member, org) if member else Refused("not_found")
        case LeaveMember():
            return _leave(command, member, org) if member else Refused("not_found")
        case EraseMember():
            return _erase(member) if member else Refused("not_found")
        case _:
            assert_never(command)


def _join(command: JoinMember | ImportMember, roles: frozenset[Role], org: Organization) -> Answer:
    if refused := _department_refused(command.department_id, org):
        return refused
    member_id = command.member_id
    joined = MemberJoined(
        member_id=member_id,
        department_id=command.department_id,
        amendment_id=command.amendment_id,
    )
    return (
        joined,
        *(MemberRoleGranted(member_id=member_id, role=role) for role in sorted(roles)),
    )


def _change(command: ChangeMember, before: Member, org: Organization) -> Answer:
    if refused := _gone(before):
        return refused
    events: list[Event] = []
    department_id = command.department_id or before.department_id
    if department_id != before.department_id:
        if refused := _department_refused(department_id, org):
            return refused
        events.append(_moved(before, department_id))
    if command.names("roles"):
        gained, lost = command.roles - before.roles, before.roles - command.roles
        events += [MemberRoleGranted(member_id=before.id, role=role) for role in sorted(gained)]
        events += [MemberRoleRevoked(member_id=before.id, role=role) for role in sorted(lost)]
    return (*events, *_details_changed(before, command.details, command.amendment_id))


def _leave(command: LeaveMember, before: Member, org: Organization) -> Answer:
    if before.left:
        return ()
    successor_id = command.successor_id
    if successor_id == before.id:
        return Refused("successor_is_self", pointer="/successor_id")
    if successor_id is not None and not org.serves(successor_id):
        code = "member_left" if successor_id in org.members else "not_found"
        return Refused(code, pointer="/successor_id")
    headed = (d.id for d in org.departments.values() if d.head_id == before.id and not d.closed)
    return (
        MemberLeft(member_id=before.id, successor_id=successor_id),
        *(
            DepartmentHeadNamed(department_id=id_, head_id=successor_id, before=before.id)
            for id_ in headed
        ),
    )


def _erase(before: Member) -> Answer:
    return () if before.erased else (MemberErased(member_id=before.id),)


def _import(command: ImportMember, before: Member | None, org: Organization) -> Answer:
    if before is None:
        return _join(command, frozenset(), org)
    details = () if command.amendment_id == before.amendment_id else command.details
    moves = command.department_id != before.department_id
    if not (moves or details):
        return ()
    if not command.update:
        fields = [*(["department"] if moves else []), *details]
        return Refused("import_differs", {"fields": fields})
    if refused := _gone(before):
        return refused
    if moves and (refused := _department_refused(command.department_id, org)):
        return refused
    moved = (_moved(before, command.department_id),) if moves else ()
    return (*moved, *_details_changed(before, details, command.amendment_id))


def _moved(before: Member, department_id: str) -> MemberMoved:
    return MemberMoved(
        member_id=before.id,
        from_department_id=before.department_id,
        department_id=department_id,
    )


def _details_changed(
    before: Member, fields: tuple[str, ...], amendment_id: str | None
) -> tuple[Event, ...]:
    """The same amendment is told once."""
    if not fields or amendment_id is None or amendment_id == before.amendment_id:
        return ()
    return (
        MemberDetailsChanged(
            member_id=before.id, fields=tuple(sorted(fields)), amendment_id=amendment_id
        ),
    )


def _gone(member: Member) -> Refused | None:
    if member.erased:
        return Refused("member_erased")
    return Refused("member_left") if member.left else None


def _department_refused(department_id: str, org: Organization) -> Refused | None:
    department = org.departments.get(department_id)
    if department is None:
        return Refused("not_found", pointer="/department_id")
    if department.closed:
        return Refused("department_closed", {"department": department.name}, "/department_id")
    return None
