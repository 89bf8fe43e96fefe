"""However the logs come in, the rows are the same: any batching, order across logs, or repeat."""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.readmodels.projections import NOTICES, OKRS, tracking
from shared.eventing.projection import Projection
from shared.eventing.rows import Rows
from shared.eventing.wire import LogRecord
from shared.events.checkins import KRProgressLogged
from shared.events.deciding import Recorded
from tests.support.suite import Suite, folded
from tests.unit.readmodels.busy_quarter import busy_quarter
from tests.unit.readmodels.live import LiveFold, digests_of


@cache
def quarter() -> Suite:
    return busy_quarter()


@cache
def rebuilt() -> dict[str, str]:
    return digests_of(quarter().folded(OKRS))


def logs(projection: Projection = OKRS) -> list[list[LogRecord]]:
    """The events of each partition, in its order."""
    places: dict[tuple[str, int], list[LogRecord]] = {}
    for record in quarter().records(projection):
        places.setdefault((record.topic, record.partition), []).append(record)
    return [places[place] for place in sorted(places)]


def interleaved(turns: Sequence[int]) -> list[LogRecord]:
    """The partitions merged: each turn takes the next record of one of them."""
    left = [list(reversed(log)) for log in logs()]
    merged: list[LogRecord] = []
    for turn in turns:
        going = [log for log in left if log]
        if not going:
            break
        merged.append(going[turn % len(going)].pop())
    for log in left:
        merged += reversed(log)
    return merged


def cut(records: Sequence[LogRecord], sizes: Sequence[int]) -> list[Sequence[LogRecord]]:
    """Batches of these sizes, the rest in one."""
    batches: list[Sequence[LogRecord]] = []
    start = 0
    for size in sizes:
        batches.append(records[start : start + size])
        start += size
    return [batch for batch in (*batches, records[start:]) if batch]


ORDERS = st.lists(st.integers(0, 99), max_size=250)
SIZES = st.lists(st.integers(1, 60), max_size=40)


@settings(max_examples=60, deadline=None)
@given(turns=ORDERS, sizes=SIZES, kept=st.sampled_from((2, 20, 5_000)))
def test_live_in_any_batches_equals_the_rebuild(
    turns: list[int], sizes: list[int], kept: int
) -> None:
    live = LiveFold(OKRS, kept)
    for batch in cut(interleaved(turns), sizes):
        live.take(batch)
    assert live.digests == rebuilt()


@settings(max_examples=10, deadline=None)
@given(turns=ORDERS)
def test_a_rebuild_in_any_order_across_logs_is_the_same(turns: list[int]) -> None:
    assert digests_of(folded(OKRS, interleaved(turns))) == rebuilt()


@pytest.mark.parametrize("first", ["okr.checkins.events", "okr.objectives.events"])
def test_a_topic_may_be_wholly_ahead_of_the_others(first: str) -> None:
    records = sorted(quarter().records(OKRS), key=lambda record: record.topic != first)
    live = LiveFold(OKRS)
    for batch in cut(records, [7] * 10):
        live.take(batch)
    assert live.digests == rebuilt()


@settings(max_examples=10, deadline=None)
@given(turns=ORDERS, sizes=SIZES)
def test_what_is_heard_twice_changes_nothing(turns: list[int], sizes: list[int]) -> None:
    live = LiveFold(OKRS)
    for batch in cut(interleaved(turns), sizes):
        live.take(batch)
    for log in logs():
        live.take(log)
    assert live.digests == rebuilt()


def test_notices_are_the_same_live_and_rebuilt() -> None:
    live = LiveFold(NOTICES)
    for log in logs(NOTICES):
        for batch in cut(log, [1, 2, 3]):
            live.take(batch)
    assert live.digests == digests_of(quarter().folded(NOTICES))
    assert live.stored["notices"].rows


def test_a_handler_that_counts_is_caught_by_what_is_heard_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def counting(recorded: Recorded[KRProgressLogged], rows: Rows) -> None:
        key = (recorded.event.key_result_id, recorded.event.n)
        row = rows["measurements"].get(key)
        tracking.progress_logged(recorded, rows)
        count = (row["check_in"] if row else 0) + 1
        rows["measurements"].set(key, check_in=count)

    monkeypatch.setitem(OKRS.by_wire_type, "okr.KRProgressLogged.v1", counting)
    twice = LiveFold(OKRS)
    for log in (*logs(), *logs()):
        twice.take(log)
    once = digests_of(quarter().folded(OKRS))
    assert twice.digests["measurements"] != once["measurements"]


def test_a_fact_that_hangs_on_another_log_is_caught_by_another_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def looking_across(recorded: Recorded[KRProgressLogged], rows: Rows) -> None:
        tracking.progress_logged(recorded, rows)
        event = recorded.event
        known = rows["key_results"].get(event.key_result_id)
        rows["measurements"].set(
            (event.key_result_id, event.n), evidence_url=known["title"] if known else None
        )

    monkeypatch.setitem(OKRS.by_wire_type, "okr.KRProgressLogged.v1", looking_across)
    one, other = (
        folded(OKRS, sorted(quarter().records(OKRS), key=lambda r: r.topic, reverse=reverse))
        for reverse in (False, True)
    )
    assert digests_of(one)["measurements"] != digests_of(other)["measurements"]
