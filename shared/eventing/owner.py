"""The owner: a member of the group `<service>.owner` that decides the partitions it is given.

What is of aiokafka's making stands here (rule 11): pause first when partitions are assigned, then
recover each in a task of its own, seek, resume; drain when they are revoked. What is decided, and
when it is true, stands in partition.py.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from shared.eventing import eventlog
from shared.eventing.append import PATIENCE
from shared.eventing.clients import consumer, producer, started
from shared.eventing.eventlog import KafkaEventLog, LogUnavailable, OutOfRange
from shared.eventing.fingerprint import fingerprint_of
from shared.eventing.inbox import Inbox
from shared.eventing.partition import PartitionOwner
from shared.eventing.reader import Tail
from shared.eventing.reference import ReferenceView, ViewStopped
from shared.eventing.snapshots import NoSnapshots, Snapshots
from shared.eventing.topics import commands_topic, events_topic
from shared.eventing.wire import LogRecord
from shared.events.deciding import Decider

log = logging.getLogger(__name__)

S = TypeVar("S")
R = TypeVar("R")

_DRAIN: Final = 5.0
_HINT_EVERY: Final = 5.0
_PAUSE: Final = 0.5


class _Commands:
    """The command topic as the inboxes see it, by the consumer that is in the group."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.consumer: AIOKafkaConsumer | None = None

    async def bounds(self, partition: int) -> tuple[int, int]:
        return await eventlog.bounds(self._connected, self._place(partition))

    def seek(self, partition: int, offset: int) -> None:
        client, place = self._connected, self._place(partition)
        try:
            client.seek(place, offset)
            client.resume(place)
        except IllegalStateError as error:
            raise LogUnavailable(f"{place} is not ours any more") from error

    def pause(self, partition: int) -> None:
        # A partition that was just revoked flows no more anyway.
        with contextlib.suppress(IllegalStateError):
            self._connected.pause(self._place(partition))

    def resume(self, partition: int) -> None:
        with contextlib.suppress(IllegalStateError):
            self._connected.resume(self._place(partition))

    @property
    def _connected(self) -> AIOKafkaConsumer:
        if self.consumer is None:
            raise LogUnavailable(f"{self._topic} is not connected yet")
        return self.consumer

    def _place(self, partition: int) -> TopicPartition:
        return TopicPartition(self._topic, partition)


