"""Drafting: who writes an objective down, and what it may name."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.objectives.domain import DECIDER
from services.objectives.domain.drafting import CreateObjective, EditObjective
from shared.events.deciding import Actor
from shared.events.objectives import (
    KRAdded,
    ObjectiveCreated,
    ObjectiveOwnerChanged,
    ObjectiveReworded,
    Owner,
    WeightsSet,
)
from shared.events.organization import (
    CycleClosed,
    CycleReviewStarted,
    DepartmentClosed,
    MemberLeft,
)
from tests.support.aims import (
    AIM,
    BUYERS,
    CHEAPER,
    DAYS,
    DRAFT,
    FIRST,
    SECOND,
    THERE,
    THIRD,
    by_id,
    new,
)
from tests.support.given import given
from tests.support.people import (
    ADMIN,
    AUDITOR,
    BUYER,
    BUYING,
    CFO,
    COMPANY,
    CYCLE,
    FINANCE,
    OUTSIDER,
    RESEARCH,
    SCIENTIST,
    an_id,
    sealed,
)

NOBODY = an_id("nobody")


def create(**fields: Any) -> CreateObjective:
    """A buyer's objective, but for what is said otherwise."""
    told = {"objective_id": AIM, "cycle_id": CYCLE, "owner": BUYERS, "title": "降低采购成本"}
    return CreateObjective.model_validate(told | fields)


def created(**fields: Any) -> ObjectiveCreated:
    """What is said of it."""
    told = {
        "objective_id": AIM,
        "cycle_id": CYCLE,
        "owner": BUYERS,
        "department_id": BUYING,
        "title": "降低采购成本",
    }
    return ObjectiveCreated.model_validate(told | fields)


def test_a_member_drafts_an_objective_with_key_results_and_weights() -> None:
    due = date(2026, 11, 30)
    given(DECIDER, *THERE).when(
        create(
            description=sealed("why"),
            commitment="aspirational",
            confidential=True,
            key_results=(
                new(FIRST, weight="40", due=due, mentions=(RESEARCH,)),
                new(SECOND, CHEAPER, weight="60", owner_id=SCIENTIST.id),
            ),
        ),
        by=BUYER,
    ).then(
        created(description=sealed("why"), commitment="aspirational", confidential=True),
        KRAdded(
            objective_id=AIM,
            key_result_id=FIRST,
            title="采购周期缩短",
            measure=DAYS,
            due=due,
            mentions=(RESEARCH,),
        ),
        KRAdded(
            objective_id=AIM,
            key_result_id=SECOND,
            title="采购周期缩短",
            measure=CHEAPER,
            owner_id=SCIENTIST.id,
        ),
        WeightsSet(objective_id=AIM, weights=by_id(first="40", second="60")),
    )


@pytest.mark.parametrize(
    ("owner", "actor", "department"),
    [
        (Owner(type="department", id=FINANCE), CFO, FINANCE),
        (Owner(type="company", id=COMPANY), ADMIN, COMPANY),
    ],
)
def test_a_head_drafts_for_the_department_and_an_administrator_for_the_company(
    owner: Owner, actor: Actor, department: str
) -> None:
    given(DECIDER, *THERE).when(create(owner=owner), by=actor).then(
        created(owner=owner, department_id=department)
    )


def test_an_administrator_who_drafts_for_somebody_else_shows_as_overriding() -> None:
    given(DECIDER, *THERE).when(create(key_results=(new(FIRST),)), by=ADMIN).then(
        created(overridden=True),
        KRAdded(
            objective_id=AIM,
            overridden=True,
            key_result_id=FIRST,
            title="采购周期缩短",
            measure=DAYS,
        ),
    )


