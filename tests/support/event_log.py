"""Event logs for tests: partitions written as their owner would, in memory or on the broker."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from shared.eventing.append import Appender, Landed
from shared.eventing.clients import producer
from shared.eventing.drafts import Draft, event_draft, event_id, internal_draft
from shared.eventing.positions import Checkpoint
from shared.eventing.reader import Batch
from shared.eventing.topics import events_topic
from shared.eventing.wire import LogRecord
from shared.events.deciding import SYSTEM, Recorded
from shared.events.event import Event
from shared.events.internal import Decided, LogOpened

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)


class PartitionLog:
    """What the owner of one partition appends: right claims, a chain, `Decided` behind each run."""

    def __init__(self, service: str, partition: int) -> None:
        self.service = service
        self.topic = events_topic(service)
        self.partition = partition
        self.offset = 0
        self.prev = ""
        self.log_id = str(uuid4())
        self.sequences: dict[str, int] = {}
        self.commands = 0

    def opened(self) -> list[Draft]:
        return [self._internal(LogOpened(log_id=self.log_id, partitions=12))]

    def said(
        self, *events: Event, at: datetime = BEGIN, command: str | None = None, **closing: Any
    ) -> list[Draft]:
        """One command's events and the `Decided` that closes the run."""
        command = command or str(uuid4())
        said = [self._event(event, command, index, at) for index, event in enumerate(events)]
        self.commands += 1
        return [*said, self.decided(command, **closing)]

    def run(self, *events: Event, at: datetime = BEGIN) -> list[Draft]:
        """A run of commands that said one event each, closed by one `Decided`."""
        said = []
        for event in events:
            self.commands += 1
            said.append(self._event(event, str(uuid4()), 0, at))
        return [*said, self.decided(str(uuid4()))]

    def decided(self, command: str, **closing: Any) -> Draft:
        return self._internal(
            Decided(upto=self.commands, command=command, fingerprint="test", **closing)
        )

    def void(self, *events: Event, at: datetime = BEGIN) -> list[Draft]:
        """A zombie's run, written at a place that was taken: void whole."""
        zombie = PartitionLog(self.service, self.partition)
        zombie.offset, zombie.prev = self.offset - 1, self.prev
        drafts = zombie.run(*events, at=at)
        self.offset += len(drafts)
        return drafts

    def _event(self, event: Event, command: str, index: int, at: datetime) -> Draft:
        sequence = self.sequences[event.stream] = self.sequences.get(event.stream, 0) + 1
        recorded = Recorded(
            id=event_id(command, index),
            event=event,
            stream=event.stream,
            sequence=sequence,
            at=at,
            actor=SYSTEM,
            correlation=command,
            causation=command,
        )
        draft = event_draft(
            self.service, recorded, at=self.offset, prev=self.prev, src=self.commands, extras=[]
        )
        return self._written(draft)

    def _internal(self, record: Decided | LogOpened) -> Draft:
        draft = internal_draft(
            self.service,
            record,
            partition=self.partition,
            at=self.offset,
            prev=self.prev,
            new_id=str(uuid4()),
        )
        return self._written(draft)

    def _written(self, draft: Draft) -> Draft:
        self.offset += 1
        self.prev = draft.id
        return draft


