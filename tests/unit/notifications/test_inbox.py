"""A member is told once per cause, of worsening until recovery, and never of history."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.notifications.domain import DECIDER, ReadNotice, TellHealth
from shared.events.deciding import SYSTEM, Actor
from shared.events.notifications import NoticeQueued, NoticeRead
from shared.okr import identity
from shared.okr.health import Health
from tests.support.given import NOW, OPERATOR, Given, given

MEMBER = identity.import_id("member", "buyer")
KR = identity.import_id("key_result", "kr")
OBJECTIVE = identity.import_id("objective", "o")


def tell(before: str, now: str, cause: str = "first", **more: Any) -> TellHealth:
    return TellHealth(
        member_id=MEMBER,
        objective_id=OBJECTIVE,
        key_result_id=KR,
        before=Health(before),
        now=Health(now),
        cause=identity.import_id("objective", cause),
        caused_at=NOW,
        recorded_at=more.pop("recorded_at", NOW),
    )


def rules(history: Given, *steps: tuple[str, str]) -> list[str]:
    """Which rules told something along a walk through healths."""
    said = []
    for n, (before, now) in enumerate(steps):
        asked = history.when(tell(before, now, cause=str(n)), by=SYSTEM)
        notices: Any = asked.events
        said += [notice.rule for notice in notices]
        history = asked.after
    return said


@pytest.mark.parametrize(
    ("before", "now", "rule"),
    [
        ("on_track", "at_risk", "at_risk"),
        ("pending", "off_track", "off_track"),
        ("at_risk", "outdated", "outdated"),
        ("at_risk", "off_track", "off_track"),
    ],
)
def test_worsening_is_told(before: str, now: str, rule: str) -> None:
    (notice,) = given(DECIDER).when(tell(before, now), by=SYSTEM).events
    assert isinstance(notice, NoticeQueued)
    assert (notice.rule, notice.subject.id) == (rule, KR)


@pytest.mark.parametrize(
    ("before", "now"),
    [("off_track", "at_risk"), ("pending", "on_track"), ("off_track", "closed")],
)
def test_getting_better_or_closing_is_no_news(before: str, now: str) -> None:
    given(DECIDER).when(tell(before, now), by=SYSTEM).says_nothing_new()


def test_a_level_is_told_once_until_recovery() -> None:
    walk = [
        ("on_track", "at_risk"),
        ("at_risk", "off_track"),
        ("off_track", "at_risk"),
        ("at_risk", "off_track"),
        ("off_track", "on_track"),
        ("on_track", "at_risk"),
    ]
    assert rules(given(DECIDER), *walk) == ["at_risk", "off_track", "recovered", "at_risk"]


def test_recovery_is_told_only_to_who_was_told() -> None:
    assert rules(given(DECIDER), ("at_risk", "on_track")) == []


def test_the_same_cause_tells_once() -> None:
    given(DECIDER).when(tell("on_track", "at_risk"), by=SYSTEM).asked_again().says_nothing_new()


def test_what_happened_before_this_log_was_opened_tells_nobody() -> None:
    from dataclasses import replace

    asked = given(DECIDER).when(tell("on_track", "at_risk"), by=SYSTEM).asked
    older = replace(asked, log_opened_at=NOW + timedelta(seconds=1))
    assert DECIDER.decide(older, DECIDER.initial(""), DECIDER.reference()) == []
    newer = replace(asked, log_opened_at=NOW - timedelta(seconds=1))
    assert DECIDER.decide(newer, DECIDER.initial(""), DECIDER.reference())


def test_only_the_suite_tells() -> None:
    given(DECIDER).when(tell("on_track", "at_risk"), by=OPERATOR).refused("not_allowed")


def test_a_notice_is_read_once_and_by_nobody_else() -> None:
    asked = given(DECIDER).when(tell("on_track", "at_risk"), by=SYSTEM)
    notice: Any = asked.events[0]
    notice_id = notice.notice_id
    read = ReadNotice(member_id=MEMBER, notice_id=notice_id)
    done = asked.after.when(read, by=Actor(MEMBER))
    done.then(NoticeRead(member_id=MEMBER, notice_id=notice_id))
    done.asked_again().says_nothing_new()
    asked.after.when(read, by=OPERATOR).refused("not_found")
    stray = ReadNotice(member_id=MEMBER, notice_id=str(uuid5(UUID(notice_id), "x")))
    asked.after.when(stray, by=Actor(MEMBER)).refused("not_found")
