"""What holds for any numbers: symmetry, ranges, sums, exactness."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.okr.calendar import Stride, WorkingDays, window_at, windows
from shared.okr.duty import Cadence, due_days
from shared.okr.expected import expected
from shared.okr.figures import Pair, Quantity, quantity_text, rounded
from shared.okr.health import Health
from shared.okr.measures import Metric
from shared.okr.progress import Measurement, Terms, standing
from shared.okr.readings import ValueReading
from shared.okr.rollup import Part, objective_figure, suggested_weights
from shared.okr.units import ObjectiveRow, unit_figures

QUANTITIES = TypeAdapter[Decimal](Quantity)
START = date(2026, 1, 1)
END = date(2026, 12, 31)

quantities = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=4)
shares = st.integers(0, 10**12).map(lambda n: Decimal(n).scaleb(-12))
days = st.dates(START, END)


def metric_at(metric: Metric, value: Decimal) -> tuple[Decimal, Decimal]:
    measured = [Measurement(1, START, ValueReading(value=value))]
    progress = standing(Terms(metric, START, END, None, START), measured, END).progress
    assert progress is not None
    return progress.raw, progress.shown


@given(quantities, quantities, quantities)
def test_progress_is_the_same_downwards(b: Decimal, t: Decimal, v: Decimal) -> None:
    if b == t:
        return
    up = metric_at(Metric(baseline=b, target=t), v)
    assert metric_at(Metric(baseline=-b, target=-t), -v) == up
    raw, shown = metric_at(Metric(baseline=t, target=b), v)
    assert abs(raw - (1 - up[0])) <= Decimal("1E-12")
    assert 0 <= shown <= 1


@given(quantities, quantities, st.lists(st.tuples(days, quantities), min_size=1, max_size=6))
def test_the_order_of_recording_matters_on_one_day_only(
    b: Decimal, t: Decimal, values: list[tuple[date, Decimal]]
) -> None:
    if b == t:
        return
    terms = Terms(Metric(baseline=b, target=t), START, END, None, START)
    measured = [Measurement(n, d, ValueReading(value=v)) for n, (d, v) in enumerate(values, 1)]
    in_order = sorted(measured, key=lambda measurement: measurement.observed_on)
    assert standing(terms, measured, END) == standing(terms, in_order, END)


@given(quantities, quantities, days, days)
def test_expected_never_falls_as_days_go_by(b: Decimal, t: Decimal, one: date, other: date) -> None:
    if b == t:
        return
    terms = Terms(Metric(baseline=b, target=t), START, END, None, START)
    earlier, later = sorted((one, other))
    assert 0 <= expected(terms, earlier) <= expected(terms, later) <= 1


@given(st.fractions(max_denominator=10**9))
def test_rounding_is_near_and_repeatable(value: Fraction) -> None:
    figure = rounded(value)
    assert abs(Fraction(figure) - value) <= Fraction(1, 2 * 10**12)
    assert rounded(Fraction(figure)) == figure


@given(st.decimals(-(10**20), 10**20, places=20))
def test_a_quantity_survives_its_text(value: Decimal) -> None:
    assert QUANTITIES.validate_json(QUANTITIES.dump_json(value)) == value
    assert "E" not in quantity_text(value)


parts = st.builds(
    Part, st.none() | shares, st.integers(1, 100).map(Decimal), shares, st.none() | shares
)


@given(st.lists(parts, max_size=6), st.lists(parts, max_size=3))
def test_an_objective_lies_within_the_range_of_its_parts(
    key_results: list[Part], children: list[Part]
) -> None:
    figure = objective_figure(key_results, children)
    known = [part.shown for part in (*key_results, *children) if part.shown is not None]
    assert figure.coverage.measured == len(known)
    if figure.progress is None:
        assert not known
    else:
        assert min(known) <= figure.progress <= max(known)


@given(st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=12))
def test_suggested_weights_sum_to_100(targets: list[Decimal]) -> None:
    weights = suggested_weights(targets)
    if weights is None:
        assert not any(targets)
    else:
        assert sum(weights) == 100
        total = sum(targets)
        pairs = zip(weights, targets, strict=True)
        assert all(abs(w - t * 100 / total) < Decimal("0.011") for w, t in pairs)


@st.composite
def organizations(draw: st.DrawFn) -> tuple[dict[str, str | None], list[ObjectiveRow]]:
    """Any tree of units, with objectives that feed one another without a loop."""
    size = draw(st.integers(1, 6))
    parents: dict[str, str | None] = {"u0": None}
    for n in range(1, size):
        parents[f"u{n}"] = f"u{draw(st.integers(0, n - 1))}"
    rows: list[ObjectiveRow] = []
    for n in range(draw(st.integers(0, 10))):
        fed = draw(st.none() | st.integers(0, 12))
        rows.append(
            ObjectiveRow(
                id=f"o{n}",
                unit_id=f"u{draw(st.integers(0, size - 1))}",
                progress=draw(st.none() | shares),
                feeds=None if fed is None or fed == n or fed < n else f"o{fed}",
                health=draw(st.sampled_from(Health)),
            )
        )
    return parents, rows


def subtree(parents: dict[str, str | None], root: str) -> set[str]:
    found = {root}
    while more := {unit for unit, above in parents.items() if above in found} - found:
        found |= more
    return found


@given(organizations())
def test_a_unit_is_what_its_definition_says(
    organization: tuple[dict[str, str | None], list[ObjectiveRow]],
) -> None:
    parents, rows = organization
    for unit, figure in unit_figures(parents, rows).items():
        inside = [row for row in rows if row.unit_id in subtree(parents, unit)]
        ids = {row.id for row in inside}
        counted = [row for row in inside if row.feeds not in ids]
        assert figure.pair == Pair.of(row.progress for row in counted)
        assert figure.coverage.total == len(counted)
        assert +Counter(figure.objectives) == Counter(row.health for row in inside)


@given(organizations())
def test_a_pair_is_proved_from_the_level_below(
    organization: tuple[dict[str, str | None], list[ObjectiveRow]],
) -> None:
    parents, rows = organization
    figures = unit_figures(parents, rows)
    by_id = {row.id: row for row in rows}
    for unit, figure in figures.items():
        own = Pair.of(row.progress for row in rows if row.unit_id == unit)
        below = [figures[child].pair for child, above in parents.items() if above == unit]
        out = Pair.of(by_id[excluded.objective_id].progress for excluded in figure.excluded)
        assert figure.pair == sum(below, own) - out


strides = st.one_of(
    st.integers(1, 9).map(lambda n: Stride(weeks=n)),
    st.integers(1, 5).map(lambda n: Stride(months=n)),
)


@given(days, st.integers(0, 400), strides)
def test_windows_cover_a_cycle_without_gap_or_overlap(
    start: date, length: int, stride: Stride
) -> None:
    end = start + timedelta(days=length)
    found = windows(start, end, stride)
    covered = [window.first + timedelta(days=n) for window in found for n in range(window.days)]
    assert covered == [start + timedelta(days=n) for n in range(length + 1)]
    assert all(window.days <= window.full_days for window in found)
    assert all(window.days == window.full_days for window in found[:-1])
    assert all(window_at(found, window.last) == n for n, window in enumerate(found))


@settings(max_examples=40)
@given(days, st.integers(0, 200), st.frozensets(days, max_size=60))
def test_due_days_are_working_days_of_the_cycle_in_order(
    start: date, length: int, holidays: frozenset[date]
) -> None:
    calendar = WorkingDays(holidays=holidays)
    end = start + timedelta(days=length)
    found = due_days(Cadence(), calendar, start, end)
    assert list(found) == sorted(set(found))
    assert all(start <= due <= end and calendar.is_working(due) for due in found)
