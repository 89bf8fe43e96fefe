"""What is still open when a cycle is over expires, and nothing else does."""

from datetime import UTC, date, datetime

import pytest

from services.alignment.domain import expiring
from services.alignment.domain.commands import ExpireOpen
from shared.events import alignment as said
from shared.events.deciding import SYSTEM
from shared.events.organization import CycleClosed, CycleReviewStarted
from tests.support.given import THEN
from tests.support.people import ADMIN, CYCLE
from tests.unit.alignment.history import (
    A_LINK,
    A_REQUEST,
    BUY,
    BUY_MORE,
    INVENT,
    LATER,
    OTHER_LINK,
    PROMISED,
    SAVE,
    TEACH,
    YEARLY,
    linked,
    proposed,
    requested,
    state,
    there,
)

LAST_DAY = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
DAY_AFTER = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
CLOSED = (CycleReviewStarted(cycle_id=CYCLE), CycleClosed(cycle_id=CYCLE))
OPEN = (proposed(), requested())
BOTH = {
    said.AlignmentExpired(alignment_id=A_LINK, from_objective_id=BUY, to_objective_id=SAVE),
    said.HelpExpired(
        alignment_id=A_REQUEST,
        objective_id=SAVE,
        department_id=requested().department_id,
        since=THEN,
    ),
}


def test_what_is_open_expires_on_the_day_after_the_cycles_last() -> None:
    given = there(*OPEN)
    given.when(ExpireOpen(day=date(2026, 12, 31)), by=SYSTEM, at=LAST_DAY).says_nothing_new()
    expired = given.when(ExpireOpen(day=date(2027, 1, 1)), by=SYSTEM, at=DAY_AFTER)
    assert set(expired.events) == BOTH
    expired.asked_again().says_nothing_new()


def test_what_is_open_expires_when_the_cycle_closes() -> None:
    assert set(there(*OPEN, *CLOSED).when(ExpireOpen(), by=SYSTEM).events) == BOTH


def test_a_proposal_between_two_cycles_ends_with_the_first() -> None:
    given = there(proposed(BUY, YEARLY), proposed(TEACH, YEARLY, id_=OTHER_LINK), *CLOSED)
    expired = given.when(ExpireOpen(), by=SYSTEM).events
    assert len(expired) == 2


def test_a_request_of_a_later_cycle_stays() -> None:
    there(requested(LATER), *CLOSED).when(ExpireOpen(), by=SYSTEM).says_nothing_new()


def test_what_was_answered_does_not_expire() -> None:
    declined = said.AlignmentDeclined(
        alignment_id=OTHER_LINK,
        from_objective_id=BUY_MORE,
        to_objective_id=INVENT,
        reason="sealed:1:a:b",
    )
    answered = (linked(), proposed(BUY_MORE, INVENT, id_=OTHER_LINK), declined, *PROMISED)
    there(*answered, *CLOSED).when(ExpireOpen(), by=SYSTEM).says_nothing_new()


def test_a_day_that_has_not_come_here_is_waited_for() -> None:
    tomorrow = ExpireOpen(day=date(2027, 1, 1))
    there(*OPEN).when(tomorrow, by=SYSTEM, at=LAST_DAY).refused("not_yet")


def test_only_the_suite_lets_expire() -> None:
    there(*OPEN).when(ExpireOpen(), by=ADMIN).refused("not_allowed")


def test_more_than_one_decision_can_say_is_said_by_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expiring, "MOST_AT_ONCE", 1)
    given = there(*OPEN, *CLOSED)
    first = given.when(ExpireOpen(), by=SYSTEM)
    assert [event.unfinished for event in first.events] == [True]  # type: ignore[attr-defined]
    second = first.after.when(ExpireOpen(), by=SYSTEM)
    assert [event.unfinished for event in second.events] == [False]  # type: ignore[attr-defined]
    assert len(state(second.after).open) == 0
    second.after.when(ExpireOpen(), by=SYSTEM).says_nothing_new()