class MemoryLog:
    """Partitions as lists of records; what a `FakeConsumer` reads."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], list[LogRecord]] = {}
        self.begins: dict[tuple[str, int], int] = {}

    def append(self, log: PartitionLog, drafts: Iterable[Draft]) -> None:
        records = self.records.setdefault((log.topic, log.partition), [])
        for draft in drafts:
            records.append(
                LogRecord(
                    log.topic,
                    log.partition,
                    len(records),
                    1_000,
                    draft.key,
                    draft.value,
                    draft.headers,
                )
            )


@dataclass
class FakeRecord:
    """What aiokafka gives, as far as it is read."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class FakeConsumer:
    """Stands for an `AIOKafkaConsumer` that reads a `MemoryLog`."""

    def __init__(self, log: MemoryLog, at_most: int = 1_000) -> None:
        self.log = log
        self.at_most = at_most
        self.offsets: dict[TopicPartition, int] = {}
        self.errors: list[Exception] = []
        self.stopped = False
        self.polled: int | None = None

    async def start(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    async def stop(self) -> None:
        self.stopped = True

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.offsets = dict.fromkeys(partitions, 0)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.offsets[partition] = offset

    def last_poll_timestamp(self, partition: TopicPartition) -> int | None:
        return self.polled

    async def position(self, partition: TopicPartition) -> int:
        return self.offsets[partition]

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[Any, int]:
        return {p: self.log.begins.get((p.topic, p.partition), 0) for p in partitions}

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[Any, int]:
        return {p: len(self.log.records.get((p.topic, p.partition), ())) for p in partitions}

    async def getmany(
        self, *, timeout_ms: int = 0, max_records: int = 1_000
    ) -> dict[TopicPartition, list[FakeRecord]]:
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        found: dict[TopicPartition, list[FakeRecord]] = {}
        for partition, offset in self.offsets.items():
            place = (partition.topic, partition.partition)
            records = self.log.records.get(place, [])
            if offset > len(records) or offset < self.log.begins.get(place, 0):
                raise OffsetOutOfRangeError({partition: offset})
            some = records[offset : offset + min(self.at_most, max_records)]
            if some:
                self.offsets[partition] = offset + len(some)
                found[partition] = [_as_fetched(record) for record in some]
        if not found:
            await asyncio.sleep(0.001)
        return found


class BrokerLog:
    """Appends to partitions of event logs on the real broker, as owners do."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._appenders: dict[str, Appender] = {}

    async def append(self, log: PartitionLog, drafts: Sequence[Draft]) -> None:
        """Append a run that lands where it claims."""
        assert isinstance(await self._append(log, drafts, log.offset - len(drafts)), Landed)

    async def append_void(self, log: PartitionLog, drafts: Sequence[Draft]) -> None:
        """Append a run that lands elsewhere."""
        assert not isinstance(await self._append(log, drafts, -1), Landed)

    async def stop(self) -> None:
        for appender in self._appenders.values():
            await appender.stop()

    async def _append(self, log: PartitionLog, drafts: Sequence[Draft], claim: int) -> object:
        appender = self._appenders.get(log.topic)
        if appender is None:
            appender = self._appenders[log.topic] = Appender(
                log.topic, lambda: producer(self._bootstrap, client_id="test-log")
            )
        return await appender.append(log.partition, drafts, claim)


def batches_of(records: Sequence[LogRecord], sizes: Iterable[int]) -> list[Batch]:
    """Valid records of one partition cut into batches of so many runs each."""
    runs: list[list[LogRecord]] = [[]]
    for record in records:
        runs[-1].append(record)
        if record.ends_batch:
            runs.append([])
    runs.pop()
    batches = []
    for size in sizes:
        taken, runs = runs[: max(1, size)], runs[max(1, size) :]
        if taken:
            batches.append(_batch([record for run in taken for record in run]))
    if runs:
        batches.append(_batch([record for run in runs for record in run]))
    return batches


def at(minutes: int) -> datetime:
    """An instant so many minutes into the story."""
    return BEGIN + timedelta(minutes=minutes)


def _batch(records: Sequence[LogRecord]) -> Batch:
    last = records[-1]
    return Batch(
        last.topic,
        last.partition,
        [record for record in records if not record.is_internal],
        [record for record in records if record.is_decided],
        Checkpoint("log", last.offset, last.id),
    )


def _as_fetched(record: LogRecord) -> FakeRecord:
    headers = tuple(record.headers.items())
    return FakeRecord(
        record.topic, record.partition, record.offset, 1_000, record.key, record.value, headers
    )
