"""Figures, zones, ids and what is carried over: the small rules."""

from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from shared.okr import identity
from shared.okr.carryover import carried_over
from shared.okr.figures import Progress, percent_text, quantity_text, ratio, read_quantity, rounded
from shared.okr.measures import Discovery, Metric, Milestone, Stage
from shared.okr.zones import Lines, solved_baseline


@pytest.mark.parametrize(
    ("exact", "text"),
    [
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(2, 3), "0.666666666667"),
        (Fraction(-2, 3), "-0.666666666667"),
        (Fraction(5, 10**13), "0"),
        (Fraction(15, 10**13), "0.000000000002"),
        (Fraction(-5, 10**13), "0"),
        (Fraction(-15, 10**13), "-0.000000000002"),
        (Fraction(25, 10**13), "0.000000000002"),
        (Fraction(250001, 10**17), "0.000000000003"),
        (Fraction(10**30), "1" + "0" * 30),
    ],
)
def test_a_figure_has_12_places_half_to_even(exact: Fraction, text: str) -> None:
    assert quantity_text(rounded(exact)) == text
    with localcontext(prec=3):
        assert quantity_text(rounded(exact)) == text


def test_a_ratio_need_not_be_in_lowest_terms() -> None:
    assert ratio(6, 9) == ratio(2, 3) == rounded(Fraction(2, 3))
    assert ratio(-6, 9) == rounded(Fraction(-2, 3))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("50.00", "50"),
        ("0.050", "0.05"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("007", "7"),
        (50, "50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("5E-7"), "0.0000005"),
        (Decimal("0E-99"), "0"),
        ("999999999999999999999", "999999999999999999999"),
        ("0.00000000000000000001", "0.00000000000000000001"),
    ],
)
def test_a_quantity_is_plain_text(given: object, text: str) -> None:
    assert quantity_text(read_quantity(given)) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ("0.6", "60.0 %"),
        ("0.0625", "6.3 %"),
        ("-0.0625", "−6.3 %"),
        ("0.33349", "33.3 %"),
        ("0.3335", "33.4 %"),
        ("0.9995", "100.0 %"),
        ("1.25", "125.0 %"),
        ("-0.0004", "0.0 %"),
        ("0", "0.0 %"),
    ],
)
def test_a_percentage_has_one_decimal_half_away_from_zero_and_a_true_minus(
    share: str, text: str
) -> None:
    assert percent_text(Decimal(share)) == text


def test_a_progress_is_told_as_raw_and_shown() -> None:
    assert Progress.of(Fraction(5, 4)).texts() == {"raw": "1.25", "shown": "1"}
    assert Progress.of(Fraction(-1, 4)).texts() == {"raw": "-0.25", "shown": "0"}
    assert Progress.of(Fraction(1, 8)).texts() == {"raw": "0.125", "shown": "0.125"}


def test_lines_must_be_in_order_and_may_coincide() -> None:
    def ordered(*numbers: int) -> bool:
        return Lines.of(*(Decimal(n) for n in numbers)).ordered

    assert ordered(0, 7, 10)
    assert ordered(0, 3, 10)
    assert ordered(0, 10, 10)
    assert ordered(0, -7, -10)
    assert not ordered(0, 2, 10)
    assert not ordered(0, 11, 10)
    assert not ordered(0, -7, 10)
    assert not ordered(5, 5, 5)


def test_a_baseline_is_solved_from_target_and_stretch() -> None:
    assert solved_baseline(Decimal("8.5"), Decimal(10)) == 5
    assert solved_baseline(Decimal(5), Decimal(10)) == Decimal("-6.666666666667")
    metric = Metric.model_validate({"target": "8.5", "stretch": "10"})
    assert metric.baseline == 5


def test_ids_follow_the_published_formulas() -> None:
    command = identity.command_id("p", "POST", "/v1/objectives", "k")
    assert command == str(uuid5(NAMESPACE_URL, "p\nPOST\n/v1/objectives\nk"))
    assert identity.event_id(command, 2) == str(uuid5(UUID(command), "2"))
    assert identity.created_id(command) == str(uuid5(UUID(command), "id"))
    assert identity.further_id(command, 1) == str(uuid5(UUID(command), "id:1"))
    of_reaction = identity.reaction_command_id("/okr/objectives", "e", "when_key_result_added")
    assert of_reaction == str(uuid5(NAMESPACE_URL, "/okr/objectives\ne\nwhen_key_result_added"))


def test_import_ids_follow_the_published_formulas() -> None:
    def of(text: str) -> str:
        return str(uuid5(NAMESPACE_URL, "okr-import\n" + text))

    assert identity.import_id("department", "hr") == of("department\nhr")
    assert identity.import_id("member", "hr-manager") == of("member\nhr-manager")
    assert identity.import_id("cycle", "2021") == of("cycle\n2021")
    assert identity.imported_objective_id("2021", "hr/o1") == of("objective\n2021\nhr/o1")
    found = identity.imported_key_result_id("2021", "hr/o1", "kr1")
    assert found == of("key_result\n2021\nhr/o1\nkr1")


def metric(baseline: int, target: int, **more: Any) -> Metric:
    return Metric(baseline=Decimal(baseline), target=Decimal(target), **more)


STAGES = Milestone(stages=(Stage(name="上线", weight=Decimal(1)),))
PLAN = ((date(2026, 1, 31), Decimal(5)), (date(2026, 3, 31), Decimal(10)))


def test_what_is_carried_into_the_next_cycle_goes_on_from_its_last_value() -> None:
    assert carried_over(metric(0, 10, plan=PLAN), Decimal(5)) == metric(5, 10)
    assert carried_over(metric(0, 10), None) == metric(0, 10)
    assert carried_over(metric(0, 10), Decimal(10)) == metric(0, 10)
    assert carried_over(STAGES, None) == STAGES
    assert carried_over(Discovery(), Decimal(5)) == Discovery()


def test_checkpoints_and_stretch_are_carried_as_far_as_they_still_lie_ahead() -> None:
    points = ((Decimal(4), Decimal("0.2")), (Decimal(8), Decimal("0.5")))
    rising = metric(0, 10, checkpoints=points, stretch=Decimal(14))
    assert carried_over(rising, Decimal(5)) == metric(
        5, 10, checkpoints=points[1:], stretch=Decimal(14)
    )
    assert carried_over(rising, Decimal(9)) == metric(9, 10)
    falling = metric(
        10, 0, checkpoints=((Decimal(8), Decimal("0.2")), (Decimal(4), Decimal("0.5")))
    )
    assert carried_over(falling, Decimal(5)) == metric(
        5, 0, checkpoints=((Decimal(4), Decimal("0.5")),)
    )
