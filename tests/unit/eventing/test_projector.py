"""Projections: any batching, any order across partitions, and any repeat end the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.eventing.digests import canonical, digest
from shared.eventing.folding import ProjectionFailed
from shared.eventing.projection import Derivation, Handler
from shared.eventing.reader import Batch
from shared.eventing.rows import Rows
from shared.eventing.tables import Key, Row, Table
from shared.events.deciding import Recorded
from shared.events.event import Event
from shared.events.objectives import ObjectiveCreated
from tests.support.event_log import MemoryLog, PartitionLog, at, batches_of
from tests.support.live_fold import LiveFold, in_memory
from tests.support.scoreboard import scoreboard
from tests.support.story import objectives, organization

DEPARTMENTS = 12
SCOREBOARD = scoreboard("organization", "objectives")


def story(seed: int, count: int = 60, days: int = 3) -> list[list[Batch]]:
    """Three partitions of a story, each as one batch a run."""
    random = Random(seed)
    log = MemoryLog()
    writers = [PartitionLog("organization", 3), *(PartitionLog("objectives", p) for p in (0, 7))]
    tales: list[Iterator[Any]] = [
        organization(DEPARTMENTS, random),
        objectives(range(count // 2), DEPARTMENTS, random),
        objectives(range(count // 2, count), DEPARTMENTS, random),
    ]
    for writer, tale in zip(writers, tales, strict=True):
        log.append(writer, writer.opened())
        for event in tale:
            when = at(random.randrange(days * 24 * 60))
            log.append(writer, writer.run(event, at=when))
            if random.random() < 0.1:
                log.append(writer, writer.void(event, at=at(10**6)))
    return [
        one_by_one([record for record in records if is_valid(record)])
        for records in log.records.values()
    ]


def is_valid(record: Any) -> bool:
    return bool(record.claim == record.offset)


def one_by_one(records: list[Any]) -> list[Batch]:
    runs = sum(record.ends_batch for record in records)
    return batches_of(records, [1] * runs)


def interleaved(partitions: list[list[Batch]], random: Random) -> list[list[Batch]]:
    """Some order across the partitions, cut into some groups; within each, its own order."""
    waiting = [list(batches) for batches in partitions]
    groups: list[list[Batch]] = []
    while any(waiting):
        group: list[Batch] = []
        for batches in random.sample(waiting, random.randint(1, len(waiting))):
            taken = random.choice((0, 1, 2, 5, 40))
            group += batches[:taken]
            del batches[:taken]
        groups.append(group)
    return groups


@given(seed=st.integers(0, 10**6), kept=st.sampled_from([0, 20, 10_000]))
def test_any_batching_any_order_and_any_repeat_ends_like_one_fold(seed: int, kept: int) -> None:
    random = Random(seed)
    partitions = story(seed % 17)
    live = LiveFold(SCOREBOARD, kept)
    for group in interleaved(partitions, random):
        live.apply(*group)
        if random.random() < 0.2:
            live.forget()
        if random.random() < 0.3:
            live.apply(*group)
    assert live.digests() == in_memory(SCOREBOARD, [b for each in partitions for b in each])


def test_a_handler_that_increments_is_found_by_a_repeat() -> None:
    def counting(recorded: Recorded[ObjectiveCreated], rows: Rows) -> None:
        before = rows["totals"].get(recorded.event.department_id)
        own = 1 if before is None else (before["own"] or 0) + 1
        rows["totals"].set(recorded.event.department_id, own=own)

    planted = replace(SCOREBOARD, handlers={ObjectiveCreated: counting}, derivations=())
    planted = replace(planted, on_time=None)
    partitions = story(1)
    live = LiveFold(planted)
    for batch in partitions[1]:
        live.apply(batch)
        live.apply(batch)
    assert live.digests() != in_memory(planted, partitions[1])


def test_a_sum_that_is_taken_in_a_handler_is_found_by_another_order() -> None:
    def guessing(recorded: Recorded[ObjectiveCreated], rows: Rows) -> None:
        # Reads what another topic writes, instead of deriving.
        department = rows["departments"].get(recorded.event.department_id)
        name = None if department is None else department["name"]
        rows["objectives"].set(recorded.event.objective_id, title=name)

    handlers: dict[type[Event], Handler] = {**SCOREBOARD.handlers, ObjectiveCreated: guessing}
    planted = replace(SCOREBOARD, handlers=handlers)
    partitions = story(1)
    forth = in_memory(planted, [b for each in partitions for b in each])
    back = in_memory(planted, [b for each in reversed(partitions) for b in each])
    assert forth != back


def test_a_void_record_that_is_folded_is_found_by_its_digest() -> None:
    random = Random(5)
    log, writer = MemoryLog(), PartitionLog("objectives", 0)
    log.append(writer, writer.opened())
    log.append(writer, writer.run(*objectives(range(3), 3, random)))
    log.append(writer, writer.void(*objectives(range(3, 5), 3, random)))
    log.append(writer, writer.run(*objectives(range(5, 7), 3, random)))
    (records,) = log.records.values()
    valid = batches_of([record for record in records if is_valid(record)], [])
    with_void = batches_of(records, [])
    assert in_memory(SCOREBOARD, valid) != in_memory(SCOREBOARD, with_void)


def test_warm_rows_are_not_loaded_again() -> None:
    partitions = story(2)
    live = LiveFold(SCOREBOARD)
    for each in partitions[:2]:
        live.apply(*each)
    loads = live.loads
    for batch in partitions[2]:
        live.apply(batch)
    assert live.loads - loads < len(partitions[2])


def test_a_handler_that_raises_stops_the_projection_and_says_where() -> None:
    def failing(recorded: Recorded[ObjectiveCreated], rows: Rows) -> None:
        raise ZeroDivisionError("planted")

    planted = replace(SCOREBOARD, handlers={ObjectiveCreated: failing})
    with pytest.raises(ProjectionFailed, match=r"objectives\.events/0@1: ZeroDivisionError"):
        LiveFold(planted).apply(*story(1)[1])


def test_a_handler_that_only_fails_for_want_of_rows_is_run_again() -> None:
    def strict(recorded: Recorded[ObjectiveCreated], rows: Rows) -> None:
        seen = rows["totals"].get("seen")
        first = rows["objectives"].get("first")
        assert (seen is None) == (first is None)
        rows["objectives"].set("first", title=recorded.event.title)
        rows["totals"].set("seen", own=1)

    planted = replace(SCOREBOARD, handlers={ObjectiveCreated: strict}, on_time=None)
    live = LiveFold(planted, kept=0)
    for batch in story(1)[1]:
        live.forget()
        live.apply(batch)


def test_a_derivation_that_never_settles_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.eventing.folding.MOST_WAVES", 50)

    def restless(key: Key, rows: Rows) -> None:
        rows.mark("total", key)

    planted = replace(SCOREBOARD, derivations=(Derivation("total", restless),))
    with pytest.raises(ProjectionFailed, match="marks keys"):
        LiveFold(planted).apply(*story(1)[0])


def test_equal_values_have_one_canonical_text() -> None:
    assert canonical(Decimal("1.500")) == canonical(Decimal("1.5")) == "1.5"
    assert canonical(Decimal("1E+2")) == "100"
    assert canonical(Decimal("-0.0")) == "0"
    assert canonical({"b": [Decimal("2.0")], "a": None}) == {"a": None, "b": ["2"]}
    assert canonical(date(2026, 1, 5)) == "2026-01-05"
    shanghai = datetime.fromisoformat("2026-01-05T08:00:00+08:00")
    assert canonical(shanghai) == canonical(shanghai.astimezone(UTC))
    with pytest.raises(TypeError, match="float"):
        canonical(0.5)


def test_a_digest_is_of_the_rows_and_not_of_their_order() -> None:
    table = Table("t", ("a",), {"a": "text", "b": "numeric"})
    rows: list[Row] = [{"a": "x", "b": Decimal("1.0")}, {"a": "y", "b": None}]
    assert digest(table, rows) == digest(table, reversed(rows))
    assert digest(table, rows) != digest(table, rows[:1])
