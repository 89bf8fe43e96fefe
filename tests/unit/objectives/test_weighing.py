"""Weighing: weights are set together, and whoever leaves brings those that remain."""

import pytest

from services.objectives.domain import DECIDER
from services.objectives.domain.key_results import CancelKeyResult
from services.objectives.domain.weighing import SetWeights
from shared.events.objectives import (
    KRCancelled,
    WeightsSet,
)
from tests.support.aims import (
    AIM,
    DRAFT,
    FIRST,
    PUBLISHED,
    SECOND,
    THIRD,
    WEIGHED,
    by_id,
)
from tests.support.given import given
from tests.support.people import (
    BUYER,
    CFO,
    sealed,
)

WHY = sealed("because")


def cancel(id_: str, **weights: str) -> CancelKeyResult:
    """A cancelled key result, with the weights that remain."""
    return CancelKeyResult(
        objective_id=AIM, key_result_id=id_, reason=WHY, weights=by_id(**weights) or None
    )


def test_a_key_result_is_cancelled_with_the_weights_that_remain() -> None:
    there = given(DECIDER, *WEIGHED)
    there.when(cancel(FIRST), by=CFO).refused("weights_needed", missing=[SECOND])
    there.when(cancel(FIRST, second="90"), by=CFO).refused("weights_not_100", sum="90")
    there.when(cancel(FIRST, first="40", second="60"), by=CFO).refused(
        "weights_needed", unknown=[FIRST]
    )
    there.when(cancel(FIRST, second="100"), by=CFO).then(
        KRCancelled(objective_id=AIM, key_result_id=FIRST, reason=WHY),
        WeightsSet(objective_id=AIM, weights=by_id(second="100")),
    )


def test_with_the_last_key_result_the_weights_go() -> None:
    one_left = given(DECIDER, *WEIGHED).when(cancel(FIRST, second="100"), by=CFO).after
    one_left.when(cancel(SECOND), by=CFO).then(
        KRCancelled(objective_id=AIM, key_result_id=SECOND, reason=WHY),
        WeightsSet(objective_id=AIM, weights={}),
    )


def test_without_weights_a_key_result_is_cancelled_alone() -> None:
    there = given(DECIDER, *PUBLISHED)
    there.when(cancel(FIRST), by=CFO).then(
        KRCancelled(objective_id=AIM, key_result_id=FIRST, reason=WHY)
    )
    there.when(cancel(THIRD), by=CFO).refused("not_found")
    there.when(cancel(FIRST), by=BUYER).refused("not_allowed")


def weigh(**points: str) -> SetWeights:
    """The weights of all."""
    return SetWeights(objective_id=AIM, weights=by_id(**points), reason=WHY)


def test_weights_are_set_together() -> None:
    given(DECIDER, *DRAFT).when(weigh(first="40", second="60"), by=BUYER).then(
        WeightsSet(objective_id=AIM, weights=by_id(first="40", second="60"), reason=WHY)
    ).when(weigh(first="41", second="59"), by=BUYER).then(
        WeightsSet(objective_id=AIM, weights=by_id(first="41", second="59"), reason=WHY)
    )


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ({"first": "100"}, "weights_needed"),
        ({"first": "40", "second": "50", "third": "10"}, "weights_needed"),
        ({"first": "40", "second": "50"}, "weights_not_100"),
        ({"first": "0", "second": "100"}, "weight_not_positive"),
        ({"first": "-10", "second": "110"}, "weight_not_positive"),
    ],
)
def test_weights_are_of_all_above_0_and_sum_to_100(weights: dict[str, str], code: str) -> None:
    given(DECIDER, *DRAFT).when(weigh(**weights), by=BUYER).refused(code, pointer="/weights")


def test_weights_of_what_is_published_are_the_approvers() -> None:
    there = given(DECIDER, *PUBLISHED)
    there.when(weigh(first="40", second="60"), by=BUYER).refused("not_allowed")
    there.when(weigh(first="40", second="60"), by=CFO).then(
        WeightsSet(objective_id=AIM, weights=by_id(first="40", second="60"), reason=WHY)
    )
