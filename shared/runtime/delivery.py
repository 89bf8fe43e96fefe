"""FastStream's broker with every unsafe default set, and the groups that hear events through it."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import BaseMiddleware
from faststream.kafka import KafkaBroker
from faststream.message import AckStatus
from faststream.middlewares import AckPolicy

from shared.eventing.fold import claim_holds
from shared.eventing.positions import Vector
from shared.eventing.topics import PARTITIONS, events_topic
from shared.eventing.wire import LogRecord
from shared.events.catalogue import EVENTS
from shared.runtime.carrying import Carrier
from shared.runtime.readiness import Light
from shared.runtime.rest import Probe

log = logging.getLogger(__name__)

MOST_RECORDS: Final = 500
COMMIT_EVERY: Final = 1.0
_POLL_MS: Final = 20
_DRAIN: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class ValidOnly(BaseMiddleware[Any, Any]):
    """Drops void and internal records, and binds the context that log lines carry."""

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:  # noqa: ANN401 - FastStream's
        """Pass on what counts, as `msg.body`."""
        records = [LogRecord.of(each) for each in msg.raw_message]
        msg.body = [r for r in records if claim_holds(r) and not r.is_internal]
        first = records[0]
        with structlog.contextvars.bound_contextvars(
            topic=first.topic, partition=first.partition, offset=first.offset
        ):
            return await call_next(msg)


class Group:
    """A carrier as a consumer group: its topics, and when its offsets are worth a commit."""

    def __init__(
        self,
        carrier: Carrier,
        topics: Sequence[str],
        light: Light,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.carrier = carrier
        self.topics = topics
        self.light = light
        self._clock = clock
        self._committed_at = -COMMIT_EVERY

    async def take(self, message: Any) -> None:  # noqa: ANN401 - FastStream's
        """Deal with a batch; it is acked when this returns.

        Offsets are committed behind what was dealt with, and every second behind what this group
        does not hear: each commit costs the broker as much as a write.
        """
        heard = await self.carrier.take(message.body)
        now = self._clock()
        if not heard and now - self._committed_at < COMMIT_EVERY:
            message.committed = AckStatus.ACKED
        else:
            self._committed_at = now


class Delivery:
    """The groups of a process: each carrier hears its events, and commits behind its answers."""

    def __init__(self, bootstrap: str, *, client_id: str) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._groups: list[Group] = []
        self._subscribers: dict[str, Any] = {}

    def add(self, carrier: Carrier, hears: Sequence[type[Any]], light: Light) -> None:
        """Have a carrier hear these events, in the consumer group of its name."""
        self._groups.append(Group(carrier, topics_of(hears), light))

    async def run(self) -> None:
        """Deliver until cancelled; waits while the broker is away."""
        if not self._groups:
            await asyncio.Event().wait()
        broker = await self._started()
        try:
            for group in self._groups:
                group.light.ready()
            await asyncio.Event().wait()
        finally:
            await broker.stop()

    def probes(self) -> dict[str, Probe]:
        """Group → how far it has dealt with its topics."""
        return {group.carrier.name: partial(self._dealt_with, group) for group in self._groups}

    async def _started(self) -> KafkaBroker:
        pause = _FIRST_PAUSE
        while True:
            broker = self._broker()
            try:
                await broker.start()
            except (KafkaError, OSError) as error:
                await broker.stop()
                reason = f"waits for the broker: {type(error).__name__}: {error}"
                for group in self._groups:
                    group.light.not_ready(reason)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return broker

    def _broker(self) -> KafkaBroker:
        broker = KafkaBroker(
            self._bootstrap,
            client_id=self._client_id,
            # Nothing here publishes: reactions ask through the edge. Whoever adds a publisher
            # finds it safe.
            consumer_only=True,
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            graceful_timeout=_DRAIN,
            middlewares=(ValidOnly,),
            apply_types=False,
            logger=_errors_only(),
        )
        for group in self._groups:
            subscriber = broker.subscriber(
                *group.topics,
                group_id=group.carrier.name,
                batch=True,
                max_records=MOST_RECORDS,
                batch_timeout_ms=_POLL_MS,
                auto_offset_reset="earliest",
                ack_policy=AckPolicy.NACK_ON_ERROR,
                decoder=_as_it_is,
                no_reply=True,
            )
            subscriber(group.take)
            self._subscribers[group.carrier.name] = subscriber
        return broker

    async def _dealt_with(self, group: Group) -> Vector | None:
        subscriber = self._subscribers.get(group.carrier.name)
        consumer = None if subscriber is None else subscriber.consumer
        if consumer is None:
            return None
        try:
            vector = {
                topic: {
                    number: await consumer.position(TopicPartition(topic, number))
                    for number in range(PARTITIONS)
                }
                for topic in group.topics
            }
        except (KafkaError, IllegalStateError):
            return None
        # Asked last: what was fetched while we looked is in hand now.
        return None if group.carrier.busy else vector


def topics_of(hears: Sequence[type[Any]]) -> list[str]:
    """The event topics on which these classes travel."""
    services = [name for name, classes in EVENTS.items() if set(hears) & set(classes)]
    if not services:
        raise ValueError(f"nobody says any of {[cls.__name__ for cls in hears]}")
    return [events_topic(name) for name in services]


def _errors_only() -> logging.Logger:
    """A log for FastStream: every message and every start would be a line of it otherwise."""
    quiet = log.getChild("faststream")
    quiet.setLevel(logging.ERROR)
    return quiet


async def _as_it_is(message: Any) -> Any:  # noqa: ANN401 - FastStream's
    """What a handler is given: the message, whose body `ValidOnly` has set."""
    return message
