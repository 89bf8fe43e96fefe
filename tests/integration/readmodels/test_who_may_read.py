"""Who may read what: the SQL of every route against the shared rule, for everybody."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.checkins.domain.commands import PublishCheckIn
from services.objectives.domain.drafting import EditObjective
from services.organization.domain.departments import ChangeDepartment
from services.organization.domain.members import ChangeMember, EraseMember, LeaveMember
from shared.events.deciding import Actor
from shared.events.folds.permissions import sees
from shared.events.objectives import Owner
from tests.integration.readmodels.reading import Reader, reader_of
from tests.support.given import OPERATOR
from tests.support.suite import Suite
from tests.unit.readmodels.world import (
    AUDITOR,
    BUILDER,
    BUILDING,
    BUYER,
    CHIEF,
    CODER,
    COMPANY,
    CYCLE,
    PLATFORM,
    STRANGER,
    at,
    company,
    draft,
    key_result,
    log,
    named,
    publish,
)

pytestmark = pytest.mark.integration

NOBODY = Actor("nobody-at-all")
INTEGRATION = Actor("feed", "service_account", frozenset({"integration"}))
EVERYBODY = (
    CHIEF, BUYER, BUILDER, CODER, STRANGER, AUDITOR, OPERATOR, NOBODY, INTEGRATION,
)  # fmt: skip


def kinds_of_secrets() -> Suite:
    """Drafts, submitted and confidential ones of every kind of owner, some of whom are gone."""
    suite = company()
    for owner in (CHIEF, BUYER, BUILDER, CODER, STRANGER):
        draft(suite, f"草稿 {owner.id}", owner, key_result(f"草 {owner.id}"))
        for confidential in (False, True):
            key = f"{confidential} {owner.id}"
            publish(suite, key, owner, key_result(key), confidential=confidential)
            log(suite, key, key, "10", on="10-05")
            told = PublishCheckIn(objective_id=named("objective", key), readings={})
            suite.ask("checkins", told, by=owner, at=at("10-06"))
    for kind, owner_id, by in (
        ("department", BUILDING, BUILDER),
        ("department", PLATFORM, OPERATOR),
        ("company", COMPANY, OPERATOR),
    ):
        of = Owner(type=kind, id=owner_id)  # type: ignore[arg-type]
        draft(suite, f"草稿 {owner_id}", by, of=of)
        publish(suite, f"密 {owner_id}", by, key_result(f"密 {owner_id}"), of=of, confidential=True)
    return suite


def changed(suite: Suite) -> Suite:
    """Then people leave, heads change, roles are given."""
    ask, when = suite.ask, at("10-12")
    ask("organization", LeaveMember(member_id=STRANGER.id, successor_id=BUYER.id), at=when)
    ask("organization", ChangeDepartment(department_id=PLATFORM, head_id=CODER.id), at=when)
    ask("organization", ChangeDepartment(department_id=COMPANY, head_id=None), at=when)
    roles = frozenset({"auditor"})
    ask("organization", ChangeMember(member_id=CHIEF.id, roles=roles), at=when)  # type: ignore[arg-type]
    open_now = EditObjective(
        objective_id=named("objective", f"True {CODER.id}"), confidential=False
    )
    ask("objectives", open_now, at=when)
    return suite


def erased(suite: Suite) -> Suite:
    """And one is forgotten who could see everything."""
    ask, when = suite.ask, at("10-13")
    ask("organization", LeaveMember(member_id=CHIEF.id, successor_id=None), at=when)
    ask("organization", EraseMember(member_id=CHIEF.id), at=when)
    return suite


@pytest.fixture(params=["as made", "changed", "erased"])
async def reader(
    request: pytest.FixtureRequest, database: str, tmp_path: Path
) -> AsyncIterator[tuple[Reader, Suite]]:
    suite = kinds_of_secrets()
    if request.param != "as made":
        suite = changed(suite)
    if request.param == "erased":
        suite = erased(suite)
    async with reader_of(suite, database, tmp_path) as found:
        yield found, suite


async def test_lists_and_items_show_exactly_what_the_rule_lets_one_see(
    reader: tuple[Reader, Suite],
) -> None:
    asks, suite = reader
    organization = suite.states["organization", "organization"]
    objectives = [state for (service, _), state in suite.states.items() if service == "objectives"]
    for actor in EVERYBODY:
        allowed = {each.id for each in objectives if sees(organization, actor, each)}
        listed = await asks.ids("/v1/objectives?limit=200", by=actor)
        assert sorted(listed) == sorted(allowed), actor
        found = await asks.ids("/v1/objectives?limit=200&q=草", by=actor)
        assert set(found) <= allowed
        for each in objectives:
            await _every_route_agrees(asks, actor, each, allowed=each.id in allowed)


async def _every_route_agrees(
    asks: Reader, actor: Actor, objective: object, *, allowed: bool
) -> None:
    base = f"/v1/objectives/{objective.id}"  # type: ignore[attr-defined]
    key_results = [f"{base}/key-results/{key}" for key in objective.key_results]  # type: ignore[attr-defined]
    progress = [f"{each}/progress" for each in key_results]
    for path in (base, f"{base}/key-results", f"{base}/check-ins", *key_results, *progress):
        status = (await asks.ask(path, by=actor)).status_code
        assert status == (200 if allowed else 404), (path, actor)


async def test_a_secret_is_the_same_as_what_nobody_has(reader: tuple[Reader, Suite]) -> None:
    asks, _ = reader
    secret = await asks.ask(f"/v1/objectives/{named('objective', f'草稿 {BUILDER.id}')}", by=CODER)
    unknown = await asks.ask(f"/v1/objectives/{named('objective', 'nobody')}", by=CODER)
    assert (secret.status_code, secret.json()) == (unknown.status_code, unknown.json())


async def test_totals_leave_secrets_out_for_everybody_alike(reader: tuple[Reader, Suite]) -> None:
    asks, _ = reader
    told = {
        (await asks.ask(f"/v1/company/summary?cycle_id={CYCLE}", by=actor)).json()["sum"]
        for actor in EVERYBODY
    }
    assert len(told) == 1
