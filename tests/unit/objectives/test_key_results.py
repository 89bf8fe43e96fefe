"""Key results: added and changed, each with the weights of all where they are set."""

from datetime import date
from typing import Any

import pytest

from services.objectives.domain import DECIDER
from services.objectives.domain.key_results import AddKeyResult, EditKeyResult
from shared.events.objectives import (
    KRAdded,
    KROwnerChanged,
    KRRescheduled,
    KRReworded,
    WeightsSet,
)
from tests.support.aims import (
    AIM,
    BELOW_3,
    DAYS,
    DRAFT,
    FIRST,
    SECOND,
    THIRD,
    WEIGHED,
    by_id,
    new,
)
from tests.support.given import given
from tests.support.people import (
    BUYER,
    CFO,
    an_id,
)

NOBODY = an_id("nobody")


def test_a_key_result_is_added_to_a_draft() -> None:
    given(DECIDER, *DRAFT).when(
        AddKeyResult(objective_id=AIM, key_result=new(THIRD, BELOW_3)), by=BUYER
    ).then(KRAdded(objective_id=AIM, key_result_id=THIRD, title="采购周期缩短", measure=BELOW_3))


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"owner_id": NOBODY}, "not_yet", "/owner_id"),
        ({"mentions": (NOBODY,)}, "not_yet", "/mentions/0"),
        ({"due": date(2026, 1, 1)}, "due_before_cycle", "/due"),
    ],
)
def test_an_added_key_result_names_what_is_there_and_fits(
    fields: dict[str, Any], code: str, pointer: str
) -> None:
    given(DECIDER, *DRAFT).when(
        AddKeyResult(objective_id=AIM, key_result=new(THIRD, **fields)), by=BUYER
    ).refused(code, pointer=pointer)


def test_once_weights_are_set_an_added_key_result_brings_them_all() -> None:
    there = given(DECIDER, *WEIGHED)
    bare = AddKeyResult(objective_id=AIM, key_result=new(THIRD))
    there.when(bare, by=CFO).refused("weights_needed", missing=[FIRST, SECOND, THIRD])
    there.when(
        AddKeyResult(
            objective_id=AIM,
            key_result=new(THIRD, weight="20"),
            weights=by_id(first="30", second="50"),
        ),
        by=CFO,
    ).then(
        KRAdded(objective_id=AIM, key_result_id=THIRD, title="采购周期缩短", measure=DAYS),
        WeightsSet(objective_id=AIM, weights=by_id(first="30", second="50", third="20")),
    )


@pytest.mark.parametrize(
    ("weight", "weights", "code"),
    [
        (None, {"first": "40", "second": "60"}, "weights_needed"),
        ("20", None, "weights_needed"),
        ("20", {"first": "80"}, "weights_needed"),
        ("20", {"first": "40", "second": "60"}, "weights_not_100"),
        ("0", {"first": "40", "second": "60"}, "weight_not_positive"),
    ],
)
def test_weights_of_an_added_key_result_are_of_all_and_sum_to_100(
    weight: str | None, weights: dict[str, str] | None, code: str
) -> None:
    given(DECIDER, *WEIGHED).when(
        AddKeyResult(
            objective_id=AIM,
            key_result=new(THIRD, weight=weight),
            weights=None if weights is None else by_id(**weights),
        ),
        by=CFO,
    ).refused(code)


def test_an_added_key_result_may_be_the_first_to_bring_weights() -> None:
    given(DECIDER, *DRAFT).when(
        AddKeyResult(
            objective_id=AIM,
            key_result=new(THIRD, weight="50"),
            weights=by_id(first="25", second="25"),
        ),
        by=BUYER,
    ).then(
        KRAdded(objective_id=AIM, key_result_id=THIRD, title="采购周期缩短", measure=DAYS),
        WeightsSet(objective_id=AIM, weights=by_id(first="25", second="25", third="50")),
    )


def test_a_key_result_changes_its_words_owner_and_due() -> None:
    due = date(2026, 12, 1)
    there = given(DECIDER, *DRAFT)
    changed = there.when(
        EditKeyResult(
            objective_id=AIM, key_result_id=FIRST, title="缩短", owner_id=CFO.id, due=due
        ),
        by=BUYER,
    ).then(
        KRReworded(objective_id=AIM, key_result_id=FIRST, title="缩短", before="采购周期缩短"),
        KROwnerChanged(objective_id=AIM, key_result_id=FIRST, owner_id=CFO.id, before=None),
        KRRescheduled(objective_id=AIM, key_result_id=FIRST, due=due, before=None),
    )
    changed.when(
        EditKeyResult(objective_id=AIM, key_result_id=FIRST, owner_id=None, due=None), by=BUYER
    ).then(
        KROwnerChanged(objective_id=AIM, key_result_id=FIRST, owner_id=None, before=CFO.id),
        KRRescheduled(objective_id=AIM, key_result_id=FIRST, due=None, before=due),
    )


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"owner_id": NOBODY}, "not_yet", "/owner_id"),
        ({"due": date(2026, 1, 1)}, "due_before_cycle", "/due"),
    ],
)
def test_a_changed_key_result_names_what_is_there_and_fits(
    fields: dict[str, Any], code: str, pointer: str
) -> None:
    given(DECIDER, *DRAFT).when(
        EditKeyResult(objective_id=AIM, key_result_id=FIRST, **fields), by=BUYER
    ).refused(code, pointer=pointer)


def test_a_key_result_that_is_not_there_is_not_found() -> None:
    given(DECIDER, *DRAFT).when(
        EditKeyResult(objective_id=AIM, key_result_id=THIRD, title="x"), by=BUYER
    ).refused("not_found")