class Owner(ConsumerRebalanceListener, Generic[S, R]):  # type: ignore[misc]
    """Decides the commands of one service, as many partitions of them as the group gives it."""

    def __init__(
        self,
        decider: Decider[S, R],
        *,
        bootstrap: str,
        snapshots: Snapshots | None = None,
        patience: float = PATIENCE,
        make_tail: Callable[..., Tail] = Tail,
    ) -> None:
        name = f"okr-{decider.service}-owner"
        self._decider = decider
        self._name = name
        self._topic = commands_topic(decider.service)
        self._snapshots = snapshots or NoSnapshots()
        self._fingerprint = fingerprint_of(decider)
        self._view = ReferenceView(decider, bootstrap, make=make_tail)
        self._commands = _Commands(self._topic)
        self._log = KafkaEventLog(
            events_topic(decider.service),
            lambda: producer(bootstrap, client_id=name),
            lambda: consumer(
                bootstrap,
                client_id=f"{name}-log",
                fetch_max_wait_ms=50,
                max_partition_fetch_bytes=256 * 1024,
            ),
            patience=patience,
        )
        self._make_consumer = lambda: consumer(
            bootstrap,
            client_id=name,
            group=f"{decider.service}.owner",
            # A few runs a partition: what lies here longer is only memory to be looked after.
            max_partition_fetch_bytes=256 * 1024,
        )
        self._partitions: dict[int, PartitionOwner[S, R]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ended: asyncio.Future[None] | None = None
        self._trouble: str | None = "not started"

    async def run(self) -> None:
        """Decide until cancelled; raises what must stop the process.

        Waits while the broker is away, and goes on by itself when it is back. When cancelled it
        ends the runs in flight and leaves the group.
        """
        self._ended = asyncio.get_running_loop().create_future()
        view = self._watched(self._keep_view())
        loops = [view]
        try:
            self._trouble = "waits for the broker"
            await self._log.start()
            client = await started(self._make_consumer, what=self._name)
            self._commands.consumer = client
            client.subscribe(topics=[self._topic], listener=self)
            self._trouble = None
            loops += [self._watched(self._fetch(client)), self._watched(self._hint(client))]
            await self._ended
        finally:
            await self._wind_up(loops)

    @property
    def view(self) -> ReferenceView[R]:
        """The reference view that its runs are decided at; reactions here read it too."""
        return self._view

    def status(self) -> dict[str, Any]:
        """What `/readyz` and `okr status` tell: `ready`, and why not."""
        partitions = {number: owner.figures() for number, owner in self._owned()}
        why = [self._trouble] if self._trouble else []
        if self._view.trouble:
            why.append(f"reference views: {self._view.trouble}")
        why += [f"partition {n}: {p['why']}" for n, p in partitions.items() if p["why"]]
        return {
            "service": self._decider.service,
            "ready": not why,
            "why": why,
            "fingerprint": self._fingerprint,
            "partitions": partitions,
        }

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause first; then recover in tasks, which seek and resume."""
        places = list(assigned)
        if self._commands.consumer is not None:
            self._commands.consumer.pause(*places)
        numbers = {place.partition for place in places}
        # A kept partition's state survives a rebalance; that of a lost one would only grow old.
        self._partitions = {n: self._partitions.get(n) or self._new(n) for n in numbers}
        for number, owner in self._owned():
            self._tasks[number] = self._watched(owner.run())
        log.info("%s owns partitions %s", self._name, sorted(numbers))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002
        """Drain: the runs in flight are ended, nothing new is begun."""
        await self._drain()

    def _owned(self) -> list[tuple[int, PartitionOwner[S, R]]]:
        return sorted(self._partitions.items())

    def _new(self, partition: int) -> PartitionOwner[S, R]:
        return PartitionOwner(
            self._decider,
            partition,
            log=self._log,
            inbox=Inbox(self._commands, partition),
            view=self._view,
            snapshots=self._snapshots,
            fingerprint=self._fingerprint,
        )

    async def _drain(self) -> None:
        tasks, self._tasks = self._tasks, {}
        for number, task in tasks.items():
            if self._partitions[number].standing.serving:
                self._partitions[number].drain()
            else:
                task.cancel()
        if not tasks:
            return
        _, late = await asyncio.wait(tasks.values(), timeout=_DRAIN)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _fetch(self, client: AIOKafkaConsumer) -> None:
        """The one loop that fetches: everything goes to the inboxes at once."""
        while True:
            try:
                fetched = await client.getmany(timeout_ms=1000)
            except NoOffsetForPartitionError:
                # A partition that nobody has sought yet; its recovery will.
                continue
            except OffsetOutOfRangeError as error:
                for place in error.args[0]:
                    self._inbox(place).fail(OutOfRange(f"{place} has no such offset"))
            except (KafkaError, OSError) as error:
                self._trouble = f"{type(error).__name__}: {error}"
                log.warning("%s: %s", self._name, self._trouble)
                await asyncio.sleep(_PAUSE)
            else:
                self._trouble = None
                for place, records in fetched.items():
                    self._inbox(place).deliver([LogRecord.of(record) for record in records])

    def _inbox(self, place: TopicPartition) -> Inbox:
        owner = self._partitions.get(place.partition) or self._new(place.partition)
        return owner.inbox

    async def _hint(self, client: AIOKafkaConsumer) -> None:
        """Commit how far was decided: a hint for people and lag figures, nothing resumes there."""
        while True:
            await asyncio.sleep(_HINT_EVERY)
            offsets = {
                TopicPartition(self._topic, number): owner.upto + 1
                for number, owner in self._owned()
                if owner.standing.serving
            }
            if offsets:
                with contextlib.suppress(KafkaError, OSError):
                    await client.commit(offsets)

    async def _keep_view(self) -> None:
        """Keep the reference view moving; what ends it ends the serving of every partition."""
        try:
            await self._view.run()
        except ViewStopped as error:
            log.critical("%s has no reference view any more: %s", self._name, error)
            for _, owner in self._owned():
                owner.inbox.close(error)

    def _watched(self, loop: Any) -> asyncio.Task[None]:  # noqa: ANN401 - any coroutine
        """A task whose unexpected end ends `run`: a loop that dies silently is an outage."""
        task: asyncio.Task[None] = asyncio.create_task(loop)
        task.add_done_callback(self._watch)
        return task

    def _watch(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)

    async def _wind_up(self, loops: list[asyncio.Task[None]]) -> None:
        self._trouble = "ended"
        await self._drain()
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops)
        client, self._commands.consumer = self._commands.consumer, None
        if client is not None:
            with contextlib.suppress(KafkaError, OSError):
                await client.stop()
        await self._log.stop()
