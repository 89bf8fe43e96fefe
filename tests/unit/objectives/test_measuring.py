"""Measuring: a target changes with a reason and its plan; a baseline is captured once known."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.objectives.domain import DECIDER
from services.objectives.domain.measuring import Changes, Retarget
from shared.events.objectives import (
    KRCancelled,
    KRRetargeted,
    ObjectiveClosed,
)
from shared.okr.calendar import Stride
from shared.okr.measures import (
    Band,
    Composite,
    CompositePart,
    Discovery,
    Distribution,
    Measure,
    Metric,
    Milestone,
    Ordinal,
    Recurring,
    Stage,
)
from tests.support.aims import (
    AIM,
    BELOW_3,
    BOTH,
    CHEAPER,
    DAYS,
    DRAFT,
    FIRST,
    PUBLISHED,
    SECOND,
    THIRD,
    a_key_result,
)
from tests.support.given import given
from tests.support.people import ADMIN, BUYER, CFO, sealed

WHY = sealed("the market changed")
PLANNED = Metric(
    baseline=Decimal(0),
    target=Decimal(80),
    plan=((date(2026, 10, 1), Decimal(0)), (date(2026, 12, 31), Decimal(80))),
)


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


@pytest.mark.parametrize(
    ("measure", "changes", "expected"),
    [
        (DAYS, {"target": "0.5"}, {"target": Decimal("0.5")}),
        (DAYS, {"target": 2, "baseline": 3}, {"target": Decimal(2), "baseline": Decimal(3)}),
        (
            DAYS,
            {"stretch": "0.7", "target": "1.1"},
            {"stretch": Decimal("0.7"), "target": Decimal("1.1")},
        ),
        (CHEAPER, {"percent": "15"}, {"percent": Decimal(15)}),
        (BELOW_3, {"limit": "2.5"}, {"limit": Decimal("2.5")}),
        (Band(low=Decimal(1), high=Decimal(3)), {"low": "2"}, {"low": Decimal(2)}),
        (Band(low=Decimal(1), high=Decimal(3)), {"high": "9"}, {"high": Decimal(9)}),
        (
            Recurring(quota=Decimal(3), window=Stride(months=2)),
            {"quota": "4"},
            {"quota": Decimal(4)},
        ),
        (
            Distribution(shares={"中等": Decimal(60), "优等": Decimal(40)}),
            {"shares": {"中等": "50", "优等": "50"}},
            {"shares": {"中等": Decimal(50), "优等": Decimal(50)}},
        ),
        (
            Milestone(stages=(Stage(name="一", weight=Decimal(1)),)),
            {"stages": [{"name": "二", "weight": "2"}]},
            {"stages": (Stage(name="二", weight=Decimal(2)),)},
        ),
        (
            Ordinal(commit="会用", target="熟练", stretch="精通"),
            {"target": "能教别人"},
            {"target": "能教别人"},
        ),
        (PLANNED, {"target": "90", "plan": None}, {"target": Decimal(90), "plan": None}),
        (PLANNED, {"plan": None}, {"plan": None}),
    ],
)
def test_a_measure_changes_in_what_its_kind_has(
    measure: Measure, changes: dict[str, Any], expected: Any
) -> None:
    after = measure.model_copy(update=expected)
    given(DECIDER, *PUBLISHED, a_key_result(THIRD, measure)).when(
        retarget(THIRD, **changes), by=CFO
    ).then(retargeted(measure, after))


def test_a_part_of_a_composite_changes_alone() -> None:
    changed = BELOW_3.model_copy(update={"limit": Decimal(2)})
    after = Composite(
        mode="all",
        parts=(BOTH.parts[0], CompositePart(name="次品率", measure=changed)),
    )
    given(DECIDER, *PUBLISHED, a_key_result(THIRD, BOTH)).when(
        retarget(THIRD, part="次品率", limit="2"), by=CFO
    ).then(retargeted(BOTH, after))


def test_a_target_with_a_plan_brings_the_plan_that_matches() -> None:
    there = given(DECIDER, *PUBLISHED, a_key_result(THIRD, PLANNED))
    there.when(retarget(THIRD, target="90"), by=CFO).refused("plan_needed", pointer="/plan")
    plan = [["2026-10-01", "0"], ["2026-12-31", "90"]]
    after = PLANNED.model_copy(
        update={
            "target": Decimal(90),
            "plan": ((date(2026, 10, 1), Decimal(0)), (date(2026, 12, 31), Decimal(90))),
        }
    )
    there.when(retarget(THIRD, target="90", plan=plan), by=CFO).then(retargeted(PLANNED, after))


@pytest.mark.parametrize(
    ("measure", "fields", "code", "pointer"),
    [
        (DAYS, {"target": "1.5"}, "baseline_equals_target", "/target"),
        (DAYS, {"target": "几天"}, "quantity_expected", "/target"),
        (DAYS, {"limit": "3"}, "not_retargetable", "/limit"),
        (DAYS, {"target": "2", "part": "一"}, "unknown_part", "/part"),
        (DAYS, {"target": "2", "reason": None}, "reason_needed", "/reason"),
        (DAYS, {"baseline": "2", "reason": None}, "reason_needed", "/reason"),
        (CHEAPER, {"baseline": "2", "percent": "5", "reason": None}, "reason_needed", "/reason"),
        (CHEAPER, {"percent": "-5"}, "percent_not_positive", "/percent"),
        (Discovery(), {"target": "1"}, "not_retargetable", "/target"),
        (BOTH, {"limit": "2"}, "part_needed", "/limit"),
        (BOTH, {"limit": "2", "part": "三"}, "unknown_part", "/part"),
        (BOTH, {"target": "2", "part": "次品率"}, "not_retargetable", "/target"),
    ],
)
def test_a_change_that_the_measure_cannot_take_is_refused(
    measure: Measure, fields: dict[str, Any], code: str, pointer: str
) -> None:
    given(DECIDER, *PUBLISHED, a_key_result(THIRD, measure)).when(
        retarget(THIRD, **fields), by=CFO
    ).refused(code, pointer=pointer)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "nothing_to_change"),
        ({"target": None}, "value_needed"),
        ({"baseline": None}, "value_needed"),
        ({"limit": 0.5}, "binary_float"),
        ({"target": 0.5}, "binary_float"),
        ({"target": Decimal("1E+999999999")}, "quantity_too_large"),
        ({"target": True}, "quantity_expected"),
        ({"kind": "band"}, "extra_forbidden"),
    ],
)
def test_a_change_says_what_it_changes(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        Changes.model_validate(changes)
    assert [error["type"] for error in invalid.value.errors()] == [code]


def test_a_retarget_to_what_it_is_already_says_nothing_new() -> None:
    given(DECIDER, *PUBLISHED).when(retarget(FIRST, target="1"), by=CFO).says_nothing_new()


def test_a_key_result_that_is_gone_or_never_was_does_not_change() -> None:
    there = given(
        DECIDER,
        *PUBLISHED,
        KRCancelled(objective_id=AIM, key_result_id=FIRST, reason=WHY),
    )
    there.when(retarget(FIRST, target="2"), by=CFO).refused("key_result_cancelled")
    there.when(retarget(THIRD, target="2"), by=CFO).refused("not_found")


def test_owners_retarget_drafts_and_approvers_what_is_published() -> None:
    given(DECIDER, *DRAFT).when(retarget(FIRST, target="0.5"), by=BUYER).then(
        KRRetargeted(
            objective_id=AIM,
            key_result_id=FIRST,
            before=DAYS,
            measure=DAYS.model_copy(update={"target": Decimal("0.5")}),
            revision=2,
            reason=WHY,
        )
    )
    there = given(DECIDER, *PUBLISHED, a_key_result(THIRD, DAYS))
    there.when(retarget(THIRD, target="0.5"), by=BUYER).refused("not_allowed")
    there.when(retarget(THIRD, target="0.5"), by=ADMIN).then(
        retargeted(DAYS, DAYS.model_copy(update={"target": Decimal("0.5")}), overridden=True)
    )


@pytest.mark.parametrize("fields", [{"target": "2"}, {"baseline": "200", "reason": None}])
def test_nothing_is_measured_anew_once_closed(fields: dict[str, Any]) -> None:
    key_result = SECOND if "baseline" in fields else FIRST
    there = given(DECIDER, *PUBLISHED, ObjectiveClosed(objective_id=AIM, outcome="partly"))
    for actor in (BUYER, CFO, ADMIN):
        there.when(retarget(key_result, **fields), by=actor).refused("objective_closed")
