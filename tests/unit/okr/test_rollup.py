"""Roll-up: an objective from its parts, a unit from what is below it, each provable."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pytest

from shared.okr.figures import Coverage, Pair
from shared.okr.health import Health
from shared.okr.rollup import Part, objective_figure, suggested_weights
from shared.okr.units import Excluded, ObjectiveRow, UnitFigure, exclusions, unit_figures


def part(
    shown: str | None,
    weight: str | None = None,
    expected: str | None = None,
    confidence: str | None = None,
) -> Part:
    return Part(
        *(None if text is None else Decimal(text) for text in (shown, weight, expected, confidence))
    )


def progress(parts: list[Part], children: list[Part] | None = None) -> Decimal | None:
    return objective_figure(parts, children or []).progress


def test_weights_count() -> None:
    assert progress([part("1", "60"), part("0.5", "40")]) == Decimal("0.8")


def test_unset_weights_are_equal() -> None:
    assert progress([part("1"), part("0"), part("0")]) == Decimal("0.333333333333")


def test_what_has_no_value_is_left_out_and_counted_in_coverage() -> None:
    figure = objective_figure([part("0.5", "30"), part(None, "40"), part("0.1", "30")])
    assert figure.progress == Decimal("0.3")
    assert figure.coverage == Coverage(2, 3)


def test_no_value_at_all_is_null() -> None:
    figure = objective_figure([part(None), part(None)], [part(None)])
    assert (figure.progress, figure.expected, figure.confidence) == (None, None, None)
    assert figure.coverage == Coverage(0, 3)


def test_no_weight_at_all_is_null() -> None:
    assert progress([part("0.5", "0"), part("0.2", "0")]) is None


def test_zero_is_a_value() -> None:
    assert progress([part("0"), part("1")]) == Decimal("0.5")


def test_a_child_counts_in_the_same_percent_points() -> None:
    assert progress([part("0", "50"), part("0", "50")], [part("1", "25")]) == Decimal("0.2")


def test_a_child_without_a_weight_counts_100_over_n_plus_1() -> None:
    # 50 + 50 and 33 1/3 points: a quarter of the whole.
    assert progress([part("0"), part("0")], [part("1")]) == Decimal("0.25")
    assert progress([part("0", "90"), part("0", "10")], [part("1")]) == Decimal("0.25")


def test_children_alone_make_a_figure() -> None:
    figure = objective_figure([], [part("0.4"), part("0.8")])
    assert figure.progress == Decimal("0.6")
    assert figure.coverage == Coverage(2, 2)


def test_weights_of_measured_parts_stay_those_of_all() -> None:
    # One of four is unknown: each known one still weighs 25, beside the child's 20.
    parts = [part("0"), part("0"), part("0"), part(None)]
    assert progress(parts, [part("1")]) == Decimal("0.210526315789")


def test_expected_takes_the_same_weights_over_the_same_parts() -> None:
    figure = objective_figure(
        [part("0.5", "60", "0.4"), part(None, "20", "1"), part("0.1", "20", "0.8")],
        [part("1", "20", "0.9")],
    )
    assert figure.expected == Decimal("0.58")


def test_confidence_is_the_plain_mean_of_the_key_results() -> None:
    figure = objective_figure(
        [part("0.5", "90", confidence="8"), part(None, "10", confidence="3"), part("1", "0")],
        [part("1", confidence="1")],
    )
    assert figure.confidence == Decimal("5.5")


@pytest.mark.parametrize(
    ("targets", "weights"),
    [
        (["100000", "20000", "1000"], ["82.64", "16.53", "0.83"]),
        (["1", "1", "1"], ["33.34", "33.33", "33.33"]),
        (["-30", "10"], ["75", "25"]),
        (["0", "5"], ["0", "100"]),
    ],
)
def test_weights_by_size_of_target_are_suggested(targets: list[str], weights: list[str]) -> None:
    assert suggested_weights([Decimal(t) for t in targets]) == tuple(Decimal(w) for w in weights)


def test_nothing_is_suggested_for_targets_of_zero() -> None:
    assert suggested_weights([Decimal(0), Decimal(0)]) is None
    assert suggested_weights([]) is None


TREE: Final[Mapping[str, str | None]] = {
    "company": None,
    "sales": "company",
    "tech": "company",
    "backend": "tech",
    "frontend": "tech",
}


def row(
    name: str, unit: str, shown: str | None, feeds: str | None = None, **more: Any
) -> ObjectiveRow:
    value = None if shown is None else Decimal(shown)
    return ObjectiveRow(name, unit, value, feeds, **more)


def pairs(*rows: ObjectiveRow) -> dict[str, tuple[str, int]]:
    figures = unit_figures(TREE, rows)
    return {unit: (str(figure.pair.sum), figure.pair.n) for unit, figure in figures.items()}


def left_out(*rows: ObjectiveRow) -> dict[str, list[tuple[str, str]]]:
    return {
        unit: [(excluded.objective_id, excluded.fed_into) for excluded in listed]
        for unit, listed in exclusions(TREE, rows).items()
    }


def test_a_unit_is_the_mean_over_its_subtree() -> None:
    figures = unit_figures(
        TREE,
        [
            row("c", "company", "0.9", company=True),
            row("b", "backend", "0.3"),
            row("f", "frontend", "0.6"),
        ],
    )
    assert figures["tech"].progress == Decimal("0.45")
    assert figures["company"].progress == Decimal("0.6")
    assert figures["sales"].progress is None


def test_what_has_no_value_is_only_covered() -> None:
    figures = unit_figures(TREE, [row("b", "backend", "0.3"), row("f", "frontend", None)])
    assert figures["tech"].pair == Pair(Decimal("0.3"), 1)
    assert figures["tech"].coverage == Coverage(1, 2)


def test_what_feeds_its_own_unit_is_left_out_there() -> None:
    rows = [row("a", "backend", "0.2", feeds="b"), row("b", "backend", "0.4")]
    assert left_out(*rows) == {"backend": [("a", "b")]}
    assert pairs(*rows)["backend"] == ("0.4", 1)
    assert pairs(*rows)["company"] == ("0.4", 1)


def test_what_feeds_a_sibling_counts_below_and_not_above() -> None:
    rows = [row("a", "backend", "0.2", feeds="b"), row("b", "frontend", "0.4")]
    found = pairs(*rows)
    assert (found["backend"], found["frontend"]) == (("0.2", 1), ("0.4", 1))
    assert (found["tech"], found["company"]) == (("0.4", 1), ("0.4", 1))
    assert left_out(*rows) == {"tech": [("a", "b")]}


def test_what_feeds_the_unit_above_leaves_there() -> None:
    rows = [row("a", "backend", "0.2", feeds="t"), row("t", "tech", "0.4")]
    assert pairs(*rows)["backend"] == ("0.2", 1)
    assert pairs(*rows)["tech"] == ("0.4", 1)
    assert left_out(*rows) == {"tech": [("a", "t")]}


def test_what_feeds_a_unit_below_leaves_at_once() -> None:
    rows = [row("t", "tech", "0.4", feeds="a"), row("a", "backend", "0.2")]
    assert pairs(*rows)["tech"] == ("0.2", 1)
    assert left_out(*rows) == {"tech": [("t", "a")]}


def test_what_feeds_across_the_company_leaves_at_the_root() -> None:
    rows = [row("a", "backend", "0.2", feeds="s"), row("s", "sales", "0.8")]
    found = pairs(*rows)
    assert (found["tech"], found["sales"], found["company"]) == (("0.2", 1), ("0.8", 1), ("0.8", 1))
    assert left_out(*rows) == {"company": [("a", "s")]}


def test_a_chain_counts_its_top_only() -> None:
    rows = [
        row("a", "backend", "0.1", feeds="b"),
        row("b", "tech", "0.2", feeds="c"),
        row("c", "company", "0.3", company=True),
    ]
    assert left_out(*rows) == {"tech": [("a", "b")], "company": [("b", "c")]}
    assert pairs(*rows)["company"] == ("0.3", 1)


def test_what_feeds_something_that_does_not_count_counts_itself() -> None:
    rows = [row("a", "backend", "0.2", feeds="a-draft")]
    assert left_out(*rows) == {}
    assert pairs(*rows)["company"] == ("0.2", 1)


def test_an_excluded_objective_without_a_value_changes_the_coverage_only() -> None:
    rows = [row("a", "backend", None, feeds="b"), row("b", "frontend", "0.4")]
    figures = unit_figures(TREE, rows)
    assert figures["tech"].coverage == Coverage(1, 1)
    assert figures["backend"].coverage == Coverage(0, 1)
    assert figures["tech"].excluded == (Excluded("a", "b"),)


def test_a_unit_counts_health_of_all_its_objectives() -> None:
    rows = [
        row("a", "backend", "0.2", feeds="b", health=Health.OFF_TRACK,
            key_results={Health.OFF_TRACK: 1, Health.ON_TRACK: 2}),
        row("b", "frontend", "0.4", health=Health.ON_TRACK, key_results={Health.ON_TRACK: 1}),
        row("c", "sales", "1", health=Health.CLOSED, key_results={Health.CLOSED: 3}),
    ]  # fmt: skip
    figures = unit_figures(TREE, rows)
    assert figures["company"].key_results == counts(off_track=1, on_track=3, closed=3)
    assert figures["company"].objectives == counts(off_track=1, on_track=1, closed=1)
    assert figures["company"].worst is Health.OFF_TRACK
    assert figures["frontend"].worst is Health.ON_TRACK
    assert figures["sales"].worst is None


def counts(**some: int) -> dict[Health, int]:
    return {health: some.get(health.value, 0) for health in Health}


def unit(*rows: ObjectiveRow, of: str = "company") -> UnitFigure:
    return unit_figures(TREE, rows)[of]


def test_the_other_figures_are_over_every_counted_objective() -> None:
    found = unit(
        row(
            "a", "backend", "0.2", feeds="b", confidence=Decimal(4), reported=2, due=3, aligned=True
        ),
        row("b", "frontend", "0.4", confidence=Decimal(7), reported=1, due=1),
        row("d", "sales", "0.4", confidence=None),
        row("c", "company", None, company=True, aligned=True, reported=0, due=2),
    )
    assert found.confidence == Decimal("5.5")
    assert found.checkin_rate == Decimal("0.5")
    assert found.aligned_share == Decimal("0.333333333333")


def test_what_was_never_due_or_alignable_is_null() -> None:
    found = unit(row("c", "company", "1", company=True))
    assert (found.checkin_rate, found.aligned_share, found.confidence) == (None, None, None)
