"""Departments: one tree under the company, each with its head."""

from typing import Any

import pytest

from services.organization.domain import DECIDER
from services.organization.domain.departments import (
    ChangeDepartment,
    CloseDepartment,
    CreateDepartment,
    MoveDepartment,
)
from shared.events.deciding import Actor, Command
from shared.events.organization import (
    DepartmentClosed,
    DepartmentCreated,
    DepartmentHeadNamed,
    DepartmentMoved,
    DepartmentRenamed,
    MemberLeft,
)
from tests.support.given import given
from tests.support.people import (
    AUDITOR,
    BOSS,
    BUYER,
    BUYING,
    CFO,
    COMPANY,
    FINANCE,
    OUTSIDER,
    PEOPLE,
    RESEARCH,
    an_id,
    sealed,
)

NEW = an_id("new")
NOBODY = an_id("nobody")
REASON = sealed("reorganized")


def test_the_first_department_without_a_parent_is_the_company() -> None:
    given(DECIDER).when(CreateDepartment(department_id=COMPANY, name="示例公司")).then(
        DepartmentCreated(department_id=COMPANY, name="示例公司", parent_id=None)
    )


def test_a_later_department_without_a_parent_lies_under_the_company() -> None:
    given(DECIDER, *PEOPLE).when(CreateDepartment(department_id=NEW, name="法务部")).then(
        DepartmentCreated(department_id=NEW, name="法务部", parent_id=COMPANY)
    )


def test_a_department_is_created_with_all_that_is_told_of_it() -> None:
    given(DECIDER, *PEOPLE).when(
        CreateDepartment(
            department_id=NEW,
            name="测试组",
            aliases=("QA",),
            parent_id=RESEARCH,
            head_id=BUYER.id,
            external_id="D-7",
        )
    ).then(
        DepartmentCreated(
            department_id=NEW,
            name="测试组",
            aliases=("QA",),
            parent_id=RESEARCH,
            external_id="D-7",
        ),
        DepartmentHeadNamed(department_id=NEW, head_id=BUYER.id, before=None),
    )


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"parent_id": NOBODY}, "not_found", "/parent_id"),
        ({"parent_id": BUYING}, "department_closed", "/parent_id"),
        ({"head_id": NOBODY}, "not_found", "/head_id"),
        ({"head_id": BOSS.id}, "member_left", "/head_id"),
        ({"external_id": "F-1"}, "external_id_taken", "/external_id"),
    ],
)
def test_a_department_is_refused_what_is_not_there(
    fields: dict[str, Any], code: str, pointer: str
) -> None:
    given(
        DECIDER,
        *PEOPLE,
        DepartmentClosed(department_id=BUYING),
        MemberLeft(member_id=BOSS.id, successor_id=None),
        DepartmentRenamed(department_id=FINANCE, name="财务部", aliases=(), external_id="F-1"),
    ).when(CreateDepartment(department_id=NEW, name="法务部", **fields)).refused(
        code, pointer=pointer
    )


def test_the_number_of_a_closed_department_is_free_again() -> None:
    given(
        DECIDER,
        *PEOPLE,
        DepartmentRenamed(department_id=BUYING, name="采购部", aliases=(), external_id="B-1"),
        DepartmentClosed(department_id=BUYING),
    ).when(CreateDepartment(department_id=NEW, name="采购二部", external_id="B-1")).then(
        DepartmentCreated(department_id=NEW, name="采购二部", parent_id=COMPANY, external_id="B-1")
    )


def test_a_change_tells_what_the_department_is_called_now() -> None:
    given(DECIDER, *PEOPLE).when(
        ChangeDepartment(department_id=RESEARCH, aliases=("产品部门",))
    ).then(DepartmentRenamed(department_id=RESEARCH, name="产研部门", aliases=("产品部门",)))


def test_a_head_is_named_and_taken_away() -> None:
    given(DECIDER, *PEOPLE).when(ChangeDepartment(department_id=FINANCE, head_id=BUYER.id)).then(
        DepartmentHeadNamed(department_id=FINANCE, head_id=BUYER.id, before=CFO.id)
    ).when(ChangeDepartment(department_id=FINANCE, head_id=None)).then(
        DepartmentHeadNamed(department_id=FINANCE, head_id=None, before=BUYER.id)
    )


