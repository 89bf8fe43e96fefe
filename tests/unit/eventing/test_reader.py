"""The tail: only what is valid and decided, from where a reader left off, over outages."""

import asyncio
from dataclasses import replace
from random import Random
from time import time
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.eventing import reader
from shared.eventing.fold import HistoryCut
from shared.eventing.positions import Checkpoint
from shared.eventing.reader import Batch, Tail
from shared.eventing.topics import events_topic
from shared.eventing.wire import Unreadable
from shared.events.event import Event
from tests.support.event_log import FakeConsumer, MemoryLog, PartitionLog
from tests.support.story import objectives

SERVICE = "objectives"
TOPIC = events_topic(SERVICE)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(reader, "_LONGEST_PAUSE", 0.002)


class Reading:
    """A tail of two partitions of a log in memory."""

    def __init__(self, at_most: int = 1_000, **options: Any) -> None:
        self.log = MemoryLog()
        self.consumer = FakeConsumer(self.log, at_most)
        self.writers = [PartitionLog(SERVICE, number) for number in (0, 1)]
        self._options = options
        self.tail = self.reopened({})

    def reopened(self, held: dict[tuple[str, int], Checkpoint]) -> Tail:
        self.tail = Tail(
            "nowhere",
            [(TOPIC, 0), (TOPIC, 1)],
            held,
            client_id="test",
            make=self._make,
            **self._options,
        )
        return self.tail

    def _make(self, *_: Any, **__: Any) -> FakeConsumer:
        return self.consumer

    def write(self, *drafts: Any, partition: int = 0) -> None:
        for some in drafts:
            self.log.append(self.writers[partition], some)

    async def all(self) -> list[Batch]:
        """Everything up to the end of the log."""
        if self.tail.trouble == "not opened":
            await self.tail.open()
        ends = await self.tail.ends()
        found: list[Batch] = []
        async with asyncio.timeout(5):
            while not self.tail.reached(ends):
                found += await self.tail.next(0.01)
        return found


def some_events(count: int = 3) -> list[Event]:
    return list(objectives(range(count), 1, Random(3)))[:count]


def types(batches: list[Batch]) -> list[str]:
    return [record.type.split(".")[1] for batch in batches for record in batch.records]


async def test_it_gives_the_events_of_decided_runs_and_nothing_internal() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened(), run := log.run(*some_events(2)))
    (batch,) = await reading.all()
    assert [record.id for record in batch.records] == [draft.id for draft in run[:-1]]
    assert [record.is_decided for record in batch.decisions] == [True]
    assert batch.through == Checkpoint(log.log_id, log.offset - 1, log.prev)


async def test_void_records_are_given_to_nobody() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(1)), log.void(*some_events(2)))
    reading.write(log.run(*some_events(1)), log.void(*some_events(2)))
    batches = await reading.all()
    assert len([record for batch in batches for record in batch.records]) == 2
    assert reading.tail.next_offset((TOPIC, 0)) == log.offset


async def test_a_run_that_is_cut_by_a_fetch_is_given_whole() -> None:
    reading = Reading(at_most=2)
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(3)), log.run(*some_events(2)))
    batches = await reading.all()
    sizes = [len(batch.records) for batch in batches if batch.records]
    assert sum(sizes) == 5
    assert set(sizes) <= {2, 3, 5}
    given = [batch for batch in batches if batch.records]
    assert all(batch.through.offset == batch.decisions[-1].offset for batch in given)


async def test_a_run_without_its_decided_is_held_back() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened(), (run := log.run(*some_events(2)))[:-1])
    assert types(await reading.all()) == []
    reading.write(run[-1:])
    assert len(types(await reading.all())) == 2


async def test_it_goes_on_from_what_is_held() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(2)))
    (batch,) = await reading.all()
    reading.write(log.run(*some_events(1)))
    reading.reopened({(TOPIC, 0): batch.through})
    assert len(types(await reading.all())) == 1


async def test_a_record_held_that_is_another_one_now_is_history_cut_for_good() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(1)))
    reading.reopened({(TOPIC, 0): Checkpoint(log.log_id, 2, "another")})
    with pytest.raises(HistoryCut):
        await reading.all()
    with pytest.raises(HistoryCut):
        await reading.tail.next()


async def test_a_log_that_lost_its_beginning_is_history_cut() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(2)))
    reading.log.begins[TOPIC, 0] = 2
    with pytest.raises(HistoryCut, match="begins at 2"):
        await reading.all()


async def test_an_end_below_what_is_held_is_read_again_until_it_is_there() -> None:
    reading = Reading()
    log = reading.writers[0]
    opened, run = log.opened(), log.run(*some_events(2))
    held = Checkpoint(log.log_id, log.offset - 1, log.prev)
    reading.write(opened)
    reading.reopened({(TOPIC, 0): held})
    await reading.tail.open()
    assert await reading.tail.next(0.01) == []
    assert reading.tail.trouble is not None
    reading.write(run, log.run(*some_events(1)))
    assert len(types(await reading.all())) == 1
    assert reading.tail.trouble is None


async def test_an_outage_is_waited_out() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.consumer.errors = [KafkaConnectionError("away")]
    reading.write(log.opened(), log.run(*some_events(2)))
    await reading.tail.open()
    reading.consumer.errors = [KafkaConnectionError("away"), KafkaConnectionError("away")]
    assert await reading.tail.next(0.01) == []
    assert "away" in (reading.tail.trouble or "")
    assert len(types(await reading.all())) == 2
    assert reading.tail.trouble is None


async def test_a_broker_that_says_nothing_at_all_is_trouble() -> None:
    reading = Reading()
    await reading.tail.open()
    reading.consumer.polled = int((time() - 60) * 1000)
    await reading.tail.next(0.01)
    assert "no answer" in (reading.tail.trouble or "")
    reading.consumer.polled = int(time() * 1000)
    await reading.tail.next(0.01)
    assert reading.tail.trouble is None


async def test_a_type_of_a_newer_release_is_not_skipped() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened())
    run = log.run(*some_events(1))
    headers = [(n, b"okr.Tomorrow.v1" if n == "ce_type" else v) for n, v in run[0].headers]
    reading.write([replace(run[0], headers=headers), run[1]])
    with pytest.raises(Unreadable, match="Tomorrow"):
        await reading.all()


async def test_from_the_end_only_what_comes_after_is_given() -> None:
    reading = Reading(from_end=True)
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(3)), log.void(*some_events(2)))
    await reading.tail.open()
    assert await reading.tail.next(0.01) == []
    reading.write(log.run(*some_events(1)))
    other = reading.writers[1]
    reading.write(other.opened(), other.run(*some_events(2)), partition=1)
    assert len(types(await reading.all())) == 3


async def test_from_the_end_a_long_row_of_void_records_is_looked_behind() -> None:
    reading = Reading(from_end=True)
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(1)))
    for _ in range(200):
        reading.write(log.void(*some_events(3)))
    await reading.tail.open()
    reading.write(log.run(*some_events(2)))
    assert len(types(await reading.all())) == 2


async def test_it_can_be_sent_back() -> None:
    reading = Reading()
    log = reading.writers[0]
    reading.write(log.opened(), log.run(*some_events(2)))
    assert len(types(await reading.all())) == 2
    reading.tail.rewind({})
    assert len(types(await reading.all())) == 2
