"""The tail of event logs: valid records, batch by batch, from where a reader left off.

An own loop on `assign` and `seek`, without a consumer group: every reader sees every partition.
What a batch says ends directly behind a valid `Decided` or `LogOpened`, so a reader never holds
half a decision. `HistoryCut` and `Unreadable` are raised and never got over.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from time import time
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.eventing.clients import consumer, started
from shared.eventing.fold import HistoryCut, PartitionFold, claim_holds
from shared.eventing.positions import Checkpoint
from shared.eventing.topics import PARTITIONS, events_topic
from shared.eventing.wire import LogRecord, Unreadable

log = logging.getLogger(__name__)

T = TypeVar("T")

Place: TypeAlias = tuple[str, int]
"""A topic and one of its partitions."""

Held: TypeAlias = Mapping[Place, Checkpoint]
"""Where a reader left off; partitions that are missing are read from their beginning."""

AT_ONCE: Final = 5_000
"""Records that are taken in one go: what a batch of a projection grows to under load."""

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0
_SILENT: Final = 5.0
"""Seconds without an answer; a broker that has nothing new says so every half second."""

_WINDOW: Final = 256
_JOINED: Final = "joined at the end"


class Refetch(KafkaError):  # type: ignore[misc]
    """What comes next may be another log's: read again from the last record held."""


class Consumer(Protocol):
    """What a tail needs of an `AIOKafkaConsumer`."""

    async def start(self) -> None: ...  # noqa: D102
    async def stop(self) -> None: ...  # noqa: D102
    def assign(self, partitions: list[TopicPartition]) -> None: ...  # noqa: D102
    def seek(self, partition: TopicPartition, offset: int) -> None: ...  # noqa: D102
    async def position(self, partition: TopicPartition) -> int: ...  # noqa: D102
    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[Any, int]: ...  # noqa: D102
    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[Any, int]: ...  # noqa: D102
    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[Any, list[Any]]: ...  # noqa: D102
    def last_poll_timestamp(self, partition: TopicPartition) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Batch:
    """What one partition said, up to and including `through`.

    `records` are its valid events, `decisions` its valid `Decided` records, each in order.
    """

    topic: str
    partition: int
    records: list[LogRecord]
    decisions: list[LogRecord]
    through: Checkpoint

    @property
    def place(self) -> Place:
        """Whose records these are."""
        return self.topic, self.partition


def places_of(services: Iterable[str]) -> list[Place]:
    """All partitions of the event logs of some services."""
    return [(events_topic(each), number) for each in services for number in range(PARTITIONS)]


