"""Who may change an objective, and for whom it exists at all."""

import pytest

from services.objectives.domain import DECIDER
from services.objectives.domain.drafting import EditObjective
from services.objectives.domain.key_results import AddKeyResult, EditKeyResult
from shared.events.deciding import Command
from shared.events.objectives import (
    ObjectiveClosed,
    ObjectiveReworded,
)
from shared.events.organization import (
    MemberLeft,
)
from tests.support.aims import (
    AIM,
    DRAFT,
    FIRST,
    PUBLISHED,
    SUBMITTED,
    THERE,
    THIRD,
    new,
)
from tests.support.given import given
from tests.support.people import (
    ADMIN,
    AUDITOR,
    BOSS,
    BUYER,
    CFO,
    OUTSIDER,
    SCIENTIST,
)

EDITS: list[Command] = [
    EditObjective(objective_id=AIM, title="x"),
    AddKeyResult(objective_id=AIM, key_result=new(THIRD)),
    EditKeyResult(objective_id=AIM, key_result_id=FIRST, title="x"),
]


@pytest.mark.parametrize("command", EDITS)
def test_a_draft_of_somebody_else_does_not_exist(command: Command) -> None:
    there = given(DECIDER, *DRAFT)
    for actor in (SCIENTIST, BOSS, OUTSIDER):
        there.when(command, by=actor).refused("not_found")
    # The approver and an auditor see it, and still do not write in it.
    for actor in (CFO, AUDITOR):
        there.when(command, by=actor).refused("not_allowed")


@pytest.mark.parametrize("command", EDITS)
def test_what_was_submitted_is_the_approvers_to_change(command: Command) -> None:
    there = given(DECIDER, *SUBMITTED)
    there.when(command, by=BUYER).refused("objective_submitted")
    assert not there.when(command, by=CFO).events[0].overridden  # type: ignore[attr-defined]
    assert there.when(command, by=ADMIN).events[0].overridden  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", EDITS)
def test_what_is_published_changes_by_its_approver_or_an_administrator(command: Command) -> None:
    there = given(DECIDER, *PUBLISHED)
    for actor in (BUYER, SCIENTIST, BOSS, AUDITOR, OUTSIDER):
        there.when(command, by=actor).refused("not_allowed")
    assert not there.when(command, by=CFO).events[0].overridden  # type: ignore[attr-defined]
    assert there.when(command, by=ADMIN).events[0].overridden  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", EDITS)
def test_what_is_closed_does_not_change(command: Command) -> None:
    there = given(DECIDER, *PUBLISHED, ObjectiveClosed(objective_id=AIM, outcome="achieved"))
    for actor in (BUYER, CFO, ADMIN):
        there.when(command, by=actor).refused("objective_closed")
    there.when(command, by=SCIENTIST).refused("not_allowed")


@pytest.mark.parametrize("command", EDITS)
def test_an_objective_that_nobody_made_is_not_found(command: Command) -> None:
    given(DECIDER, *THERE).when(command, by=ADMIN).refused("not_found")


def test_a_confidential_objective_exists_for_its_owner_its_heads_and_administrators() -> None:
    secret = ObjectiveReworded(
        objective_id=AIM, title="x", description=None, commitment="committed", confidential=True
    )
    there = given(DECIDER, *PUBLISHED, secret)
    for actor in (SCIENTIST, OUTSIDER):
        there.when(EDITS[0], by=actor).refused("not_found")
    for actor in (BUYER, BOSS, AUDITOR):
        there.when(EDITS[0], by=actor).refused("not_allowed")


def test_who_took_over_from_a_member_owns_what_the_member_owned() -> None:
    there = given(DECIDER, *DRAFT, MemberLeft(member_id=BUYER.id, successor_id=SCIENTIST.id))
    there.when(EDITS[0], by=BUYER).refused("not_found")
    there.when(EDITS[0], by=SCIENTIST).then(
        ObjectiveReworded(
            objective_id=AIM,
            title="x",
            description=None,
            commitment="committed",
            confidential=False,
        )
    )
