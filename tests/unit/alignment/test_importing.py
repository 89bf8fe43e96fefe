"""Links that a file brings: accepted at once, and a second import finds what the first one made."""

from typing import Any

import pytest

from services.alignment.domain.commands import ImportAlignment
from shared.events import alignment as said
from shared.events.deciding import Actor
from shared.events.organization import CycleClosed, CycleReviewStarted
from tests.support.people import ADMIN, AUDITOR, BOSS, BUYER, CYCLE, an_id, sealed
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
    linked,
    proposed,
    there,
)

WHY = sealed("because")
UNLINKED = said.AlignmentUnlinked(
    alignment_id=A_LINK, from_objective_id=BUY, to_objective_id=SAVE, reason=WHY
)


def bring(from_: str = BUY, to: str = SAVE, **more: Any) -> ImportAlignment:
    return ImportAlignment.model_validate(
        {
            "alignment_id": A_LINK,
            "kind": "contributes",
            "from_objective_id": from_,
            "to_objective_id": to,
            **more,
        }
    )


def test_an_imported_alignment_is_accepted_at_once() -> None:
    there().when(bring(weight="25"), by=ADMIN).then(linked(weight="25", imported=True))
    there().when(bring(to_key_result_id=RESULT)).then(
        linked(to_key_result_id=RESULT, imported=True)
    )


@pytest.mark.parametrize("actor", [BUYER, BOSS, AUDITOR], ids=["owner", "head", "auditor"])
def test_only_administrators_import(actor: Actor) -> None:
    there().when(bring(), by=actor).refused("not_allowed")


def test_the_same_import_again_says_nothing_new() -> None:
    again = bring(alignment_id=OTHER_LINK)
    there(linked(imported=True)).when(bring(), by=ADMIN).says_nothing_new()
    there(linked()).when(again, by=ADMIN).says_nothing_new()


def test_other_terms_are_reported_and_applied_only_when_asked() -> None:
    given = there(linked(weight="25"))
    given.when(bring(weight="30"), by=ADMIN).refused("import_differs", fields=["weight"])
    given.when(bring(weight="30", kind="supports")).refused(
        "import_differs", fields=["kind", "weight"]
    )
    ended = UNLINKED.model_copy(update={"reason": None})
    after = given.when(bring(weight="30", update=True), by=ADMIN).then(
        ended, linked(weight="30", imported=True)
    )
    after.when(bring(weight="30"), by=ADMIN).says_nothing_new()


def test_what_people_ended_since_is_linked_again_only_when_asked() -> None:
    given = there(linked(), UNLINKED)
    given.when(bring(), by=ADMIN).refused("import_differs", fields=["state"])
    given.when(bring(update=True), by=ADMIN).then(linked(imported=True))


def test_what_people_proposed_is_accepted_as_the_file_tells_it() -> None:
    other = bring(alignment_id=OTHER_LINK, weight="30")
    there(proposed(weight="25")).when(other, by=ADMIN).then(linked(weight="30", imported=True))


def test_a_file_may_tell_of_a_cycle_that_is_over() -> None:
    closed = (CycleReviewStarted(cycle_id=CYCLE), CycleClosed(cycle_id=CYCLE))
    there(*closed).when(bring(), by=ADMIN).then(linked(imported=True))


def test_a_file_brings_no_link_that_people_could_not_make() -> None:
    there(linked(SAVE, BUY, id_=OTHER_LINK)).when(bring(), by=ADMIN).refused("alignment_loop")
    there(linked(BUY, GROW, id_=OTHER_LINK)).when(bring(), by=ADMIN).refused("second_parent")
    there().when(bring(BUY, BUY_MORE), by=ADMIN).refused("own_objective")
    there().when(bring(BUY, LATER), by=ADMIN).refused("cycles_apart")
    there().when(bring(BUY, DRAFT), by=ADMIN).refused("objective_not_published")
    there().when(bring(BUY, an_id("nowhere")), by=ADMIN).refused("not_yet", pointer="/to")
    there().when(bring(an_id("nowhere"), BUY), by=ADMIN).refused("not_yet", pointer="/from")


@pytest.mark.parametrize("weight", ["0", "-1"])
def test_a_weight_in_a_file_is_above_0(weight: str) -> None:
    there().when(bring(weight=weight), by=ADMIN).refused("weight_not_positive", pointer="/weight")


def test_a_link_becomes_of_another_kind_and_finds_its_parent_taken() -> None:
    both = there(linked(kind="supports"), linked(BUY, GROW, id_=OTHER_LINK))
    both.when(bring(update=True), by=ADMIN).refused("second_parent")


def test_an_id_that_stands_for_other_ends_is_not_used_again() -> None:
    given = there(proposed(BUY_MORE, INVENT))
    given.when(bring(update=True), by=ADMIN).refused("import_differs", fields=["from", "to"])
