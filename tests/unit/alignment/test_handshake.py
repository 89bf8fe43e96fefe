"""The handshake: one side proposes, the other answers, and each counter passes the turn."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.alignment.domain.commands import (
    AcceptAlignment,
    AnyAnswer,
    CounterAlignment,
    DeclineAlignment,
    DeliverHelp,
    ProposeAlignment,
    UnlinkAlignment,
    WithdrawAlignment,
)
from shared.events import alignment as said
from shared.events.deciding import Actor
from shared.events.objectives import KRCancelled, ObjectiveClosed
from shared.events.organization import CycleClosed, CycleReviewStarted, MemberLeft
from tests.support.given import told
from tests.support.people import (
    ADMIN,
    AUDITOR,
    BOSS,
    BUYER,
    CFO,
    CYCLE,
    OUTSIDER,
    SCIENTIST,
    an_id,
    sealed,
)
from tests.unit.alignment.history import (
    A_LINK,
    BUY,
    BUY_MORE,
    DRAFT,
    GROW,
    INVENT,
    LATER,
    OTHER_LINK,
    RESULT,
    SAVE,
    SECRET,
    TEACH,
    YEARLY,
    linked,
    proposed,
    there,
)

WHY = sealed("because")
ACCEPT = AcceptAlignment(alignment_id=A_LINK)
DECLINE = DeclineAlignment(alignment_id=A_LINK, reason=WHY)
WITHDRAW = WithdrawAlignment(alignment_id=A_LINK)
UNLINK = UnlinkAlignment(alignment_id=A_LINK, reason=WHY)
COUNTER = CounterAlignment(alignment_id=A_LINK, message=WHY, kind="supports")
ENDS: dict[str, Any] = {"alignment_id": A_LINK, "from_objective_id": BUY, "to_objective_id": SAVE}


def countered(by: said.Side = "to") -> said.AlignmentCountered:
    return said.AlignmentCountered(**ENDS, kind="supports", weight=None, message=WHY, by=by)


def propose(
    from_: str = BUY, to: str = SAVE, *, id_: str = A_LINK, **more: object
) -> ProposeAlignment:
    return ProposeAlignment.model_validate(
        {
            "alignment_id": id_,
            "kind": "contributes",
            "from_objective_id": from_,
            "to_objective_id": to,
            **more,
        }
    )


def test_an_owner_proposes_to_contribute() -> None:
    there().when(propose(weight="25", message=WHY), by=BUYER).then(
        proposed(weight="25", message=WHY)
    )


def test_the_owner_above_may_propose_too() -> None:
    there().when(propose(), by=CFO).then(proposed(by="to"))


def test_an_administrator_proposes_for_the_owner_and_it_shows() -> None:
    there().when(propose(BUY, SAVE), by=ADMIN).then(proposed(overridden=True))


def test_a_parent_may_be_a_key_result() -> None:
    there().when(propose(to_key_result_id=RESULT), by=BUYER).then(proposed(to_key_result_id=RESULT))


@pytest.mark.parametrize("actor", [BOSS, SCIENTIST, AUDITOR], ids=["head", "other", "auditor"])
def test_who_is_no_party_proposes_nothing(actor: Actor) -> None:
    there().when(propose(), by=actor).refused("not_allowed")


@pytest.mark.parametrize("to", [SAVE, BUY_MORE, BUY], ids=["other", "same owner", "itself"])
def test_nobody_aligns_with_an_objective_of_their_own(to: str) -> None:
    if to == SAVE:
        there().when(propose(BUY, to), by=BUYER).then(proposed())
    else:
        there().when(propose(BUY, to), by=BUYER).refused(
            "own_objective", pointer="/to/objective_id"
        )


def test_cycles_that_do_not_overlap_are_not_aligned() -> None:
    there().when(propose(BUY, LATER), by=BUYER).refused("cycles_apart")
    there().when(propose(BUY, YEARLY), by=BUYER).then(proposed(BUY, YEARLY))


def test_nothing_is_proposed_in_a_cycle_that_is_over() -> None:
    after = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)  # the first of January in Shanghai
    there().when(propose(), by=BUYER, at=after).refused("cycle_over")
    closed = (CycleReviewStarted(cycle_id=CYCLE), CycleClosed(cycle_id=CYCLE))
    there(*closed).when(propose(), by=BUYER).refused("cycle_over")


def test_what_one_may_not_see_does_not_exist() -> None:
    there().when(propose(BUY, DRAFT), by=BUYER).refused("not_found", pointer="/to/objective_id")
    there().when(propose(INVENT, SECRET), by=SCIENTIST).refused("not_found")
    there().when(propose(DRAFT, GROW), by=SCIENTIST).refused(
        "not_found", pointer="/from_objective_id"
    )


def test_what_was_not_heard_of_is_not_yet() -> None:
    there().when(propose(BUY, an_id("nowhere")), by=BUYER).refused("not_yet")
    there().when(propose(an_id("nowhere"), SAVE), by=BUYER).refused("not_yet")


def test_a_draft_is_not_aligned_and_neither_is_what_is_closed() -> None:
    there().when(propose(DRAFT, GROW), by=CFO).refused("objective_not_published")
    closed = ObjectiveClosed(objective_id=SAVE, outcome="missed")
    there(closed).when(propose(), by=BUYER).refused("objective_closed")
    there(proposed(), closed).when(ACCEPT, by=CFO).refused("objective_closed")


def test_a_key_result_above_is_there_and_live() -> None:
    unknown = propose(to_key_result_id=an_id("nothing"))
    there().when(unknown, by=BUYER).refused("key_result_unknown")
    cancelled = KRCancelled(objective_id=SAVE, key_result_id=RESULT, reason=WHY)
    there(cancelled).when(propose(to_key_result_id=RESULT), by=BUYER).refused(
        "key_result_cancelled"
    )


def test_what_is_open_or_holds_is_not_proposed_again() -> None:
    again = propose(id_=OTHER_LINK, weight="70")
    there(proposed()).when(again, by=BUYER).says_nothing_new()
    there(proposed()).when(again, by=CFO).says_nothing_new()
    there(linked()).when(again, by=BUYER).says_nothing_new()


def test_two_ends_have_one_link_and_its_kind_is_agreed_there() -> None:
    other = propose(id_=OTHER_LINK, kind="supports")
    there(linked()).when(other, by=BUYER).refused("already_aligned", alignment_id=A_LINK)


def test_what_was_declined_may_be_proposed_again() -> None:
    declined = said.AlignmentDeclined(**ENDS, reason=WHY)
    there(proposed(), declined).when(propose(id_=OTHER_LINK), by=BUYER).then(
        proposed(id_=OTHER_LINK)
    )


def test_an_objective_contributes_to_one_parent_and_supports_many() -> None:
    given = there(linked())
    given.when(propose(BUY, GROW, id_=OTHER_LINK), by=BUYER).refused(
        "second_parent", objective_id=SAVE, alignment_id=A_LINK
    )
    given.when(propose(BUY, SAVE, id_=OTHER_LINK, to_key_result_id=RESULT), by=BUYER).refused(
        "second_parent"
    )
    supports = propose(BUY, INVENT, id_=OTHER_LINK, kind="supports")
    given.when(supports, by=BUYER).then(proposed(BUY, INVENT, id_=OTHER_LINK, kind="supports"))


def test_of_two_parents_proposed_one_is_accepted() -> None:
    both = there(proposed(), proposed(BUY, INVENT, id_=OTHER_LINK))
    after = both.when(ACCEPT, by=CFO).then(linked())
    after.when(AcceptAlignment(alignment_id=OTHER_LINK), by=SCIENTIST).refused("second_parent")


def test_a_loop_is_refused_and_its_path_named() -> None:
    way = there(linked(), linked(SAVE, INVENT, id_=OTHER_LINK, kind="supports"))
    refused = way.when(propose(INVENT, BUY, id_=an_id("third"), kind="supports"), by=SCIENTIST)
    names = " → ".join(f"目标 {id_[:4]}" for id_ in (INVENT, BUY, SAVE, INVENT))
    refused.refused("alignment_loop", objective_ids=[INVENT, BUY, SAVE, INVENT], path=names)


def test_a_loop_that_an_acceptance_would_close_is_refused_too() -> None:
    two = there(proposed(), proposed(SAVE, BUY, id_=OTHER_LINK, kind="supports"))
    after = two.when(ACCEPT, by=CFO).then(linked())
    after.when(AcceptAlignment(alignment_id=OTHER_LINK), by=BUYER).refused("alignment_loop")


def test_a_link_that_ended_closes_no_loop() -> None:
    ended = said.AlignmentUnlinked(**ENDS, reason=WHY)
    back = propose(SAVE, BUY, id_=OTHER_LINK)
    there(linked(), ended).when(back, by=CFO).then(proposed(SAVE, BUY, id_=OTHER_LINK))


def test_a_secret_objective_on_a_loop_is_not_named() -> None:
    way = there(linked(BUY, SECRET), linked(SECRET, INVENT, id_=OTHER_LINK))
    closing = propose(INVENT, BUY, id_=an_id("third"))
    way.when(closing, by=SCIENTIST).refused(
        "alignment_loop", path=f"目标 {INVENT[:4]} → 目标 {BUY[:4]} → … → 目标 {INVENT[:4]}"
    )


def test_the_side_that_is_asked_accepts() -> None:
    there(proposed(weight="25")).when(ACCEPT, by=CFO).then(linked(weight="25"))
    there(proposed(by="to")).when(ACCEPT, by=BUYER).then(linked())


def test_a_company_objective_is_accepted_by_any_administrator() -> None:
    there(proposed(SAVE, GROW)).when(ACCEPT, by=ADMIN).then(linked(SAVE, GROW))


@pytest.mark.parametrize("command", [ACCEPT, COUNTER, DECLINE], ids=lambda c: type(c).__name__)
def test_a_party_that_answers_out_of_turn_is_refused(command: AnyAnswer) -> None:
    there(proposed()).when(command, by=BUYER).refused("not_your_turn")


@pytest.mark.parametrize(
    "command", [ACCEPT, COUNTER, DECLINE, WITHDRAW, UNLINK], ids=lambda c: type(c).__name__
)
def test_who_is_no_party_answers_nothing(command: AnyAnswer) -> None:
    for actor in (SCIENTIST, AUDITOR, OUTSIDER):
        there(proposed()).when(command, by=actor).refused("not_allowed")
    there(linked(INVENT, SECRET)).when(command, by=BUYER).refused("not_found")
    there().when(command, by=BUYER).refused("not_found")


def test_an_administrator_answers_for_either_side_and_it_shows() -> None:
    there(proposed()).when(ACCEPT, by=ADMIN).then(linked(overridden=True))
    there(linked()).when(UNLINK, by=ADMIN).then(
        said.AlignmentUnlinked(**ENDS, overridden=True, reason=WHY)
    )


def test_with_each_counter_the_turn_passes() -> None:
    once = there(proposed(weight="25")).when(
        CounterAlignment(alignment_id=A_LINK, message=WHY, weight=Decimal(10)), by=CFO
    )
    after = once.then(
        said.AlignmentCountered(
            **ENDS, kind="contributes", weight=Decimal(10), message=WHY, by="to"
        )
    )
    after.when(ACCEPT, by=CFO).refused("not_your_turn")
    twice = after.when(
        CounterAlignment(alignment_id=A_LINK, message=WHY, weight=Decimal(15)), by=BUYER
    ).after
    twice.when(ACCEPT, by=BUYER).refused("not_your_turn")
    twice.when(ACCEPT, by=CFO).then(linked(weight="15"))


def test_whoever_countered_waits_for_the_other_side() -> None:
    given = there(proposed(), countered())
    given.when(ACCEPT, by=CFO).refused("not_your_turn")
    given.when(DECLINE, by=CFO).refused("not_your_turn")
    other = CounterAlignment(alignment_id=A_LINK, message=WHY, kind="contributes")
    given.when(other, by=CFO).refused("not_your_turn")


def test_a_weight_can_be_taken_back_by_a_counter() -> None:
    given = there(proposed(weight="25"))
    without = CounterAlignment(alignment_id=A_LINK, message=WHY, weight=None)
    given.when(without, by=CFO).then(
        said.AlignmentCountered(**ENDS, kind="contributes", weight=None, message=WHY, by="to")
    )


def test_a_counter_that_would_be_a_second_parent_is_refused() -> None:
    given = there(linked(BUY, GROW, id_=OTHER_LINK), proposed(kind="supports"))
    contributes = CounterAlignment(alignment_id=A_LINK, message=WHY, kind="contributes")
    given.when(contributes, by=CFO).refused("second_parent")


def test_the_side_that_is_asked_declines_with_a_reason() -> None:
    there(proposed()).when(DECLINE, by=CFO).then(said.AlignmentDeclined(**ENDS, reason=WHY))
    there(proposed(), countered()).when(DECLINE, by=BUYER).then(
        said.AlignmentDeclined(**ENDS, reason=WHY)
    )


def test_whoever_proposed_withdraws_in_turn_or_not() -> None:
    for history in ((proposed(),), (proposed(), countered())):
        there(*history).when(WITHDRAW, by=BUYER).then(said.AlignmentWithdrawn(**ENDS))
        there(*history).when(WITHDRAW, by=CFO).refused("not_your_turn")


def test_either_side_ends_what_was_accepted() -> None:
    for actor in (BUYER, CFO):
        there(linked()).when(UNLINK, by=actor).then(said.AlignmentUnlinked(**ENDS, reason=WHY))


@pytest.mark.parametrize(
    ("history", "command", "needed"),
    [
        ((linked(),), DECLINE, "proposed"),
        ((linked(),), WITHDRAW, "proposed"),
        ((linked(),), COUNTER, "proposed"),
        ((proposed(),), UNLINK, "accepted"),
        ((proposed(), said.AlignmentDeclined(**ENDS, reason=WHY)), ACCEPT, "proposed"),
        ((proposed(), said.AlignmentExpired(**ENDS)), ACCEPT, "proposed"),
        ((proposed(), said.AlignmentWithdrawn(**ENDS)), ACCEPT, "proposed"),
        ((linked(), said.AlignmentUnlinked(**ENDS, reason=WHY)), ACCEPT, "proposed"),
    ],
)
def test_an_answer_that_comes_too_late_or_too_early_is_refused(
    history: tuple[said.AlignmentEvent, ...], command: AnyAnswer, needed: str
) -> None:
    there(*history).when(command, by=CFO).refused("alignment_state", needed=needed)


def test_only_a_request_is_delivered_or_promised() -> None:
    there(linked()).when(DeliverHelp(alignment_id=A_LINK), by=CFO).refused("not_a_request")
    there(linked()).when(DeliverHelp(alignment_id=A_LINK), by=SCIENTIST).refused("not_allowed")
    named = AcceptAlignment(alignment_id=A_LINK, objective_id=TEACH)
    there(proposed()).when(named, by=CFO).refused("not_a_request", pointer="/objective_id")
    countering = CounterAlignment(alignment_id=A_LINK, message=WHY, objective_id=TEACH)
    there(proposed()).when(countering, by=CFO).refused("not_a_request")


def test_who_took_over_answers_for_who_left() -> None:
    left = told(MemberLeft(member_id=CFO.id, successor_id=SCIENTIST.id), by=ADMIN)
    there(left, proposed()).when(ACCEPT, by=SCIENTIST).then(linked())
    there(left, proposed()).when(ACCEPT, by=CFO).refused("not_allowed")


def test_who_took_over_an_objective_does_not_align_it_with_their_own() -> None:
    left = told(MemberLeft(member_id=CFO.id, successor_id=BUYER.id), by=ADMIN)
    there(left).when(propose(), by=BUYER).refused("own_objective")