def test_a_change_that_names_nothing_says_nothing() -> None:
    given(DECIDER, *PEOPLE).when(ChangeDepartment(department_id=FINANCE)).says_nothing_new()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"head_id": NOBODY}, "not_found"),
        ({"external_id": "F-1"}, "external_id_taken"),
    ],
)
def test_a_change_is_refused_what_is_not_there(fields: dict[str, Any], code: str) -> None:
    given(
        DECIDER,
        *PEOPLE,
        DepartmentRenamed(department_id=FINANCE, name="财务部", aliases=(), external_id="F-1"),
    ).when(ChangeDepartment(department_id=RESEARCH, **fields)).refused(code)


@pytest.mark.parametrize(
    "command",
    [
        ChangeDepartment(department_id=NOBODY, name="x"),
        MoveDepartment(department_id=NOBODY, parent_id=COMPANY, reason=REASON),
        CloseDepartment(department_id=NOBODY),
    ],
)
def test_a_department_that_nobody_made_is_not_found(command: Command) -> None:
    given(DECIDER, *PEOPLE).when(command).refused("not_found")


def test_a_department_moves_and_history_keeps_where_it_was() -> None:
    given(DECIDER, *PEOPLE).when(
        MoveDepartment(department_id=BUYING, parent_id=RESEARCH, reason=REASON)
    ).then(
        DepartmentMoved(
            department_id=BUYING, from_parent_id=FINANCE, parent_id=RESEARCH, reason=REASON
        )
    )


@pytest.mark.parametrize(
    ("department", "parent", "path"),
    [
        (FINANCE, BUYING, "财务部 → 采购部 → 财务部"),
        (FINANCE, FINANCE, "财务部 → 财务部"),
    ],
)
def test_a_department_cannot_lie_below_itself_and_the_path_says_how(
    department: str, parent: str, path: str
) -> None:
    given(DECIDER, *PEOPLE).when(
        MoveDepartment(department_id=department, parent_id=parent, reason=REASON)
    ).refused("department_loop", path=path, pointer="/parent_id")


def test_the_company_neither_moves_nor_closes() -> None:
    there = given(DECIDER, *PEOPLE)
    there.when(MoveDepartment(department_id=COMPANY, parent_id=FINANCE, reason=REASON)).refused(
        "company_stays"
    )
    there.when(CloseDepartment(department_id=COMPANY)).refused("company_stays")


@pytest.mark.parametrize(("parent", "code"), [(NOBODY, "not_found"), (BUYING, "department_closed")])
def test_a_department_moves_only_below_one_that_is_open(parent: str, code: str) -> None:
    given(DECIDER, *PEOPLE, DepartmentClosed(department_id=BUYING)).when(
        MoveDepartment(department_id=RESEARCH, parent_id=parent, reason=REASON)
    ).refused(code, pointer="/parent_id")


def test_a_department_closes_once_nobody_and_nothing_is_in_it() -> None:
    there = given(DECIDER, *PEOPLE)
    there.when(CloseDepartment(department_id=BUYING)).refused(
        "department_not_empty", members=1, departments=0
    )
    there.when(CloseDepartment(department_id=FINANCE)).refused(
        "department_not_empty", members=1, departments=1
    )
    there.and_given(MemberLeft(member_id=BUYER.id, successor_id=None)).when(
        CloseDepartment(department_id=BUYING)
    ).then(DepartmentClosed(department_id=BUYING))


@pytest.mark.parametrize(
    "command",
    [
        ChangeDepartment(department_id=BUYING, name="x"),
        MoveDepartment(department_id=BUYING, parent_id=RESEARCH, reason=REASON),
    ],
)
def test_what_is_closed_does_not_change(command: Command) -> None:
    given(DECIDER, *PEOPLE, DepartmentClosed(department_id=BUYING)).when(command).refused(
        "department_closed"
    )


@pytest.mark.parametrize("actor", [BOSS, CFO, AUDITOR, OUTSIDER])
def test_only_administrators_change_the_tree(actor: Actor) -> None:
    given(DECIDER, *PEOPLE).when(
        CreateDepartment(department_id=NEW, name="法务部"), by=actor
    ).refused("not_allowed")
