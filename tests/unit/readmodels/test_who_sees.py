"""What a card says of who may see it is what the shared rule says, for everybody."""

import pytest

from services.readmodels.projections import OKRS
from shared.events.deciding import Actor
from shared.events.folds.permissions import sees
from tests.support.given import OPERATOR
from tests.support.suite import Suite
from tests.unit.readmodels.busy_quarter import busy_quarter
from tests.unit.readmodels.world import (
    AUDITOR,
    BUILDER,
    BUILDING,
    BUYER,
    CHIEF,
    CODER,
    STRANGER,
    company,
    draft,
    key_result,
    publish,
)

EVERYBODY = (CHIEF, BUYER, BUILDER, CODER, STRANGER, AUDITOR, OPERATOR, Actor("nobody at all"))


def allowed_by_card(suite: Suite, objective_id: str, actor: Actor) -> bool:
    """As the queries have it: roles first, then the card."""
    fold = suite.folded(OKRS)
    card = fold.tables["cards"].rows[objective_id]
    member = fold.tables["members"].rows.get(actor.id)
    roles = set(actor.roles)
    if member is not None:
        gone = member["left"] or member["erased"]
        roles = set() if gone else roles | set(member["roles"])
    if card["secret"] is None or roles & {"administrator", "auditor"}:
        return True
    return actor.id in card["seen_by"]


def assert_the_rule_is_kept(suite: Suite) -> None:
    organization = suite.states["organization", "organization"]
    for (service, _), objective in suite.states.items():
        if service != "objectives":
            continue
        for actor in EVERYBODY:
            told = allowed_by_card(suite, objective.id, actor)
            assert told == sees(organization, actor, objective), (objective.title, actor.id)


def test_all_that_a_busy_quarter_leaves_behind_is_seen_by_the_rule() -> None:
    assert_the_rule_is_kept(busy_quarter())


@pytest.mark.parametrize("confidential", [False, True])
def test_drafts_and_confidential_ones_of_every_owner_are_seen_by_the_rule(
    confidential: bool,
) -> None:
    from shared.events.objectives import Owner
    from tests.unit.readmodels.world import COMPANY

    suite = company()
    for owner in (CHIEF, BUYER, BUILDER, CODER, STRANGER):
        draft(suite, f"草稿 {owner.id}", owner, confidential=confidential)
        publish(
            suite,
            f"公开 {owner.id}",
            owner,
            key_result(f"做 {owner.id}"),
            confidential=confidential,
        )
    draft(
        suite, "研发草稿", BUILDER,
        of=Owner(type="department", id=BUILDING), confidential=confidential,
    )  # fmt: skip
    draft(
        suite, "公司草稿", OPERATOR,
        of=Owner(type="company", id=COMPANY), confidential=confidential,
    )  # fmt: skip
    assert_the_rule_is_kept(suite)


def test_a_draft_is_seen_by_its_owner_and_the_approver_and_nobody_beside() -> None:
    suite = company()
    objective = draft(suite, "草稿", CODER)
    card = suite.folded(OKRS).tables["cards"].rows[objective]
    assert set(card["seen_by"]) == {CODER.id, BUILDER.id}


def test_a_confidential_one_is_seen_by_its_owner_and_the_heads_above() -> None:
    suite = company()
    objective = publish(suite, "密", CODER, key_result("暗"), confidential=True)
    card = suite.folded(OKRS).tables["cards"].rows[objective]
    assert set(card["seen_by"]) == {CODER.id, BUILDER.id, CHIEF.id}
    assert card["unit_id"] is None
