"""Capturing: the baseline that a relative change waits for is found, and nobody need approve."""

from decimal import Decimal
from typing import Any

import pytest

from services.objectives.domain import DECIDER
from services.objectives.domain.measuring import Changes, Retarget
from shared.events.deciding import Actor
from shared.events.objectives import (
    BaselineCaptured,
    KROwnerChanged,
    KRRetargeted,
)
from shared.okr.measures import (
    Composite,
    CompositePart,
    Measure,
)
from tests.support.aims import (
    AIM,
    BOTH,
    CHEAPER,
    PUBLISHED,
    SECOND,
    THIRD,
    a_key_result,
)
from tests.support.given import given
from tests.support.people import ADMIN, AUDITOR, BOSS, BUYER, CFO, SCIENTIST, sealed

WHY = sealed("the market changed")


def retarget(
    id_: str, *, part: str | None = None, reason: str | None = WHY, **changes: Any
) -> Retarget:
    """A change of a key result's measure."""
    return Retarget(
        objective_id=AIM,
        key_result_id=id_,
        changes=Changes.model_validate(changes),
        part=part,
        reason=reason,
    )


def retargeted(before: Measure, after: Measure, *, overridden: bool = False) -> KRRetargeted:
    """What is said of a changed measure of the third key result."""
    return KRRetargeted(
        objective_id=AIM,
        overridden=overridden,
        key_result_id=THIRD,
        before=before,
        measure=after,
        revision=2,
        reason=WHY,
    )


def captured(
    measure: Measure, *, part: str | None = None, overridden: bool = False
) -> BaselineCaptured:
    """What is said of a captured baseline of the third key result."""
    return BaselineCaptured(
        objective_id=AIM,
        overridden=overridden,
        key_result_id=THIRD,
        baseline=Decimal(200),
        measure=measure,
        revision=2,
        part=part,
    )


CAPTURED = CHEAPER.model_copy(update={"baseline": Decimal(200)})


@pytest.mark.parametrize(
    ("actor", "overridden"), [(BUYER, False), (CFO, False), (SCIENTIST, False), (ADMIN, True)]
)
def test_a_baseline_is_captured_without_approval_by_who_reports(
    actor: Actor, overridden: bool
) -> None:
    given(
        DECIDER,
        *PUBLISHED,
        a_key_result(THIRD, CHEAPER),
        KROwnerChanged(objective_id=AIM, key_result_id=THIRD, owner_id=SCIENTIST.id, before=None),
    ).when(retarget(THIRD, baseline="200", reason=None), by=actor).then(
        captured(CAPTURED, overridden=overridden)
    )


def test_the_baseline_of_a_composites_part_is_captured() -> None:
    after = Composite(
        mode="all", parts=(CompositePart(name="成本", measure=CAPTURED), BOTH.parts[1])
    )
    given(DECIDER, *PUBLISHED, a_key_result(THIRD, BOTH)).when(
        retarget(THIRD, part="成本", baseline="200", reason=None), by=BUYER
    ).then(captured(after, part="成本"))


def test_no_percentage_of_nothing_is_captured() -> None:
    given(DECIDER, *PUBLISHED).when(retarget(SECOND, baseline="0", reason=None), by=BUYER).refused(
        "baseline_zero", pointer="/baseline"
    )


def test_a_captured_baseline_changes_only_with_a_reason_and_by_the_approver() -> None:
    there = given(DECIDER, *PUBLISHED, a_key_result(THIRD, CAPTURED))
    there.when(retarget(THIRD, baseline="100", reason=None), by=CFO).refused("reason_needed")
    there.when(retarget(THIRD, baseline="100"), by=BUYER).refused("not_allowed")
    there.when(retarget(THIRD, baseline="100"), by=CFO).then(
        retargeted(CAPTURED, CAPTURED.model_copy(update={"baseline": Decimal(100)}))
    )


@pytest.mark.parametrize("actor", [BOSS, SCIENTIST, AUDITOR])
def test_who_reports_nothing_captures_nothing(actor: Actor) -> None:
    given(DECIDER, *PUBLISHED).when(
        retarget(SECOND, baseline="200", reason=None), by=actor
    ).refused("not_allowed")
