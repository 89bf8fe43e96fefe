"""Members: where they belong, their roles, and who takes over."""

import pytest

from services.organization.domain import DECIDER
from services.organization.domain.members import (
    ChangeMember,
    EraseMember,
    ImportMember,
    JoinMember,
    LeaveMember,
)
from shared.events.deciding import Actor, Command
from shared.events.event import Event
from shared.events.organization import (
    DepartmentClosed,
    DepartmentHeadNamed,
    MemberDetailsChanged,
    MemberErased,
    MemberJoined,
    MemberLeft,
    MemberMoved,
    MemberRoleGranted,
    MemberRoleRevoked,
)
from tests.support.given import given
from tests.support.people import (
    ADMIN,
    AUDITOR,
    BOSS,
    BUYER,
    BUYING,
    CFO,
    COMPANY,
    FINANCE,
    PEOPLE,
    RESEARCH,
    an_id,
)

NEW = an_id("new")
NOBODY = an_id("nobody")
AMENDMENT = an_id("amendment")


def test_somebody_joins_a_department_in_roles() -> None:
    given(DECIDER, *PEOPLE).when(
        JoinMember(
            member_id=NEW,
            department_id=FINANCE,
            roles=frozenset({"auditor", "administrator"}),
            amendment_id=AMENDMENT,
        )
    ).then(
        MemberJoined(member_id=NEW, department_id=FINANCE, amendment_id=AMENDMENT),
        MemberRoleGranted(member_id=NEW, role="administrator"),
        MemberRoleGranted(member_id=NEW, role="auditor"),
    )


@pytest.mark.parametrize(
    ("department", "code"), [(NOBODY, "not_found"), (BUYING, "department_closed")]
)
def test_nobody_joins_or_moves_where_no_department_is_open(department: str, code: str) -> None:
    there = given(DECIDER, *PEOPLE, DepartmentClosed(department_id=BUYING))
    for command in (
        JoinMember(member_id=NEW, department_id=department),
        ChangeMember(member_id=CFO.id, department_id=department),
        ImportMember(member_id=NEW, department_id=department),
        ImportMember(member_id=CFO.id, department_id=department, update=True),
    ):
        there.when(command).refused(code, pointer="/department_id")


def test_a_member_changes_department_roles_and_details_at_once() -> None:
    given(DECIDER, *PEOPLE).when(
        ChangeMember(
            member_id=AUDITOR.id,
            department_id=FINANCE,
            roles=frozenset({"administrator"}),
            details=("title", "display_name"),
            amendment_id=AMENDMENT,
        )
    ).then(
        MemberMoved(member_id=AUDITOR.id, from_department_id=COMPANY, department_id=FINANCE),
        MemberRoleGranted(member_id=AUDITOR.id, role="administrator"),
        MemberRoleRevoked(member_id=AUDITOR.id, role="auditor"),
        MemberDetailsChanged(
            member_id=AUDITOR.id, fields=("display_name", "title"), amendment_id=AMENDMENT
        ),
    )


def test_a_change_that_names_no_roles_keeps_them() -> None:
    given(DECIDER, *PEOPLE).when(
        ChangeMember(member_id=ADMIN.id, department_id=COMPANY)
    ).says_nothing_new()


def test_a_successor_heads_what_the_member_headed() -> None:
    given(DECIDER, *PEOPLE).when(LeaveMember(member_id=CFO.id, successor_id=BUYER.id)).then(
        MemberLeft(member_id=CFO.id, successor_id=BUYER.id),
        DepartmentHeadNamed(department_id=FINANCE, head_id=BUYER.id, before=CFO.id),
    )


def test_without_a_successor_the_department_waits_for_a_head() -> None:
    given(DECIDER, *PEOPLE).when(LeaveMember(member_id=CFO.id, successor_id=None)).then(
        MemberLeft(member_id=CFO.id, successor_id=None),
        DepartmentHeadNamed(department_id=FINANCE, head_id=None, before=CFO.id),
    )


@pytest.mark.parametrize(
    ("successor", "code"),
    [
        (CFO.id, "successor_is_self"),
        (NOBODY, "not_found"),
        (BUYER.id, "member_left"),
    ],
)
def test_a_successor_is_somebody_else_who_is_there(successor: str, code: str) -> None:
    given(DECIDER, *PEOPLE, MemberLeft(member_id=BUYER.id, successor_id=None)).when(
        LeaveMember(member_id=CFO.id, successor_id=successor)
    ).refused(code, pointer="/successor_id")


@pytest.mark.parametrize(
    "command",
    [
        ChangeMember(member_id=NOBODY, department_id=FINANCE),
        LeaveMember(member_id=NOBODY, successor_id=None),
        EraseMember(member_id=NOBODY),
    ],
)
def test_a_member_that_nobody_knows_is_not_found(command: Command) -> None:
    given(DECIDER, *PEOPLE).when(command).refused("not_found")


@pytest.mark.parametrize(
    ("gone", "code"),
    [
        (MemberLeft(member_id=BUYER.id, successor_id=None), "member_left"),
        (MemberErased(member_id=BUYER.id), "member_erased"),
    ],
)
def test_who_is_gone_does_not_change(gone: Event, code: str) -> None:
    there = given(DECIDER, *PEOPLE, gone)
    there.when(ChangeMember(member_id=BUYER.id, department_id=FINANCE)).refused(code)
    there.when(ImportMember(member_id=BUYER.id, department_id=FINANCE, update=True)).refused(code)


def test_a_person_is_erased() -> None:
    given(DECIDER, *PEOPLE).when(EraseMember(member_id=BUYER.id)).then(
        MemberErased(member_id=BUYER.id)
    )


def test_an_administrator_who_left_is_none_any_more() -> None:
    given(DECIDER, *PEOPLE, MemberLeft(member_id=ADMIN.id, successor_id=None)).when(
        EraseMember(member_id=BUYER.id), by=ADMIN
    ).refused("not_allowed")


@pytest.mark.parametrize("actor", [BOSS, CFO, AUDITOR, BUYER])
def test_only_administrators_change_who_belongs_here(actor: Actor) -> None:
    there = given(DECIDER, *PEOPLE)
    there.when(LeaveMember(member_id=BUYER.id, successor_id=None), by=actor).refused("not_allowed")
    there.when(EraseMember(member_id=BUYER.id), by=ADMIN).then(MemberErased(member_id=BUYER.id))


def test_an_import_has_somebody_join_and_then_says_nothing_new() -> None:
    told = ImportMember(member_id=NEW, department_id=RESEARCH, amendment_id=AMENDMENT)
    given(DECIDER, *PEOPLE).when(told).then(
        MemberJoined(member_id=NEW, department_id=RESEARCH, amendment_id=AMENDMENT)
    ).when(ImportMember(member_id=NEW, department_id=RESEARCH)).says_nothing_new()


def test_an_import_that_differs_is_applied_only_as_an_update() -> None:
    told = ImportMember(
        member_id=BUYER.id, department_id=RESEARCH, details=("title",), amendment_id=AMENDMENT
    )
    there = given(DECIDER, *PEOPLE)
    there.when(told).refused("import_differs", fields=["department", "title"])
    there.when(told.model_copy(update={"update": True})).then(
        MemberMoved(member_id=BUYER.id, from_department_id=BUYING, department_id=RESEARCH),
        MemberDetailsChanged(member_id=BUYER.id, fields=("title",), amendment_id=AMENDMENT),
    )
