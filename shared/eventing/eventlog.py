"""The log of one service as its owner uses it: append to it, read it, and know its end."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final, Protocol, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.eventing.append import PATIENCE, Appender, Outcome
from shared.eventing.clients import started
from shared.eventing.drafts import Draft
from shared.eventing.topics import PARTITIONS
from shared.eventing.wire import LogRecord

log = logging.getLogger(__name__)

Pieces: TypeAlias = AsyncGenerator[list[LogRecord], None]

_READ_PATIENCE: Final = 15.0


class LogUnavailable(Exception):
    """The log cannot be read just now: the broker is away, or does not answer in time."""


class OutOfRange(Exception):
    """The log does not hold the offset: it is cut, or an old leader answered."""


class EventLog(Protocol):
    """What the owner of a partition needs of the log; tests put one in memory in its place."""

    async def append(self, partition: int, drafts: Sequence[Draft], claim: int) -> Outcome:
        """Append one batch that claims `claim`; bounded wait, never two at a time a partition."""

    async def bounds(self, partition: int) -> tuple[int, int]:
        """The offset the log begins at and its end, committed records only.

        Raises `LogUnavailable`.
        """

    def read(self, partition: int, start: int, end: int) -> Pieces:
        """All records from `start` to before `end`, in order; must be closed by who reads.

        Raises `LogUnavailable` and `OutOfRange`; waits a bounded time for each piece.
        """


class KafkaEventLog:
    """The event topic of a service: one producer for appends, one consumer for reading back.

    The consumer has every partition assigned and paused; a read lets one partition go for as long
    as it lasts, so that reads of different partitions do not disturb each other.
    """

    def __init__(
        self,
        topic: str,
        make_producer: Callable[[], AIOKafkaProducer],
        make_consumer: Callable[[], AIOKafkaConsumer],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._topic = topic
        self._appender = Appender(topic, make_producer, patience=patience)
        self._make_consumer = make_consumer
        self._consumer: AIOKafkaConsumer | None = None
        self._reading = [asyncio.Lock() for _ in range(PARTITIONS)]

    async def start(self) -> None:
        """Connect the reading side; waits while the broker is away."""
        consumer = await started(self._make_consumer, what=f"reader of {self._topic}")
        partitions = [TopicPartition(self._topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        consumer.pause(*partitions)
        for partition in partitions:
            # A place of its own choice: without one the client would look for committed offsets.
            consumer.seek(partition, 0)
        self._consumer = consumer

    async def stop(self) -> None:
        """Let go of both sides; an append in flight becomes unknown."""
        consumer, self._consumer = self._consumer, None
        await self._appender.stop()
        if consumer is not None:
            await consumer.stop()

    async def append(self, partition: int, drafts: Sequence[Draft], claim: int) -> Outcome:
        """See `EventLog`."""
        return await self._appender.append(partition, drafts, claim)

    async def bounds(self, partition: int) -> tuple[int, int]:
        """See `EventLog`."""
        return await bounds(self._connected, TopicPartition(self._topic, partition))

    async def read(self, partition: int, start: int, end: int) -> Pieces:
        """See `EventLog`."""
        consumer, place = self._connected, TopicPartition(self._topic, partition)
        async with self._reading[partition]:
            consumer.seek(place, start)
            consumer.resume(place)
            wanted = start
            try:
                while wanted < end:
                    records = await _some(consumer, place, end - wanted)
                    wanted = records[-1].offset + 1
                    yield [LogRecord.of(record) for record in records]
            finally:
                consumer.pause(place)
                # What was fetched beyond the end would hold up the other partitions' fetches.
                consumer.seek(place, start)

    @property
    def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise LogUnavailable(f"{self._topic} is not connected yet")
        return self._consumer


async def bounds(consumer: AIOKafkaConsumer, place: TopicPartition) -> tuple[int, int]:
    """The begin and the end of a partition, as committed; raises `LogUnavailable`."""
    try:
        async with asyncio.timeout(_READ_PATIENCE):
            begins = await consumer.beginning_offsets([place])
            ends = await consumer.end_offsets([place])
    except (KafkaError, OSError, TimeoutError) as error:
        raise LogUnavailable(f"{type(error).__name__}: {error}") from error
    return begins[place], ends[place]


async def _some(consumer: AIOKafkaConsumer, place: TopicPartition, most: int) -> list[Any]:
    try:
        fetched = await consumer.getmany(
            place, timeout_ms=int(1000 * _READ_PATIENCE), max_records=most
        )
    except OffsetOutOfRangeError as error:
        raise OutOfRange(str(error)) from error
    except (KafkaError, OSError) as error:
        raise LogUnavailable(f"{type(error).__name__}: {error}") from error
    records: list[Any] = fetched.get(place, [])
    if not records:
        raise LogUnavailable(f"nothing came from {place.topic}/{place.partition} in time")
    return records
