"""Publishing: handed in, returned, published, closed, opened again, and by whom."""

from typing import Any

import pytest

from services.objectives.domain import DECIDER
from services.objectives.domain.publishing import (
    CloseObjective,
    PublishObjective,
    ReopenObjective,
    ReturnObjective,
    SubmitObjective,
)
from shared.events.deciding import Actor, Command
from shared.events.objectives import (
    ObjectiveClosed,
    ObjectiveCreated,
    ObjectivePublished,
    ObjectiveReopened,
    ObjectiveReturned,
    ObjectiveSubmitted,
    Owner,
)
from shared.events.organization import (
    CyclePlanned,
    CycleReviewStarted,
    DepartmentHeadNamed,
    MemberJoined,
    MemberLeft,
    MemberRoleGranted,
    MemberRoleRevoked,
    PolicyChanged,
)
from tests.support.aims import (
    AIM,
    CREATED,
    DAYS,
    DRAFT,
    FIRST,
    PUBLISHED,
    SUBMITTED,
    THERE,
    a_key_result,
)
from tests.support.given import OPERATOR, given, told
from tests.support.people import (
    ADMIN,
    AUDITOR,
    BOSS,
    BUYER,
    BUYING,
    CFO,
    COMPANY,
    CYCLE,
    END,
    FINANCE,
    OUTSIDER,
    PEOPLE,
    SCIENTIST,
    START,
    an_id,
    sealed,
)

WHY = sealed("because")
SUBMIT = SubmitObjective(objective_id=AIM)
PUBLISH = PublishObjective(objective_id=AIM)
RETURN = ReturnObjective(objective_id=AIM, comment=WHY)
CLOSE = CloseObjective(objective_id=AIM, outcome="partly", note=WHY)
REOPEN = ReopenObjective(objective_id=AIM, reason=WHY)
CLOSED = (*PUBLISHED, told(ObjectiveClosed(objective_id=AIM, outcome="partly", note=WHY), by=CFO))


def aim_of(owner: Owner, department: str) -> tuple[Any, ...]:
    """A draft of somebody, with a key result."""
    created = ObjectiveCreated(
        objective_id=AIM, cycle_id=CYCLE, owner=owner, department_id=department, title="目标"
    )
    return (*THERE, created, a_key_result(FIRST, DAYS))


@pytest.mark.parametrize(
    ("owner", "department", "approver"),
    [
        (Owner(type="member", id=BUYER.id), BUYING, CFO.id),
        (Owner(type="member", id=CFO.id), FINANCE, BOSS.id),
        (Owner(type="department", id=BUYING), BUYING, CFO.id),
        (Owner(type="department", id=FINANCE), FINANCE, BOSS.id),
        (Owner(type="member", id=BOSS.id), COMPANY, ADMIN.id),
        (Owner(type="department", id=COMPANY), COMPANY, ADMIN.id),
        (Owner(type="company", id=COMPANY), COMPANY, None),
    ],
)
def test_a_draft_goes_to_the_head_above_or_to_the_cycles_administrator(
    owner: Owner, department: str, approver: str | None
) -> None:
    given(DECIDER, *aim_of(owner, department)).when(SUBMIT, by=OPERATOR).then(
        ObjectiveSubmitted(
            objective_id=AIM, overridden=owner.type != "company", approver_id=approver
        )
    )


def test_where_the_cycles_planner_is_no_administrator_any_one_of_them_approves() -> None:
    there = given(
        DECIDER,
        *aim_of(Owner(type="member", id=BOSS.id), COMPANY),
        MemberRoleRevoked(member_id=ADMIN.id, role="administrator"),
    )
    there.when(SUBMIT, by=BOSS).then(ObjectiveSubmitted(objective_id=AIM, approver_id=None)).when(
        PUBLISH, by=OPERATOR
    ).then(ObjectivePublished(objective_id=AIM, revision=1))


def test_another_administrator_than_the_cycles_shows_as_overriding() -> None:
    there = given(DECIDER, *aim_of(Owner(type="member", id=BOSS.id), COMPANY))
    there.when(PUBLISH, by=ADMIN).then(ObjectivePublished(objective_id=AIM, revision=1))
    there.when(PUBLISH, by=OPERATOR).then(
        ObjectivePublished(objective_id=AIM, revision=1, overridden=True)
    )


def test_an_administrators_own_objective_goes_through_by_override_only() -> None:
    chief = Actor(an_id("chief"))
    there = given(
        DECIDER,
        *PEOPLE,
        MemberJoined(member_id=chief.id, department_id=COMPANY),
        MemberRoleGranted(member_id=chief.id, role="administrator"),
        DepartmentHeadNamed(department_id=COMPANY, head_id=chief.id, before=BOSS.id),
        told(
            CyclePlanned(cycle_id=CYCLE, name="2026Q4", start=START, end=END, kind="quarter"),
            by=chief,
        ),
        *aim_of(Owner(type="member", id=chief.id), COMPANY)[len(THERE) :],
    )
    there.when(SUBMIT, by=chief).then(ObjectiveSubmitted(objective_id=AIM, approver_id=None))
    there.when(PUBLISH, by=chief).then(
        ObjectivePublished(objective_id=AIM, revision=1, overridden=True)
    )
    there.when(PUBLISH, by=ADMIN).then(ObjectivePublished(objective_id=AIM, revision=1))


