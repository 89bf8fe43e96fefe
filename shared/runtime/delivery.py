"""FastStream's broker with every unsafe default set, and the groups that hear events through it."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import BaseMiddleware
from faststream.kafka import KafkaBroker
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
_POLL_MS: Final = 20
_DRAIN: Final = 5.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class ValidOnly(BaseMiddleware[Any, Any]):
    """Drops void and internal records, and binds the context that log lines carry."""

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:  # noqa: ANN401 - FastStream's
        """Pass on what counts; a batch without any is done as it is."""
        records = [LogRecord.of(each) for each in msg.raw_message]
        msg.body = [r for r in records if claim_holds(r) and not r.is_internal]
        if not msg.body:
            return None
        first = msg.body[0]
        with structlog.contextvars.bound_contextvars(
            topic=first.topic, partition=first.partition, offset=first.offset
        ):
            return await call_next(msg)


class Delivery:
    """The groups of a process: each carrier hears its events, and commits behind its answers."""

    def __init__(self, bootstrap: str, *, client_id: str) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._groups: list[tuple[Carrier, Sequence[str], Light]] = []
        self._subscribers: dict[str, Any] = {}

    def add(self, group: Carrier, hears: Sequence[type[Any]], light: Light) -> None:
        """Have a carrier hear these events, in the consumer group of its name."""
        self._groups.append((group, topics_of(hears), light))

    async def run(self) -> None:
        """Deliver until cancelled; waits while the broker is away."""
        if not self._groups:
            await asyncio.Event().wait()
        broker = await self._started()
        try:
            for _, _, light in self._groups:
                light.ready()
            await asyncio.Event().wait()
        finally:
            await broker.stop()

    def probes(self) -> dict[str, Probe]:
        """Group → how far it has dealt with its topics."""
        return {
            carrier.name: partial(self._dealt_with, carrier, topics)
            for carrier, topics, _ in self._groups
        }

    async def _started(self) -> KafkaBroker:
        pause = _FIRST_PAUSE
        while True:
            broker = self._broker()
            try:
                await broker.start()
            except (KafkaError, OSError) as error:
                await broker.stop()
                reason = f"waits for the broker: {type(error).__name__}: {error}"
                for _, _, light in self._groups:
                    light.not_ready(reason)
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
            logger=logging.getLogger("faststream"),
            # Every message would be a line; only what goes wrong is worth one.
            log_level=logging.DEBUG,
        )
        for carrier, topics, _ in self._groups:
            subscriber = broker.subscriber(
                *topics,
                group_id=carrier.name,
                batch=True,
                max_records=MOST_RECORDS,
                batch_timeout_ms=_POLL_MS,
                auto_offset_reset="earliest",
                ack_policy=AckPolicy.NACK_ON_ERROR,
                decoder=_as_it_is,
                no_reply=True,
            )
            subscriber(carrier.take)
            self._subscribers[carrier.name] = subscriber
        return broker

    async def _dealt_with(self, carrier: Carrier, topics: Sequence[str]) -> Vector | None:
        subscriber = self._subscribers.get(carrier.name)
        consumer = None if subscriber is None else subscriber.consumer
        if consumer is None:
            return None
        try:
            vector = {
                topic: {
                    number: await consumer.position(TopicPartition(topic, number))
                    for number in range(PARTITIONS)
                }
                for topic in topics
            }
        except (KafkaError, IllegalStateError):
            return None
        # Asked last: what was fetched while we looked is in hand now.
        return None if carrier.busy else vector


def topics_of(hears: Sequence[type[Any]]) -> list[str]:
    """The event topics on which these classes travel."""
    services = [name for name, classes in EVENTS.items() if set(hears) & set(classes)]
    if not services:
        raise ValueError(f"nobody says any of {[cls.__name__ for cls in hears]}")
    return [events_topic(name) for name in services]


async def _as_it_is(message: Any) -> Any:  # noqa: ANN401 - FastStream's
    return message.body
