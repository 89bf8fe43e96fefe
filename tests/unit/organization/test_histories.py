"""Whole histories of an organization: nothing is said twice, and the tree stays a tree."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.objectives.domain import DECIDER as OBJECTIVES
from services.organization.domain import DECIDER
from services.organization.domain.cycles import (
    ActivateCycle,
    CloseCycle,
    ImportCycle,
    PlanCycle,
    ReopenCycle,
    StartCycleReview,
)
from services.organization.domain.departments import (
    ChangeDepartment,
    CloseDepartment,
    CreateDepartment,
    ImportDepartment,
    MoveDepartment,
)
from services.organization.domain.members import (
    ChangeMember,
    EraseMember,
    ImportMember,
    JoinMember,
    LeaveMember,
)
from services.organization.domain.policies import (
    ApprovalPolicy,
    ChangeApproval,
    ChangeCadence,
    ChangeCalendar,
    ChangeHealthPolicy,
    EstablishOrganization,
    MoveClock,
)
from shared.events.deciding import Command, Refused, command_type
from shared.events.event import Event
from shared.events.folds.organization import Organization
from shared.events.organization import (
    CycleClosed,
    CycleReviewStarted,
    MemberLeft,
    PolicyChanged,
)
from shared.okr.calendar import WorkingDays
from shared.okr.duty import Cadence
from shared.okr.health import HealthPolicy
from tests.support.given import Given, Told, given
from tests.support.people import (
    A_PLANNED_CYCLE,
    AN_ACTIVE_CYCLE,
    BUYER,
    BUYING,
    CFO,
    COMPANY,
    CYCLE,
    FINANCE,
    PEOPLE,
    RESEARCH,
    START,
    an_id,
    sealed,
)

NEW = an_id("new")
REASON = sealed("because")
TRAINING = PolicyChanged(
    policy="organization", revision=1, value={"training": True, "time_zone": "Asia/Shanghai"}
)
REVIEWED = (*AN_ACTIVE_CYCLE, CycleReviewStarted(cycle_id=CYCLE))
CLOSED = (*REVIEWED, CycleClosed(cycle_id=CYCLE))

SAYING: list[tuple[tuple[Any, ...], Command]] = [
    (PEOPLE, CreateDepartment(department_id=NEW, name="法务部", head_id=CFO.id)),
    (PEOPLE, ChangeDepartment(department_id=BUYING, name="采购中心", head_id=BUYER.id)),
    (PEOPLE, MoveDepartment(department_id=BUYING, parent_id=RESEARCH, reason=REASON)),
    (
        (*PEOPLE, MemberLeft(member_id=BUYER.id, successor_id=None)),
        CloseDepartment(department_id=BUYING),
    ),
    (PEOPLE, ImportDepartment(department_id=BUYING, name="采购中心", update=True)),
    (PEOPLE, JoinMember(member_id=NEW, department_id=FINANCE, roles=frozenset({"auditor"}))),
    (
        PEOPLE,
        ChangeMember(
            member_id=CFO.id,
            department_id=BUYING,
            roles=frozenset({"auditor"}),
            details=("title",),
            amendment_id=NEW,
        ),
    ),
    (PEOPLE, LeaveMember(member_id=CFO.id, successor_id=BUYER.id)),
    (PEOPLE, EraseMember(member_id=CFO.id)),
    (
        PEOPLE,
        ImportMember(
            member_id=CFO.id,
            department_id=BUYING,
            details=("title",),
            amendment_id=NEW,
            update=True,
        ),
    ),
    (PEOPLE, PlanCycle(cycle_id=CYCLE, name="2026Q4", start=START, end=START)),
    (PEOPLE, ImportCycle(cycle_id=CYCLE, name="2026Q4", start=START, end=START)),
    ((*PEOPLE, A_PLANNED_CYCLE), ActivateCycle(cycle_id=CYCLE)),
    ((*PEOPLE, *AN_ACTIVE_CYCLE), StartCycleReview(cycle_id=CYCLE)),
    ((*PEOPLE, *REVIEWED), CloseCycle(cycle_id=CYCLE)),
    ((*PEOPLE, *CLOSED), ReopenCycle(cycle_id=CYCLE, reason=REASON)),
    ((), EstablishOrganization(training=True)),
    ((TRAINING,), MoveClock(to=datetime(2021, 9, 1, tzinfo=UTC))),
    (PEOPLE, ChangeHealthPolicy(value=HealthPolicy(confidence_at_most=4))),
    (PEOPLE, ChangeCadence(value=Cadence(grace_days=5))),
    (PEOPLE, ChangeCalendar(value=WorkingDays(holidays=frozenset({date(2026, 10, 1)})))),
    (PEOPLE, ChangeApproval(value=ApprovalPolicy(two_person_close=True))),
]


@pytest.mark.parametrize(
    ("history", "command"), [pytest.param(*row, id=type(row[1]).__name__) for row in SAYING]
)
def test_asked_twice_nothing_new_is_said(history: tuple[Any, ...], command: Command) -> None:
    once = given(DECIDER, *history).when(command)
    assert once.events
    once.asked_again().says_nothing_new()


def test_every_command_is_asked_twice_above() -> None:
    assert {command_type(command) for _, command in SAYING} == set(DECIDER.commands)


IDS = st.sampled_from([COMPANY, FINANCE, BUYING, RESEARCH, NEW])
PERSONS = st.sampled_from([CFO.id, BUYER.id, NEW])
MAYBE = st.none() | PERSONS
ROLES = st.frozensets(st.sampled_from(["administrator", "auditor"]))

ANY_COMMAND: st.SearchStrategy[Command] = st.one_of(
    st.builds(CreateDepartment, department_id=IDS, name=st.just("甲"), parent_id=st.none() | IDS),
    st.builds(ChangeDepartment, department_id=IDS, head_id=MAYBE),
    st.builds(MoveDepartment, department_id=IDS, parent_id=IDS, reason=st.just(REASON)),
    st.builds(CloseDepartment, department_id=IDS),
    st.builds(
        ImportDepartment,
        department_id=IDS,
        name=st.sampled_from(["甲", "乙"]),
        parent_id=st.none() | IDS,
        update=st.booleans(),
    ),
    st.builds(JoinMember, member_id=PERSONS, department_id=IDS, roles=ROLES),
    st.builds(ChangeMember, member_id=PERSONS, department_id=IDS, roles=ROLES),
    st.builds(LeaveMember, member_id=PERSONS, successor_id=MAYBE),
    st.builds(EraseMember, member_id=PERSONS),
    st.builds(ImportMember, member_id=PERSONS, department_id=IDS, update=st.booleans()),
    st.builds(ActivateCycle, cycle_id=st.just(CYCLE)),
    st.builds(StartCycleReview, cycle_id=st.just(CYCLE)),
    st.builds(CloseCycle, cycle_id=st.just(CYCLE)),
    st.builds(ReopenCycle, cycle_id=st.just(CYCLE), reason=st.just(REASON)),
    st.builds(
        ChangeApproval,
        value=st.builds(ApprovalPolicy, two_person_close=st.booleans()),
    ),
)

SNAPSHOT = TypeAdapter(DECIDER.state_type)


@settings(max_examples=150, deadline=None)
@for_any(st.booleans(), st.lists(ANY_COMMAND, max_size=25))
def test_any_history_folds_into_one_tree(peopled: bool, commands: list[Command]) -> None:
    history: list[Event | Told] = [*(PEOPLE if peopled else ()), *AN_ACTIVE_CYCLE]
    there: Given = given(DECIDER, *history)
    for command in commands:
        once = there.when(command)
        if isinstance(once.answer, Refused):
            continue
        again = once.asked_again()
        assert isinstance(again.answer, Refused) or again.events == ()
        there = once.after
        history += once.events
        _is_one_tree(there.state("organization"))
    state = there.state("organization")
    assert SNAPSHOT.validate_json(SNAPSHOT.dump_json(state)) == state
    assert given(OBJECTIVES, *history).reference.organization == state


def _is_one_tree(org: Organization) -> None:
    roots = [d.id for d in org.departments.values() if d.parent_id is None]
    assert roots == ([org.company_id] if org.departments else [])
    for department in org.departments.values():
        *_, top = org.upward(department.id)
        assert top.id == org.company_id
        if not department.closed and department.parent_id is not None:
            assert not org.departments[department.parent_id].closed
    for member in org.members.values():
        assert not member.serves or not org.departments[member.department_id].closed
