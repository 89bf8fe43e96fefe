"""What alignment does when something happened elsewhere: one command for one event, or none."""

from datetime import date
from typing import Any

from services.alignment.domain.commands import DeliverAchieved, ExpireOpen, RequestMentioned
from services.alignment.domain.reference import Reference
from services.alignment.reactions import (
    REACTIONS,
    when_a_cycle_closed,
    when_a_day_began,
    when_a_department_is_mentioned,
    when_an_objective_is_achieved,
    when_more_has_expired,
)
from shared.events.alignment import AlignmentExpired
from shared.events.checkins import DayBegan
from shared.events.deciding import SYSTEM, Recorded
from shared.events.event import Event
from shared.events.objectives import KRCancelled, ObjectiveClosed
from shared.events.organization import CycleClosed
from tests.support.given import THEN
from tests.support.people import CYCLE, RESEARCH, an_id, sealed
from tests.unit.alignment.history import (
    A_LINK,
    BUY,
    DRAFT,
    GROW,
    INVENT,
    SAVE,
    a_result,
    published,
    there,
)

MENTIONING = an_id("mentioning")


def heard(event: Event) -> Recorded[Any]:
    return Recorded(A_LINK, event, event.stream, 1, THEN, SYSTEM, A_LINK, A_LINK)


def known(*more: Event) -> Reference:
    reference: Reference = there(*more).reference
    return reference


def test_a_mention_asks_once_the_objective_is_published() -> None:
    mention = a_result(SAVE, MENTIONING, mentions=(RESEARCH,))
    ask = [RequestMentioned(objective_id=SAVE)]
    for event in (published(SAVE), mention):
        assert when_a_department_is_mentioned(heard(event), known(mention)) == ask


def test_a_draft_and_an_objective_without_mentions_ask_nobody() -> None:
    mention = a_result(DRAFT, MENTIONING, mentions=(RESEARCH,))
    assert when_a_department_is_mentioned(heard(mention), known(mention)) == []
    assert when_a_department_is_mentioned(heard(published(GROW)), known()) == []
    mention = a_result(SAVE, MENTIONING, mentions=(RESEARCH,))
    cancelled = KRCancelled(objective_id=SAVE, key_result_id=MENTIONING, reason=sealed("why"))
    assert when_a_department_is_mentioned(heard(published(SAVE)), known(mention, cancelled)) == []


def test_only_what_was_achieved_delivers() -> None:
    achieved = ObjectiveClosed(objective_id=INVENT, outcome="achieved")
    partly = ObjectiveClosed(objective_id=INVENT, outcome="partly")
    deliver = [DeliverAchieved(objective_id=INVENT)]
    assert when_an_objective_is_achieved(heard(achieved), known()) == deliver
    assert when_an_objective_is_achieved(heard(partly), known()) == []


def test_days_and_closed_cycles_let_expire() -> None:
    day = date(2027, 1, 1)
    assert when_a_day_began(heard(DayBegan(day=day)), known()) == [ExpireOpen(day=day)]
    assert when_a_cycle_closed(heard(CycleClosed(cycle_id=CYCLE)), known()) == [ExpireOpen()]


def test_what_could_not_be_said_at_once_goes_on() -> None:
    expired = AlignmentExpired(
        alignment_id=A_LINK, from_objective_id=BUY, to_objective_id=SAVE, unfinished=True
    )
    done = expired.model_copy(update={"unfinished": False})
    assert when_more_has_expired(heard(expired), known()) == [ExpireOpen()]
    assert when_more_has_expired(heard(done), known()) == []


def test_no_clause_has_the_name_of_another() -> None:
    assert len({reaction.name for reaction in REACTIONS}) == len(REACTIONS)


def test_only_a_mention_is_asked_in_the_name_of_who_made_it() -> None:
    named = {reaction.when for reaction in REACTIONS if reaction.by_its_actor}
    assert named == {when_a_department_is_mentioned}