@pytest.mark.parametrize("actor", [CFO, SCIENTIST, AUDITOR, OUTSIDER])
def test_nobody_drafts_for_somebody_else(actor: Actor) -> None:
    given(DECIDER, *THERE).when(create(), by=actor).refused("not_allowed")


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"cycle_id": NOBODY}, "not_yet", "/cycle_id"),
        ({"owner": Owner(type="member", id=NOBODY)}, "not_yet", "/owner/id"),
        ({"owner": Owner(type="department", id=NOBODY)}, "not_yet", "/owner/id"),
        ({"owner": Owner(type="company", id=NOBODY)}, "not_yet", "/owner/id"),
        ({"owner": Owner(type="company", id=FINANCE)}, "not_the_company", "/owner/id"),
        ({"owner": Owner(type="department", id=RESEARCH)}, "department_closed", "/owner/id"),
        ({"owner": Owner(type="member", id=SCIENTIST.id)}, "member_left", "/owner/id"),
        ({"key_results": (new(FIRST, owner_id=NOBODY),)}, "not_yet", "/key_results/0/owner_id"),
        (
            {"key_results": (new(FIRST), new(SECOND, owner_id=SCIENTIST.id))},
            "member_left",
            "/key_results/1/owner_id",
        ),
        (
            {"key_results": (new(FIRST, mentions=(NOBODY,)),)},
            "not_yet",
            "/key_results/0/mentions/0",
        ),
        (
            {"key_results": (new(FIRST, mentions=(FINANCE, RESEARCH)),)},
            "department_closed",
            "/key_results/0/mentions/1",
        ),
        (
            {"key_results": (new(FIRST, due=date(2026, 9, 30)),)},
            "due_before_cycle",
            "/key_results/0/due",
        ),
        ({"key_results": (new(FIRST, weight="50"), new(SECOND))}, "weights_needed", "/weights"),
        ({"key_results": (new(FIRST, weight="50"),)}, "weights_not_100", "/weights"),
        ({"key_results": (new(FIRST, weight="-1"),)}, "weight_not_positive", "/weights"),
    ],
)
def test_a_draft_names_what_is_there_and_fits(
    fields: dict[str, Any], code: str, pointer: str
) -> None:
    given(
        DECIDER,
        *THERE,
        MemberLeft(member_id=SCIENTIST.id, successor_id=None),
        DepartmentClosed(department_id=RESEARCH),
    ).when(create(**fields), by=ADMIN).refused(code, pointer=pointer)


def test_a_due_may_lie_after_its_cycle() -> None:
    due = date(2027, 6, 30)
    given(DECIDER, *THERE).when(create(key_results=(new(FIRST, due=due),)), by=BUYER).then(
        created(),
        KRAdded(objective_id=AIM, key_result_id=FIRST, title="采购周期缩短", measure=DAYS, due=due),
    )


def test_a_key_result_stands_once_in_a_command() -> None:
    with pytest.raises(ValidationError, match="key_result_repeated"):
        create(key_results=(new(FIRST), new(FIRST)))


@pytest.mark.parametrize(
    "history",
    [
        (CycleReviewStarted(cycle_id=CYCLE),),
        (CycleReviewStarted(cycle_id=CYCLE), CycleClosed(cycle_id=CYCLE)),
    ],
)
def test_a_cycle_takes_objectives_until_its_review(history: tuple[Any, ...]) -> None:
    given(DECIDER, *THERE, *history).when(create(), by=BUYER).refused("cycle_not_open")


def test_an_owner_edits_the_draft() -> None:
    given(DECIDER, *DRAFT).when(
        EditObjective(objective_id=AIM, title="降本", description=sealed("why")), by=BUYER
    ).then(
        ObjectiveReworded(
            objective_id=AIM,
            title="降本",
            description=sealed("why"),
            commitment="committed",
            confidential=False,
        )
    ).when(EditObjective(objective_id=AIM, description=None, confidential=True), by=BUYER).then(
        ObjectiveReworded(
            objective_id=AIM,
            title="降本",
            description=None,
            commitment="committed",
            confidential=True,
        )
    )


def test_an_objective_is_given_to_another_owner() -> None:
    owner = Owner(type="department", id=FINANCE)
    given(DECIDER, *DRAFT).when(EditObjective(objective_id=AIM, owner=owner), by=BUYER).then(
        ObjectiveOwnerChanged(objective_id=AIM, owner=owner, before=BUYERS, department_id=FINANCE)
    ).when(EditObjective(objective_id=AIM, title="x"), by=BUYER).refused("not_found")


def test_an_objective_is_given_only_to_who_is_there() -> None:
    given(DECIDER, *DRAFT).when(
        EditObjective(objective_id=AIM, owner=Owner(type="member", id=NOBODY)), by=BUYER
    ).refused("not_yet", pointer="/owner/id")


def test_weights_are_exact() -> None:
    thirds = ("33.33", "33.33", "33.34")
    ids = (FIRST, SECOND, THIRD)
    brought = tuple(new(id_, weight=w) for id_, w in zip(ids, thirds, strict=True))
    events = given(DECIDER, *THERE).when(create(key_results=brought), by=BUYER).events
    assert isinstance(events[-1], WeightsSet)
    assert sum(events[-1].weights.values()) == Decimal(100)
