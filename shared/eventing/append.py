"""The append (rules 2 and 3): one RecordBatch, a compare-and-set by claim, three outcomes."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from shared.eventing.clients import discard, started
from shared.eventing.drafts import Draft

log = logging.getLogger(__name__)

PATIENCE: Final = 10.0
"""Seconds after which an append without an answer counts as unknown."""

_NO_OFFSET: Final = -1


@dataclass(frozen=True, slots=True)
class Landed:
    """The batch lies where it claimed; `timestamp_ms` is the broker time of its records."""

    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody else wrote in between: the batch lies at `base` and is void whole."""

    base: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, none in time, or one without an offset: it may have landed, or still will."""

    reason: str


Outcome: TypeAlias = Landed | Elsewhere | Unknown


class BatchTooLarge(Exception):
    """A run was closed too late to fit into one RecordBatch: a defect, never to be retried."""


def as_one_batch(builder: BatchBuilder, drafts: Sequence[Draft]) -> BatchBuilder:
    """Rule 2: a run is appended as one RecordBatch, whole or not at all."""
    for draft in drafts:
        added = builder.append(
            timestamp=None, key=draft.key, value=draft.value, headers=draft.headers
        )
        if added is None:
            raise BatchTooLarge(f"{len(drafts)} records do not fit into one batch")
    builder.close()
    return builder


class Appender:
    """Appends batches to the partitions of one topic.

    One producer serves them all; any doubt about any append replaces it, so that nothing it still
    retries can be taken for the answer to a later append. The partitions that had an append in
    flight with it are told `Unknown`.
    """

    def __init__(
        self, topic: str, make: Callable[[], AIOKafkaProducer], *, patience: float = PATIENCE
    ) -> None:
        self._topic = topic
        self._make = make
        self._patience = patience
        self._producer: asyncio.Task[AIOKafkaProducer] | None = None
        self._in_flight: set[int] = set()

    def may_append(self, partition: int) -> bool:
        """Rule 2: never a second append in flight for a partition."""
        return partition not in self._in_flight

    async def append(self, partition: int, drafts: Sequence[Draft], claim: int) -> Outcome:
        """Append `drafts`, which claim `claim` and what follows it; waits at most the patience.

        Raises `BatchTooLarge` for a run that was closed too late. When it is cancelled, what was
        sent may land: whoever cancels folds to the end before the next append.
        """
        if not self.may_append(partition):
            raise RuntimeError(f"{self._topic}/{partition} has an append in flight")
        self._in_flight.add(partition)
        try:
            return await self._append(partition, drafts, claim)
        finally:
            self._in_flight.discard(partition)

    async def stop(self) -> None:
        """Let go of the producer at once; what is in flight becomes unknown."""
        task, self._producer = self._producer, None
        if task is not None:
            await _let_go(task)

    async def _append(self, partition: int, drafts: Sequence[Draft], claim: int) -> Outcome:
        task = self._producer or self._connect()
        try:
            async with asyncio.timeout(self._patience):
                client = await asyncio.shield(task)
                batch = as_one_batch(client.create_batch(), drafts)
                landed = await (await client.send_batch(batch, self._topic, partition=partition))
        except (KafkaError, OSError, TimeoutError) as error:
            await self._replace(task)
            return Unknown(f"{type(error).__name__}: {error}")
        except asyncio.CancelledError:
            await self._replace(task)
            raise
        if landed is None or landed.offset == _NO_OFFSET or landed.timestamp is None:
            await self._replace(task)
            return Unknown("the answer has no offset")
        if landed.offset != claim:
            return Elsewhere(landed.offset)
        return Landed(landed.timestamp)

    def _connect(self) -> asyncio.Task[AIOKafkaProducer]:
        self._producer = asyncio.create_task(started(self._make, what=f"owner of {self._topic}"))
        return self._producer

    async def _replace(self, doubted: asyncio.Task[AIOKafkaProducer]) -> None:
        # Several partitions may come to doubt the same producer; the first one replaces it.
        if self._producer is doubted:
            self._producer = None
            await _let_go(doubted)


async def _let_go(task: asyncio.Task[AIOKafkaProducer]) -> None:
    if task.done() and not task.cancelled() and task.exception() is None:
        await discard(task.result())
    else:
        task.cancel()
        await asyncio.wait([task])
