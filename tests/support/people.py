"""A small organization to tell stories about: who is who, and the events that made it."""

from datetime import date
from typing import Final

from shared.events.deciding import Actor
from shared.events.organization import (
    CycleActivated,
    CyclePlanned,
    DepartmentCreated,
    DepartmentHeadNamed,
    MemberJoined,
    MemberRoleGranted,
)
from shared.okr.identity import import_id
from tests.support.given import Told, told


def an_id(name: str) -> str:
    """The id of whatever this is, the same in every test."""
    return import_id("member", name)


COMPANY: Final = an_id("company")
FINANCE: Final = an_id("finance")
BUYING: Final = an_id("buying")
RESEARCH: Final = an_id("research")
"""The company; finance below it, buying below finance; research beside finance."""

BOSS: Final = Actor(an_id("boss"))
CFO: Final = Actor(an_id("cfo"))
BUYER: Final = Actor(an_id("buyer"))
SCIENTIST: Final = Actor(an_id("scientist"))
ADMIN: Final = Actor(an_id("admin"))
AUDITOR: Final = Actor(an_id("auditor"))
OUTSIDER: Final = Actor(an_id("outsider"))
"""The heads of the company and of finance, a member of buying (no head) and one of research (no
head), a member with the administrator's role, one with the auditor's, and nobody we know."""

CYCLE: Final = an_id("2026Q4")
START: Final = date(2026, 10, 1)
END: Final = date(2026, 12, 31)

_MEMBERS: Final = {
    BOSS: COMPANY, CFO: FINANCE, BUYER: BUYING, SCIENTIST: RESEARCH, ADMIN: COMPANY,
    AUDITOR: COMPANY,
}  # fmt: skip

PEOPLE: Final[tuple[Told, ...]] = tuple(
    told(event)
    for event in (
        DepartmentCreated(department_id=COMPANY, name="示例公司", parent_id=None),
        DepartmentCreated(department_id=FINANCE, name="财务部", parent_id=COMPANY),
        DepartmentCreated(department_id=BUYING, name="采购部", parent_id=FINANCE),
        DepartmentCreated(department_id=RESEARCH, name="产研部门", parent_id=COMPANY),
        *(MemberJoined(member_id=who.id, department_id=at) for who, at in _MEMBERS.items()),
        MemberRoleGranted(member_id=ADMIN.id, role="administrator"),
        MemberRoleGranted(member_id=AUDITOR.id, role="auditor"),
        DepartmentHeadNamed(department_id=COMPANY, head_id=BOSS.id, before=None),
        DepartmentHeadNamed(department_id=FINANCE, head_id=CFO.id, before=None),
    )
)
"""Everybody named above, where they are."""

A_PLANNED_CYCLE: Final = told(
    CyclePlanned(cycle_id=CYCLE, name="2026Q4", start=START, end=END, kind="quarter"), by=ADMIN
)
AN_ACTIVE_CYCLE: Final = (A_PLANNED_CYCLE, told(CycleActivated(cycle_id=CYCLE), by=ADMIN))


def sealed(text: str) -> str:
    """Free text as a command carries it; nobody reads it here."""
    return "sealed:1:author:" + "".join(c if c.isascii() and c.isalnum() else "_" for c in text)