class Tail:
    """Follows partitions from what is held, or, with `from_end`, from the end of the log.

    `open` returns once it reads; `next` may wait and gives what has come; one task uses a tail.
    Broker outages are waited out (`trouble` says what is wrong meanwhile). Memory is bounded by
    one fetch and one open batch a partition.
    """

    def __init__(
        self,
        bootstrap: str,
        places: Iterable[Place],
        held: Held | None = None,
        *,
        client_id: str,
        from_end: bool = False,
        make: Callable[..., Consumer] = consumer,
    ) -> None:
        held = held or {}
        self._make = lambda: make(bootstrap, client_id=client_id)
        self._name = client_id
        self._from_end = from_end
        self._folds = {place: PartitionFold(*place, held.get(place)) for place in places}
        self._partitions = [TopicPartition(*place) for place in self._folds]
        self._open: dict[Place, list[LogRecord]] = {}
        self._consumer: Consumer | None = None
        self._pause = _FIRST_PAUSE
        self.trouble: str | None = "not opened"
        """What keeps this tail from reading, in words; None while it reads."""
        self.broken: Exception | None = None
        """The `HistoryCut` or `Unreadable` that ended it."""

    async def open(self) -> None:
        """Connect and seek; waits for as long as the broker is away."""
        self._consumer = await started(self._make, what=self._name)
        self._consumer.assign(self._partitions)
        if self._from_end:
            await self._until_done(self._join)
        self._seek()
        self.trouble = None

    def rewind(self, held: Held) -> None:
        """Read on from elsewhere; what has been read but not given is forgotten."""
        self._folds = {place: PartitionFold(*place, held.get(place)) for place in self._folds}
        self._open = {}
        self._seek()

    async def close(self) -> None:
        """Let go of the connection."""
        client, self._consumer = self._consumer, None
        if client is not None:
            await client.stop()

    async def next(self, wait: float = 1.0, at_most: int = AT_ONCE) -> list[Batch]:
        """What has come, at most one batch a partition; empty after `wait` seconds of silence.

        Raises `HistoryCut` and `Unreadable`, the same ones again whenever it is called after.
        """
        if self.broken is not None:
            raise self.broken
        try:
            fetched = await self._client.getmany(timeout_ms=int(wait * 1000), max_records=at_most)
        except OffsetOutOfRangeError as error:
            await self._out_of_range(error)
            return []
        except Refetch as error:
            log.info("%s reads again from what it holds: %s", self._name, error)
            self._seek()
            return []
        except (KafkaError, OSError) as error:
            await self._troubled(error)
            return []
        self.trouble = None if fetched else self._silence()
        self._pause = _FIRST_PAUSE
        batches = []
        try:
            for partition, records in fetched.items():
                batch = self._take((partition.topic, partition.partition), records)
                if batch is not None:
                    batches.append(batch)
        except (HistoryCut, Unreadable) as error:
            self.broken = error
            raise
        return batches

    def next_offset(self, place: Place) -> int:
        """The offset that is read next: all before it, void records too, has been judged."""
        return self._folds[place].next_offset

    async def ends(self) -> dict[Place, int]:
        """The ends of the partitions as the broker tells them now."""
        return await self._until_done(self._ends)

    def reached(self, ends: Mapping[Place, int]) -> bool:
        """Whether everything before these ends has been read."""
        return all(self._folds[place].next_offset >= end for place, end in ends.items())

    @property
    def _client(self) -> Consumer:
        if self._consumer is None:
            raise RuntimeError(f"{self._name} is not open")
        return self._consumer

    def _seek(self) -> None:
        for partition in self._partitions:
            fold = self._folds[partition.topic, partition.partition]
            self._client.seek(partition, fold.begin())

    def _take(self, place: Place, fetched: Iterable[Any]) -> Batch | None:
        fold = self._folds[place]
        run = self._open.get(place, [])
        closed = 0
        for one in fetched:
            record = fold.take(LogRecord.of(one))
            if record is not None:
                run.append(record)
                if record.ends_batch:
                    closed = len(run)
        self._open[place] = run[closed:]
        if not closed or fold.checkpoint is None:
            return None
        events, decisions = [], []
        for record in run[:closed]:
            if not record.is_internal:
                events.append(record)
            elif record.is_decided:
                decisions.append(record)
        return Batch(*place, events, decisions, fold.checkpoint)

    async def _ends(self) -> dict[Place, int]:
        ends = await self._client.end_offsets(self._partitions)
        return {(one.topic, one.partition): end for one, end in ends.items()}

    async def _join(self) -> None:
        """Hold the last valid record that ends a batch, in every partition that has one."""
        missing = {place: end for place, end in (await self._ends()).items() if end}
        window = _WINDOW
        while missing:
            found = await self._last_valid(missing, window)
            for place, record in found.items():
                held = Checkpoint(_JOINED, record.offset, record.id)
                self._folds[place] = PartitionFold(*place, held)
            missing = {
                place: end for place, end in missing.items() if place not in found and end > window
            }
            window *= 8

    async def _last_valid(self, ends: Mapping[Place, int], window: int) -> dict[Place, LogRecord]:
        """The last valid record that ends a batch among the `window` records before each end."""
        for place, end in ends.items():
            self._client.seek(TopicPartition(*place), max(0, end - window))
        found: dict[Place, LogRecord] = {}
        reading = set(ends)
        while reading:
            fetched = await self._client.getmany(timeout_ms=1000, max_records=AT_ONCE)
            for partition, records in fetched.items():
                place = (partition.topic, partition.partition)
                for record in map(LogRecord.of, records):
                    if record.ends_batch and claim_holds(record):
                        found[place] = record
                if place in reading and records[-1].offset + 1 >= ends[place]:
                    reading.discard(place)
        return found

    def _silence(self) -> str | None:
        """What to say of a broker that has not even answered that there is nothing."""
        polled = (self._client.last_poll_timestamp(each) for each in self._partitions)
        last = max((each for each in polled if each), default=None)
        silent = 0.0 if last is None else time() - last / 1000
        return f"no answer from the broker for {silent:.0f} s" if silent > _SILENT else None

    async def _out_of_range(self, error: OffsetOutOfRangeError) -> None:
        """Tell a log that lost its beginning from an end that has not been read far enough."""
        try:
            begins = await self._client.beginning_offsets(self._partitions)
        except (KafkaError, OSError) as other:
            await self._troubled(other)
            return
        for partition, begin in begins.items():
            fold = self._folds[partition.topic, partition.partition]
            if begin > max(fold.last_offset, 0):
                self.broken = fold.cut(f"the log begins at {begin}")
                raise self.broken
        # The end may be an old leader's: it is no proof of a cut, so it is read again.
        await self._troubled(error)
        self._seek()

    async def _troubled(self, error: Exception) -> None:
        self.trouble = f"{type(error).__name__}: {error}"
        log.warning("%s waits: %s", self._name, self.trouble)
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    async def _until_done(self, action: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await action()
            except (KafkaError, OSError) as error:
                await self._troubled(error)
