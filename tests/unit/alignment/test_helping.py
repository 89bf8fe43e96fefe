"""Dependency requests (@部门): asked by owners and by mentions, promised, delivered, or not."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.alignment.domain.commands import (
    AcceptAlignment,
    AnyAnswer,
    CounterAlignment,
    DeclineAlignment,
    DeliverAchieved,
    DeliverHelp,
    RequestHelp,
    RequestMentioned,
    UnlinkAlignment,
    WithdrawAlignment,
)
from services.alignment.domain.helping import mentioned_id
from shared.events import alignment as said
from shared.events.deciding import SYSTEM, Actor
from shared.events.objectives import KRCancelled, ObjectiveClosed, Owner
from shared.events.organization import DepartmentClosed, DepartmentHeadNamed
from tests.support.given import NOW, THEN, told
from tests.support.people import (
    ADMIN,
    AUDITOR,
    BOSS,
    BUYER,
    BUYING,
    CFO,
    FINANCE,
    OUTSIDER,
    RESEARCH,
    SCIENTIST,
    an_id,
    sealed,
)
from tests.unit.alignment.history import (
    A_REQUEST,
    BUY,
    DRAFT,
    GROW,
    INVENT,
    LATER,
    OTHER_LINK,
    PROMISED,
    RESULT,
    SAVE,
    SECRET,
    TEACH,
    a_result,
    an_objective,
    linked,
    member,
    promised,
    proposed,
    published,
    requested,
    state,
    there,
)

WHY = sealed("because")
ASK = RequestHelp(alignment_id=A_REQUEST, objective_id=SAVE, department_id=RESEARCH)
PROMISE = AcceptAlignment(alignment_id=A_REQUEST, objective_id=INVENT)
ACCEPT = AcceptAlignment(alignment_id=A_REQUEST)
DECLINE = DeclineAlignment(alignment_id=A_REQUEST, reason=WHY)
WITHDRAW = WithdrawAlignment(alignment_id=A_REQUEST)
COUNTER = CounterAlignment(alignment_id=A_REQUEST, message=WHY, weight=Decimal(10))
NAMING = CounterAlignment(alignment_id=A_REQUEST, message=WHY, objective_id=TEACH)
DELIVER = DeliverHelp(alignment_id=A_REQUEST)
UNLINK = UnlinkAlignment(alignment_id=A_REQUEST, reason=WHY)
ABOUT: dict[str, Any] = {"alignment_id": A_REQUEST, "objective_id": SAVE, "department_id": RESEARCH}
KEEPS = linked(INVENT, SAVE, id_=A_REQUEST, kind="supports", promised=True)
UNLINKED = said.AlignmentUnlinked(
    alignment_id=A_REQUEST,
    from_objective_id=INVENT,
    to_objective_id=SAVE,
    reason=WHY,
    promised=True,
)


def countered(by: said.HelpSide = "helper", helper: str | None = None) -> said.HelpCountered:
    return said.HelpCountered(
        **ABOUT,
        since=THEN,
        kind="supports",
        weight=Decimal(10),
        helper_objective_id=helper,
        message=WHY,
        by=by,
    )


def delivered(*, achieved: bool, since: datetime = THEN) -> said.HelpDelivered:
    return said.HelpDelivered(**ABOUT, since=since, helper_objective_id=INVENT, achieved=achieved)


def test_an_owner_asks_a_department() -> None:
    there().when(ASK, by=CFO).then(requested())
    said_more = RequestHelp(**ABOUT, kind="contributes", weight=Decimal(20), message=WHY)
    there().when(said_more, by=CFO).then(requested(kind="contributes", weight="20", message=WHY))


def test_an_administrator_asks_for_the_owner_and_it_shows() -> None:
    there().when(ASK, by=ADMIN).then(requested(overridden=True))


@pytest.mark.parametrize("actor", [SCIENTIST, BUYER, AUDITOR, OUTSIDER])
def test_nobody_else_asks_for_an_objective(actor: Actor) -> None:
    there().when(ASK, by=actor).refused("not_allowed")


def test_only_what_is_published_asks() -> None:
    draft = RequestHelp(alignment_id=A_REQUEST, objective_id=DRAFT, department_id=RESEARCH)
    there().when(draft, by=CFO).refused("objective_not_published")
    there().when(draft, by=BUYER).refused("not_found")
    closed = ObjectiveClosed(objective_id=SAVE, outcome="missed")
    there(closed).when(ASK, by=CFO).refused("objective_closed")
    late = NOW + timedelta(days=100)
    there().when(ASK, by=CFO, at=late).refused("cycle_over")


def test_a_department_that_is_asked_is_there() -> None:
    nowhere = RequestHelp(alignment_id=A_REQUEST, objective_id=SAVE, department_id=an_id("nowhere"))
    there().when(nowhere, by=CFO).refused("not_yet", pointer="/to/department_id")
    there(DepartmentClosed(department_id=RESEARCH)).when(ASK, by=CFO).refused(
        "department_closed", pointer="/to/department_id"
    )


def test_nobody_asks_the_department_that_they_answer_for() -> None:
    own = RequestHelp(alignment_id=A_REQUEST, objective_id=SAVE, department_id=FINANCE)
    there().when(own, by=CFO).refused("own_department")
    buyers = RequestHelp(alignment_id=A_REQUEST, objective_id=BUY, department_id=FINANCE)
    there().when(buyers, by=BUYER).then(requested(BUY, FINANCE))
    departments = Owner(type="department", id=FINANCE)
    theirs = (an_objective(an_id("f"), departments, FINANCE, by=CFO), published(an_id("f")))
    asking = RequestHelp(alignment_id=A_REQUEST, objective_id=an_id("f"), department_id=FINANCE)
    there(*theirs).when(asking, by=CFO).refused("own_department")


def test_what_is_asked_already_is_not_asked_again() -> None:
    again = RequestHelp(alignment_id=OTHER_LINK, objective_id=SAVE, department_id=RESEARCH)
    there(requested()).when(again, by=CFO).says_nothing_new()
    there(requested(), countered()).when(again, by=CFO).says_nothing_new()
    there(*PROMISED).when(again, by=CFO).then(
        requested().model_copy(update={"alignment_id": OTHER_LINK})
    )


MENTIONS = a_result(SAVE, an_id("with research"), mentions=(RESEARCH, BUYING))


def test_each_department_that_a_key_result_mentions_is_asked_once() -> None:
    given = there(MENTIONS)
    asked = given.when(RequestMentioned(objective_id=SAVE), by=SYSTEM)
    key_result = an_id("with research")
    after = asked.then(
        *(
            requested(
                department=department,
                alignment_id=mentioned_id(key_result, department),
                key_result_id=key_result,
                mentioned=True,
            )
            for department in (RESEARCH, BUYING)
        )
    )
    after.when(RequestMentioned(objective_id=SAVE), by=SYSTEM).says_nothing_new()


def test_who_published_is_who_asks_by_a_mention() -> None:
    assert there(MENTIONS).when(RequestMentioned(objective_id=SAVE), by=CFO).events


def test_a_draft_asks_nobody_and_neither_does_what_was_cancelled() -> None:
    draft = a_result(DRAFT, RESULT, mentions=(RESEARCH,))
    there(draft).when(RequestMentioned(objective_id=DRAFT), by=SYSTEM).says_nothing_new()
    cancelled = KRCancelled(objective_id=SAVE, key_result_id=an_id("with research"), reason=WHY)
    there(MENTIONS, cancelled).when(
        RequestMentioned(objective_id=SAVE), by=SYSTEM
    ).says_nothing_new()


def test_a_mention_of_ones_own_or_a_closed_department_asks_nobody() -> None:
    own = a_result(SAVE, an_id("own"), mentions=(FINANCE,))
    there(own).when(RequestMentioned(objective_id=SAVE), by=SYSTEM).says_nothing_new()
    closed = DepartmentClosed(department_id=RESEARCH)
    only = a_result(SAVE, an_id("closed"), mentions=(RESEARCH,))
    there(only, closed).when(RequestMentioned(objective_id=SAVE), by=SYSTEM).says_nothing_new()


def test_a_mention_waits_for_what_was_not_heard_of() -> None:
    strange = a_result(SAVE, an_id("strange"), mentions=(an_id("nowhere"),))
    there(strange).when(RequestMentioned(objective_id=SAVE), by=SYSTEM).refused("not_yet")
    unknown = RequestMentioned(objective_id=an_id("nowhere"))
    there().when(unknown, by=SYSTEM).refused("not_yet")


def test_people_cannot_say_what_only_the_suite_says() -> None:
    achieved = ObjectiveClosed(objective_id=INVENT, outcome="achieved")
    there(*PROMISED, achieved).when(DeliverAchieved(objective_id=INVENT), by=ADMIN).refused(
        "not_allowed"
    )


def test_the_head_promises_with_an_objective_of_the_department() -> None:
    given = there(requested())
    given.when(PROMISE, by=SCIENTIST).then(promised(), KEEPS)
    assert [link.id for link in state(there(*PROMISED)).links_from(INVENT)] == [A_REQUEST]


def test_a_promise_contributes_only_where_that_was_said() -> None:
    given = there(requested(kind="contributes", weight="20"))
    given.when(PROMISE, by=SCIENTIST).then(
        promised(kind="contributes", weight="20"),
        linked(INVENT, SAVE, id_=A_REQUEST, kind="contributes", weight="20", promised=True),
    )


def test_a_promise_to_a_mention_leads_to_its_key_result_while_that_lives() -> None:
    given = there(requested(key_result_id=RESULT, mentioned=True))
    given.when(PROMISE, by=SCIENTIST).then(
        promised(), KEEPS.model_copy(update={"to_key_result_id": RESULT})
    )
    cancelled = KRCancelled(objective_id=SAVE, key_result_id=RESULT, reason=WHY)
    given.and_given(cancelled).when(PROMISE, by=SCIENTIST).then(promised(), KEEPS)


def test_a_department_without_a_head_answers_through_the_one_above() -> None:
    headless = DepartmentHeadNamed(department_id=RESEARCH, head_id=None, before=SCIENTIST.id)
    given = there(headless, requested())
    given.when(PROMISE, by=SCIENTIST).refused("not_allowed")
    given.when(PROMISE, by=BOSS).then(promised(), KEEPS)


def test_an_administrator_promises_for_a_department_and_it_shows() -> None:
    events = there(requested()).when(PROMISE, by=ADMIN).events
    assert [event.overridden for event in events if isinstance(event, said.AlignmentLogEvent)] == [
        True,
        True,
    ]


def test_a_promise_names_an_objective_of_the_helper() -> None:
    given = there(requested())
    given.when(ACCEPT, by=SCIENTIST).refused("objective_needed", pointer="/objective_id")
    foreign = AcceptAlignment(alignment_id=A_REQUEST, objective_id=BUY)
    given.when(foreign, by=SCIENTIST).refused("not_the_helpers")
    hidden = AcceptAlignment(alignment_id=A_REQUEST, objective_id=SECRET)
    given.when(hidden, by=SCIENTIST).refused("not_found")
    unknown = AcceptAlignment(alignment_id=A_REQUEST, objective_id=an_id("nowhere"))
    given.when(unknown, by=SCIENTIST).refused("not_yet")


def test_a_promise_is_a_link_like_any_other() -> None:
    loop = there(linked(SAVE, INVENT, kind="supports"), requested())
    loop.when(PROMISE, by=SCIENTIST).refused("alignment_loop")
    own = there(
        an_objective(an_id("c"), member(CFO), RESEARCH, by=CFO), published(an_id("c")), requested()
    )
    mine = AcceptAlignment(alignment_id=A_REQUEST, objective_id=an_id("c"))
    own.when(mine, by=ADMIN).refused("own_objective")
    parent = there(linked(INVENT, GROW), requested(kind="contributes"))
    parent.when(PROMISE, by=SCIENTIST).refused("second_parent")
    later = there(requested(LATER))
    later.when(PROMISE, by=SCIENTIST).refused("cycles_apart")


def test_what_is_linked_already_keeps_the_promise() -> None:
    linked_already = there(linked(INVENT, SAVE, kind="supports"), requested())
    after = linked_already.when(PROMISE, by=SCIENTIST).then(promised())
    after.when(UNLINK, by=CFO).refused("alignment_state")
    after.when(DELIVER, by=CFO).then(delivered(achieved=False, since=NOW))
    other_kind = there(linked(INVENT, SAVE), requested())
    other_kind.when(PROMISE, by=SCIENTIST).refused("already_aligned")
    only_proposed = there(proposed(INVENT, SAVE, kind="supports"), requested())
    only_proposed.when(PROMISE, by=SCIENTIST).refused("already_aligned")


def test_a_counter_passes_the_turn_and_may_name_what_helps() -> None:
    given = there(requested())
    after = given.when(NAMING, by=SCIENTIST).then(
        said.HelpCountered(
            **ABOUT,
            since=THEN,
            kind="supports",
            weight=None,
            helper_objective_id=TEACH,
            message=WHY,
            by="helper",
        )
    )
    after.when(ACCEPT, by=SCIENTIST).refused("not_your_turn")
    after.when(PROMISE, by=CFO).refused("objective_needed")
    agreed = after.when(ACCEPT, by=CFO)
    assert [type(event).__name__ for event in agreed.events] == [
        "HelpPromised",
        "AlignmentLinked",
    ]
    assert state(agreed.after).requests[A_REQUEST].helper_id == TEACH


def test_the_asker_names_no_objective_of_the_helper() -> None:
    given = there(requested(), countered())
    given.when(ACCEPT, by=CFO).refused("objective_needed")
    given.when(PROMISE, by=CFO).refused("objective_needed")
    given.when(NAMING, by=CFO).refused("objective_needed")


def test_the_helper_counters_with_nothing_of_others() -> None:
    foreign = CounterAlignment(alignment_id=A_REQUEST, message=WHY, objective_id=BUY)
    there(requested()).when(foreign, by=SCIENTIST).refused("not_the_helpers")


@pytest.mark.parametrize(
    "command", [PROMISE, COUNTER, DECLINE], ids=lambda command: type(command).__name__
)
def test_the_asker_waits_for_the_department(command: AnyAnswer) -> None:
    there(requested()).when(command, by=CFO).refused("not_your_turn")


@pytest.mark.parametrize(
    "command",
    [PROMISE, COUNTER, DECLINE, WITHDRAW, DELIVER, UNLINK],
    ids=lambda command: type(command).__name__,
)
def test_who_is_no_party_answers_no_request(command: AnyAnswer) -> None:
    for actor in (BUYER, AUDITOR, OUTSIDER):
        there(requested()).when(command, by=actor).refused("not_allowed")
    there(requested(SECRET)).when(command, by=BUYER).refused("not_found")


def test_a_department_declines_with_a_reason() -> None:
    declined = said.HelpDeclined(**ABOUT, since=THEN, reason=WHY)
    after = there(requested()).when(DECLINE, by=SCIENTIST).then(declined)
    after.when(PROMISE, by=SCIENTIST).refused("alignment_state")
    there(requested(), countered()).when(DECLINE, by=CFO).then(declined)


def test_the_asker_withdraws_in_turn_or_not() -> None:
    there(requested()).when(WITHDRAW, by=CFO).then(said.HelpWithdrawn(**ABOUT, since=THEN))
    there(requested()).when(WITHDRAW, by=SCIENTIST).refused("not_your_turn")
    there(*PROMISED).when(WITHDRAW, by=CFO).refused("alignment_state")


def test_help_is_delivered_by_the_askers_word() -> None:
    there(*PROMISED).when(DELIVER, by=CFO).then(delivered(achieved=False))
    there(*PROMISED).when(DELIVER, by=SCIENTIST).refused("not_your_turn")
    there(requested()).when(DELIVER, by=CFO).refused("alignment_state", needed="promised")


def test_help_is_delivered_when_what_helps_was_achieved() -> None:
    achieved = ObjectiveClosed(objective_id=INVENT, outcome="achieved")
    given = there(*PROMISED, achieved)
    after = given.when(DeliverAchieved(objective_id=INVENT), by=SYSTEM).then(
        delivered(achieved=True)
    )
    after.when(DeliverAchieved(objective_id=INVENT), by=SYSTEM).says_nothing_new()


def test_what_was_not_achieved_delivers_nothing() -> None:
    missed = ObjectiveClosed(objective_id=INVENT, outcome="missed")
    there(*PROMISED, missed).when(
        DeliverAchieved(objective_id=INVENT), by=SYSTEM
    ).says_nothing_new()
    asking = ObjectiveClosed(objective_id=SAVE, outcome="achieved")
    there(*PROMISED, asking).when(DeliverAchieved(objective_id=SAVE), by=SYSTEM).says_nothing_new()


def test_a_promise_that_is_taken_back_can_be_asked_for_again() -> None:
    taken_back = there(*PROMISED).when(UNLINK, by=SCIENTIST).then(UNLINKED)
    assert state(taken_back).requests[A_REQUEST].state == "unlinked"
    taken_back.when(DELIVER, by=CFO).refused("alignment_state")
    again = RequestHelp(alignment_id=OTHER_LINK, objective_id=SAVE, department_id=RESEARCH)
    assert taken_back.when(again, by=CFO).events


def test_what_was_delivered_stays_so_when_the_link_ends() -> None:
    after = there(*PROMISED, delivered(achieved=False)).when(UNLINK, by=CFO).then(UNLINKED)
    assert state(after).requests[A_REQUEST].state == "delivered"


def test_each_answer_tells_since_when_it_was_waited_for() -> None:
    at = THEN + timedelta(days=3, microseconds=1_500)
    given = there(requested(), told(countered(), by=SCIENTIST, at=at))
    withdrawn = given.when(WITHDRAW, by=CFO, at=at + timedelta(days=1)).events[0]
    assert isinstance(withdrawn, said.HelpWithdrawn)
    assert withdrawn.since == THEN + timedelta(days=3, milliseconds=1)  # as the log writes it


def test_nothing_is_promised_once_the_cycle_is_over() -> None:
    there(requested()).when(PROMISE, by=SCIENTIST, at=NOW + timedelta(days=100)).refused(
        "cycle_over"
    )