def test_the_policy_may_ask_the_next_level_up() -> None:
    up = PolicyChanged(
        policy="approval", revision=1, value={"next_level_up": True, "two_person_close": False}
    )
    given(DECIDER, *DRAFT, up).when(SUBMIT, by=BUYER).then(
        ObjectiveSubmitted(objective_id=AIM, approver_id=BOSS.id)
    ).when(PUBLISH, by=CFO).refused("not_found")


def test_a_head_who_left_approves_no_more() -> None:
    there = given(
        DECIDER,
        *SUBMITTED,
        MemberLeft(member_id=CFO.id, successor_id=None),
        DepartmentHeadNamed(department_id=FINANCE, head_id=None, before=CFO.id),
    )
    there.when(PUBLISH, by=CFO).refused("not_found")
    there.when(PUBLISH, by=BOSS).then(ObjectivePublished(objective_id=AIM, revision=1))


def test_the_owner_submits_and_the_approver_publishes() -> None:
    given(DECIDER, *DRAFT).when(SUBMIT, by=BUYER).then(
        ObjectiveSubmitted(objective_id=AIM, approver_id=CFO.id)
    ).when(PUBLISH, by=CFO).then(ObjectivePublished(objective_id=AIM, revision=1))


def test_the_approver_returns_it_with_a_comment_and_it_is_a_draft_again() -> None:
    returned = (
        given(DECIDER, *SUBMITTED)
        .when(RETURN, by=CFO)
        .then(ObjectiveReturned(objective_id=AIM, comment=WHY))
    )
    returned.when(RETURN, by=CFO).says_nothing_new()
    returned.when(SUBMIT, by=BUYER).then(ObjectiveSubmitted(objective_id=AIM, approver_id=CFO.id))


def test_the_approver_may_publish_a_draft_directly() -> None:
    given(DECIDER, *DRAFT).when(PUBLISH, by=CFO).then(
        ObjectivePublished(objective_id=AIM, revision=1)
    )


def test_the_approver_closes_it_and_opens_it_again() -> None:
    given(DECIDER, *PUBLISHED).when(CLOSE, by=CFO).then(
        ObjectiveClosed(objective_id=AIM, outcome="partly", note=WHY)
    ).when(REOPEN, by=CFO).then(ObjectiveReopened(objective_id=AIM, reason=WHY)).when(
        CLOSE, by=CFO
    ).then(ObjectiveClosed(objective_id=AIM, outcome="partly", note=WHY))


@pytest.mark.parametrize(
    ("history", "command"),
    [(SUBMITTED, PUBLISH), (SUBMITTED, RETURN), (PUBLISHED, CLOSE), (CLOSED, REOPEN)],
)
def test_what_the_approver_does_nobody_else_does(
    history: tuple[Any, ...], command: Command
) -> None:
    there = given(DECIDER, *history)
    for actor in (BUYER, AUDITOR):
        there.when(command, by=actor).refused("not_allowed")
    hidden = "not_found" if history is SUBMITTED else "not_allowed"
    for actor in (SCIENTIST, BOSS, OUTSIDER):
        there.when(command, by=actor).refused(hidden)
    assert there.when(command, by=ADMIN).events[0].overridden  # type: ignore[attr-defined]


def test_only_the_owner_submits() -> None:
    there = given(DECIDER, *DRAFT)
    for actor in (CFO, AUDITOR):
        there.when(SUBMIT, by=actor).refused("not_allowed")
    there.when(SUBMIT, by=ADMIN).then(
        ObjectiveSubmitted(objective_id=AIM, approver_id=CFO.id, overridden=True)
    )


@pytest.mark.parametrize(
    ("history", "command", "state"),
    [
        (PUBLISHED, SUBMIT, "published"),
        (CLOSED, SUBMIT, "closed"),
        (DRAFT, RETURN, "draft"),
        (PUBLISHED, RETURN, "published"),
        (CLOSED, PUBLISH, "closed"),
        (DRAFT, CLOSE, "draft"),
        (SUBMITTED, CLOSE, "submitted"),
        (DRAFT, REOPEN, "draft"),
        (PUBLISHED, REOPEN, "published"),
    ],
)
def test_no_step_is_leapt_over(history: tuple[Any, ...], command: Command, state: str) -> None:
    given(DECIDER, *history).when(command, by=ADMIN).refused("objective_state", state=state)


def test_closing_it_otherwise_needs_reopening() -> None:
    given(DECIDER, *CLOSED).when(
        CloseObjective(objective_id=AIM, outcome="achieved"), by=CFO
    ).refused("objective_closed")


@pytest.mark.parametrize("command", [SUBMIT, PUBLISH])
def test_nothing_is_published_without_a_key_result_or_in_a_cycle_under_review(
    command: Command,
) -> None:
    given(DECIDER, *THERE, CREATED).when(command, by=ADMIN).refused("no_key_results")
    given(DECIDER, *DRAFT, CycleReviewStarted(cycle_id=CYCLE)).when(command, by=ADMIN).refused(
        "cycle_not_open"
    )
