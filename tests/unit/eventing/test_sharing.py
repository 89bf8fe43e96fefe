"""The shared tail: one consumer for many readers, each of whom sees what its own would show."""

import asyncio
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaConnectionError, OffsetOutOfRangeError

from shared.eventing import reader, sharing
from shared.eventing.fold import HistoryCut
from shared.eventing.following import Follower
from shared.eventing.positions import Checkpoint
from shared.eventing.reader import Batch, Refetch, Tail
from shared.eventing.ring import Ring
from shared.eventing.sharing import SharedTail, SharedTailEnded
from shared.eventing.topics import events_topic
from shared.events.event import Event
from tests.support.event_log import FakeConsumer, MemoryLog, PartitionLog
from tests.support.story import objectives

SERVICE = "objectives"
TOPIC = events_topic(SERVICE)
FIRST, SECOND = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reader, sharing):
        monkeypatch.setattr(module, "_FIRST_PAUSE", 0.001)
        monkeypatch.setattr(module, "_LONGEST_PAUSE", 0.002)


class Sharing:
    """A shared tail of a log in memory, and the consumers that were made for it."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.writers = [PartitionLog(SERVICE, number) for number in (0, 1)]
        self.made: dict[str, list[FakeConsumer]] = {}
        self.moved = False
        self.hub = SharedTail("nowhere", make=self._make, moved=self._has_moved)

    def _make(self, _: str, *, client_id: str) -> FakeConsumer:
        consumer = FakeConsumer(self.log)
        self.made.setdefault(client_id, []).append(consumer)
        return consumer

    def _has_moved(self, *_: Any) -> bool:
        moved, self.moved = self.moved, False
        return moved

    @property
    def consumer(self) -> FakeConsumer:
        return self.made["okr-tail"][0]

    def alone(self, name: str) -> list[FakeConsumer]:
        """The private consumers of this name that have not been let go."""
        return [each for each in self.made.get(name, ()) if not each.stopped]

    def write(self, *drafts: Any, partition: int = 0) -> None:
        for some in drafts:
            self.log.append(self.writers[partition], some)

    def write_runs(self, count: int = 1, partition: int = 0) -> None:
        log = self.writers[partition]
        if log.offset == 0:
            self.write(log.opened(), partition=partition)
        for _ in range(count):
            self.write(log.run(*some_events(1)), partition=partition)

    async def follower(self, name: str, offset: int = 0) -> Follower:
        follower = self.hub.follower("nowhere", client_id=name)
        await follower.start()
        follower.assign([FIRST, SECOND])
        follower.seek(FIRST, offset)
        await eventually(lambda: self.hub.ring(FIRST) is not None)
        return follower

    def tail(self, name: str, **options: Any) -> Tail:
        return self.hub.tail("nowhere", [(TOPIC, 0), (TOPIC, 1)], client_id=name, **options)


@pytest.fixture
async def rig() -> AsyncIterator[Sharing]:
    made = Sharing()
    await made.hub.start()
    yield made
    await made.hub.stop()


def some_events(count: int = 1) -> list[Event]:
    return list(objectives(range(count), 1, Random(3)))[:count]


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def offsets(follower: Follower, count: int, at_most: int = 1_000) -> list[int]:
    """The offsets of the next so many records of the first partition."""
    found: list[int] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            some = await follower.getmany(timeout_ms=100, max_records=at_most)
            found += [record.offset for record in some.get(FIRST, ())]
    return found


async def all_of(tail: Tail) -> list[Batch]:
    if tail.trouble == "not opened":
        await tail.open()
    ends = await tail.ends()
    found: list[Batch] = []
    async with asyncio.timeout(5):
        while not tail.reached(ends):
            found += await tail.next(0.05)
    return found


def ids(batches: list[Batch]) -> list[str]:
    return [record.id for batch in batches for record in batch.records]


async def test_what_comes_is_given_to_all_as_the_same_record(rig: Sharing) -> None:
    followers = [await rig.follower(name) for name in ("a", "b")]
    rig.write_runs(2)
    one, other = [
        (await follower.getmany(timeout_ms=1000, max_records=100))[FIRST] for follower in followers
    ]
    assert [record.offset for record in one] == [0, 1, 2, 3, 4]
    assert all(mine is theirs for mine, theirs in zip(one, other, strict=True))
    assert not rig.made.get("a")
    assert not rig.made.get("b")


async def test_a_follower_waits_until_something_comes(rig: Sharing) -> None:
    follower = await rig.follower("a")
    waiting = asyncio.create_task(follower.getmany(timeout_ms=5000, max_records=100))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    rig.write_runs(1)
    assert [record.offset for record in (await waiting)[FIRST]] == [0, 1, 2]
    assert await follower.getmany(timeout_ms=1, max_records=100) == {}


async def test_what_is_behind_the_ring_is_read_alone_until_it_meets_it(rig: Sharing) -> None:
    rig.write_runs(10)
    follower = await rig.follower("a", offset=3)
    assert await offsets(follower, 18) == list(range(3, 21))
    assert all(set(each.offsets) == {FIRST} for each in rig.made["a"])
    rig.write_runs(5)
    assert await offsets(follower, 10) == list(range(21, 31))
    await eventually(lambda: not rig.alone("a"))
    rig.write_runs(1)
    assert await offsets(follower, 2) == [31, 32]
    assert not rig.alone("a")


async def test_two_followers_at_different_positions_disturb_neither(rig: Sharing) -> None:
    rig.write_runs(10)
    ahead, behind = await rig.follower("a", offset=21), await rig.follower("b")
    rig.write_runs(3)
    assert await offsets(ahead, 6) == list(range(21, 27))
    assert await offsets(behind, 27, at_most=4) == list(range(27))
    assert not rig.made.get("a")


async def test_a_slow_follower_is_evicted_and_misses_nothing(
    rig: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = await rig.follower("slow"), await rig.follower("quick")
    ring = rig.hub.ring(FIRST)
    assert ring is not None
    monkeypatch.setattr(ring, "_most_records", 4)
    given: list[int] = []
    for _ in range(20):
        rig.write_runs(1)
        given += await offsets(quick, 2)
    given += await offsets(quick, 41 - len(given)) if len(given) < 41 else []
    assert given == list(range(41))
    assert ring.begin > 30
    assert await offsets(slow, 41, at_most=3) == list(range(41))
    assert not rig.made.get("quick")


async def test_one_can_seek_back(rig: Sharing) -> None:
    follower = await rig.follower("a")
    rig.write_runs(3)
    assert await offsets(follower, 7) == list(range(7))
    follower.seek(FIRST, 2)
    assert await follower.position(FIRST) == 2
    assert await offsets(follower, 5) == list(range(2, 7))


async def test_another_connection_has_all_compared_with_what_is_held(rig: Sharing) -> None:
    follower = await rig.follower("a")
    rig.write_runs(1)
    assert await offsets(follower, 3) == [0, 1, 2]
    rig.moved = True
    rig.write_runs(1)
    with pytest.raises(Refetch):
        await follower.getmany(timeout_ms=1000, max_records=100)
    assert await offsets(follower, 2) == [3, 4]


async def test_a_tail_goes_on_over_another_connection_without_a_gap(rig: Sharing) -> None:
    rig.write_runs(2)
    tail = rig.tail("a")
    given = ids(await all_of(tail))
    for _ in range(5):
        rig.moved = True
        rig.write_runs(2)
        given += ids(await all_of(tail))
    every = [r.id for r in rig.log.records[TOPIC, 0] if not r.is_internal]
    assert given == every
    assert tail.trouble is None
    await tail.close()


async def test_a_log_that_was_cut_and_has_grown_again_is_seen(rig: Sharing) -> None:
    rig.write_runs(3)
    tail = rig.tail("a")
    await all_of(tail)
    other = PartitionLog(SERVICE, 0)
    rig.log.records[TOPIC, 0].clear()
    for some in (other.opened(), *(other.run(*some_events()) for _ in range(3))):
        rig.log.append(other, some)
    rig.moved = True
    with pytest.raises(HistoryCut, match="not the record held here"):
        await tail_fails(tail)
    await tail.close()


async def test_a_log_that_was_cut_below_its_end_is_out_of_range_only_for_who_holds_more(
    rig: Sharing,
) -> None:
    rig.write_runs(5)
    ahead, behind = await rig.follower("a", offset=11), await rig.follower("b", offset=4)
    assert await offsets(behind, 1, at_most=1) == [4]
    behind.seek(FIRST, 4)
    del rig.log.records[TOPIC, 0][6:]
    for follower in (ahead, behind):
        with pytest.raises(Refetch):
            await follower.getmany(timeout_ms=1000, max_records=100)
    with pytest.raises(OffsetOutOfRangeError):
        await follower_fails(ahead)
    assert await offsets(behind, 2) == [4, 5]


async def tail_fails(tail: Tail) -> None:
    async with asyncio.timeout(5):
        while True:
            await tail.next(0.05)


async def first_trouble_of(tail: Tail) -> str:
    async with asyncio.timeout(5):
        while tail.trouble is None:
            assert await tail.next(0.05) == []
    return tail.trouble


async def follower_fails(follower: Follower) -> None:
    async with asyncio.timeout(5):
        while True:
            await follower.getmany(timeout_ms=100, max_records=100)


async def test_an_error_of_the_shared_consumer_loses_nothing(rig: Sharing) -> None:
    tail = rig.tail("a")
    rig.write_runs(2)
    given = ids(await all_of(tail))
    rig.consumer.errors = [CorruptRecordException("bad"), KafkaConnectionError("away")]
    rig.write_runs(3)
    given += ids(await all_of(tail))
    rig.write_runs(3)
    given += ids(await all_of(tail))
    assert len(given) == len(set(given)) == 8
    await tail.close()


async def test_trouble_of_reading_alone_is_told_and_waited_out(rig: Sharing) -> None:
    rig.write_runs(3)
    tail = rig.tail("a")
    await tail.open()
    make = rig.hub._make

    def failing(bootstrap: str, *, client_id: str) -> FakeConsumer:
        consumer = FakeConsumer(rig.log)
        consumer.errors = [KafkaConnectionError("away")]
        rig.hub._make = make
        return consumer

    rig.hub._make = failing
    assert "away" in await first_trouble_of(tail)
    assert len(ids(await all_of(tail))) == 3
    assert tail.trouble is None
    await tail.close()


async def test_a_broker_that_says_nothing_is_trouble_for_all(rig: Sharing) -> None:
    tail = rig.tail("a")
    await tail.open()
    await eventually(lambda: rig.hub.ring(FIRST) is not None)
    rig.consumer.polled = 1_000
    await tail.next(0.01)
    assert "no answer" in (tail.trouble or "")
    await tail.close()


async def test_from_the_end_and_from_what_is_held(rig: Sharing) -> None:
    rig.write_runs(4)
    log = rig.writers[0]
    held = Checkpoint(log.log_id, log.offset - 1, log.prev)
    end, kept = rig.tail("a", from_end=True), rig.tail("b", held={(TOPIC, 0): held})
    await end.open()
    await kept.open()
    rig.write_runs(2)
    assert ids(await all_of(end)) == ids(await all_of(kept)) != []
    await end.close()
    await kept.close()


async def test_what_is_cancelled_while_it_reads_alone_is_read_again(rig: Sharing) -> None:
    rig.write_runs(20)
    follower = await rig.follower("a")
    for turns in range(6):
        reading = asyncio.create_task(follower.getmany(timeout_ms=1000, max_records=100))
        for _ in range(turns):
            await asyncio.sleep(0)
        if reading.done():
            follower.seek(FIRST, 0)
        reading.cancel()
        await asyncio.wait([reading])
    assert await offsets(follower, 41) == list(range(41))


async def test_partitions_that_nobody_follows_any_more_are_read_no_more(rig: Sharing) -> None:
    one = await rig.follower("a")
    two = rig.hub.follower("nowhere", client_id="b")
    two.assign([FIRST])
    await one.stop()
    await eventually(lambda: set(rig.consumer.offsets) == {FIRST})
    rig.write_runs(1)
    assert await offsets(two, 3) == [0, 1, 2]


async def test_the_end_of_the_shared_tail_is_told_to_all(rig: Sharing) -> None:
    follower = await rig.follower("a")
    waiting = asyncio.create_task(follower.getmany(timeout_ms=5000, max_records=100))
    await asyncio.sleep(0)
    rig.consumer.errors = [ValueError("a fault of ours")]
    with pytest.raises(ExceptionGroup):
        await rig.hub.watch()
    with pytest.raises(SharedTailEnded):
        await waiting
    assert rig.consumer.stopped


def test_a_ring_keeps_no_record_before_a_gap() -> None:
    log, writer = MemoryLog(), PartitionLog(SERVICE, 0)
    log.append(writer, writer.opened())
    log.append(writer, writer.run(*some_events(3)))
    records = log.records[TOPIC, 0]
    ring = Ring(0)
    ring.add(records[:2])
    ring.add(records[3:])
    assert (ring.begin, ring.end) == (3, 5)
    assert not ring.holds(2)
    ring.add([records[1], records[3]])
    assert (ring.begin, ring.end) == (4, 4)


def test_a_ring_is_bounded_by_bytes_and_keeps_what_came_last() -> None:
    log, writer = MemoryLog(), PartitionLog(SERVICE, 0)
    log.append(writer, writer.opened())
    log.append(writer, writer.run(*some_events(3)))
    records = log.records[TOPIC, 0]
    ring = Ring(0, most_bytes=1)
    ring.add(records[:3])
    assert (ring.begin, ring.end) == (0, 3)
    ring.add(records[3:4])
    assert (ring.begin, ring.end) == (3, 4)
