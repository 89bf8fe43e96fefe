"""Departments as a file tells them: made once, found again, changed only as an update."""

from services.organization.domain import DECIDER
from services.organization.domain.departments import (
    ImportDepartment,
)
from shared.events.organization import (
    DepartmentClosed,
    DepartmentCreated,
    DepartmentHeadNamed,
    DepartmentMoved,
    DepartmentRenamed,
)
from tests.support.given import given
from tests.support.people import (
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


def test_an_import_makes_the_company_and_what_lies_below_it() -> None:
    given(DECIDER).when(
        ImportDepartment(department_id=COMPANY, name="示例公司", company=True)
    ).then(DepartmentCreated(department_id=COMPANY, name="示例公司", parent_id=None)).when(
        ImportDepartment(department_id=FINANCE, name="财务部", head_id=CFO.id)
    ).then(
        DepartmentCreated(department_id=FINANCE, name="财务部", parent_id=COMPANY),
        DepartmentHeadNamed(department_id=FINANCE, head_id=CFO.id, before=None),
    )


def test_an_import_finds_its_place_or_is_refused() -> None:
    given(DECIDER).when(ImportDepartment(department_id=FINANCE, name="财务部")).refused(
        "company_needed"
    )
    there = given(DECIDER, *PEOPLE)
    there.when(ImportDepartment(department_id=NEW, name="组", parent_id=NOBODY)).refused(
        "not_found"
    )


def test_an_import_knows_the_company_by_its_name_whatever_its_id() -> None:
    there = given(DECIDER, *PEOPLE)
    there.when(
        ImportDepartment(department_id=NEW, name="示例公司", company=True)
    ).says_nothing_new()
    told = ImportDepartment(department_id=NEW, name="集团", company=True)
    there.when(told).refused("import_differs", fields=["name"])
    there.when(told.model_copy(update={"update": True})).then(
        DepartmentRenamed(department_id=COMPANY, name="集团", aliases=())
    )


def test_an_import_of_what_is_there_already_says_nothing_new() -> None:
    there = given(DECIDER, *PEOPLE)
    there.when(
        ImportDepartment(department_id=FINANCE, name="财务部", head_id=CFO.id)
    ).says_nothing_new()
    there.when(
        ImportDepartment(department_id=COMPANY, name="示例公司", company=True, head_id=BOSS.id)
    ).says_nothing_new()


def test_an_import_that_differs_is_refused_and_applied_only_as_an_update() -> None:
    told = ImportDepartment(
        department_id=BUYING,
        name="采购中心",
        aliases=("采购部",),
        parent_id=RESEARCH,
        head_id=BUYER.id,
    )
    there = given(DECIDER, *PEOPLE)
    there.when(told).refused("import_differs", fields=["name", "aliases", "parent", "head"])
    there.when(told.model_copy(update={"update": True})).then(
        DepartmentRenamed(department_id=BUYING, name="采购中心", aliases=("采购部",)),
        DepartmentMoved(department_id=BUYING, from_parent_id=FINANCE, parent_id=RESEARCH),
        DepartmentHeadNamed(department_id=BUYING, head_id=BUYER.id, before=None),
    )


def test_an_update_by_import_keeps_the_rules_of_the_tree() -> None:
    there = given(DECIDER, *PEOPLE)
    there.when(
        ImportDepartment(
            department_id=FINANCE, name="财务部", parent_id=BUYING, head_id=CFO.id, update=True
        )
    ).refused("department_loop")
    there.and_given(DepartmentClosed(department_id=BUYING)).when(
        ImportDepartment(department_id=BUYING, name="x", parent_id=FINANCE, update=True)
    ).refused("department_closed")
