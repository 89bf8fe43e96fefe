"""One tail of the event logs for all who follow them in a process.

A record is fetched and decoded once, however many follow. Each partition has a ring of its latest
records; a follower reads from it, or by a consumer of its own what the ring does not hold any more.
Whenever the connection or a leader changes, or an error comes, followers read again from what they
hold (rule 4): what was shared before is no proof of what the log holds now.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.errors import KafkaError

from shared.eventing.clients import consumer, started
from shared.eventing.following import Follower
from shared.eventing.reader import AT_ONCE, Consumer, Tail
from shared.eventing.ring import Ring
from shared.eventing.wire import LogRecord

log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0

Moved = Callable[[Any, Iterable[TopicPartition]], bool]
"""Whether a consumer reads some of these over another connection than when last asked."""


class SharedTailEnded(Exception):
    """The shared tail has ended: nobody who follows it can go on."""


class SharedTail:
    """Reads all partitions that are followed, from where their ends are when they are joined."""

    def __init__(
        self,
        bootstrap: str,
        *,
        client_id: str = "okr-tail",
        make: Callable[..., Consumer] = consumer,
        moved: Moved | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._name = client_id
        self._make = make
        self._moved = moved or Connections().moved
        self._followers: dict[Follower, frozenset[TopicPartition]] = {}
        self._rings: dict[TopicPartition, Ring] = {}
        self._client: Consumer | None = None
        self._connected = asyncio.Event()
        self._wanted = asyncio.Event()
        self._placed = asyncio.Event()
        self._ended = False
        self._loop: asyncio.Task[None] | None = None
        self._answered_at: int | None = None
        self._pause = _FIRST_PAUSE
        self.generation = 0
        """Counts how often followers had to read again from what they hold."""

    async def start(self) -> None:
        """Begin to read in the background; never waits for the broker."""
        self._loop = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Let go of the connection; whoever still follows is told."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.wait([self._loop])

    async def watch(self) -> None:
        """Wait until it ends; raises what ended it."""
        if self._loop is not None:
            await asyncio.shield(self._loop)

    def tail(self, *args: Any, **options: Any) -> Tail:  # noqa: ANN401 - those of `Tail`
        """A `Tail` that reads along here."""
        return Tail(*args, make=self.follower, **options)

    def follower(self, bootstrap: str, *, client_id: str) -> Follower:
        """Stands for a consumer of one's own, which reads alone only what is not shared."""
        return Follower(self, lambda: self._make(bootstrap, client_id=client_id), client_id)

    async def client(self) -> Consumer:
        """The connected consumer, for questions; waits for as long as the broker is away."""
        await self._connected.wait()
        self.check()
        if self._client is None:
            raise SharedTailEnded(self._name)
        return self._client

    def check(self) -> None:
        """Raise `SharedTailEnded` once nothing is read any more."""
        if self._ended:
            raise SharedTailEnded(self._name)

    def join(self, follower: Follower, partitions: Iterable[TopicPartition]) -> None:
        """Have a follower woken when something comes in these."""
        self._followers[follower] = frozenset(partitions)
        self._wanted.set()

    def leave(self, follower: Follower) -> None:
        """Wake this follower no more."""
        self._followers.pop(follower, None)
        self._wanted.set()

    def ring(self, partition: TopicPartition) -> Ring | None:
        """What is shared of a partition; None while its end is not known."""
        return self._rings.get(partition)

    def answered_at(self, partition: TopicPartition) -> int | None:
        """When the broker last answered, in milliseconds."""
        if self._client is None or partition not in self._rings:
            return self._answered_at
        return self._client.last_poll_timestamp(partition) or self._answered_at

    async def _run(self) -> None:
        try:
            self._client = client = await started(self._new, what=self._name)
            self._connected.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._place(client))
                group.create_task(self._read(client))
        finally:
            self._ended = True
            self._connected.set()
            self._wake(self._followers)
            if self._client is not None:
                await self._client.stop()

    def _new(self) -> Consumer:
        return self._make(self._bootstrap, client_id=self._name)

    async def _read(self, client: Consumer) -> None:
        while True:
            await self._placed.wait()
            try:
                fetched = await client.getmany(timeout_ms=1000, max_records=AT_ONCE)
            except (KafkaError, OSError) as error:
                await self._begin_anew(error)
                continue
            if self._moved(client, self._rings):
                self._read_again(client)
            elif fetched:
                self._pause = _FIRST_PAUSE
                self._share(fetched)

    def _share(self, fetched: Mapping[TopicPartition, list[Any]]) -> None:
        for partition, records in fetched.items():
            ring = self._rings.get(partition)
            if ring is not None and records:
                ring.add([LogRecord.of(record) for record in records])
        self._wake(f for f, followed in self._followers.items() if not followed.isdisjoint(fetched))

    def _read_again(self, client: Consumer) -> None:
        """What was fetched in this moment is fetched again: followers have to compare first."""
        log.info("%s: the connection is another, all is read again from what is held", self._name)
        for partition, ring in self._rings.items():
            ring.clear()
            client.seek(partition, ring.end)
        self._next_generation()

    async def _begin_anew(self, error: Exception) -> None:
        """Give up all places; followers read alone, and see for themselves what is true of them."""
        log.warning("%s begins anew: %s: %s", self._name, type(error).__name__, error)
        self._answered_at = max(
            (at for each in self._rings if (at := self.answered_at(each))), default=None
        )
        self._rings = {}
        self._placed.clear()
        self._next_generation()
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._wanted.set()

    def _next_generation(self) -> None:
        self.generation += 1
        self._wake(self._followers)

    def _wake(self, followers: Iterable[Follower]) -> None:
        for each in followers:
            each.wake()

    async def _place(self, client: Consumer) -> None:
        """Find the ends of what is newly followed; nothing that is read waits for it."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            wanted = frozenset[TopicPartition]().union(*self._followers.values())
            missing: dict[str, list[TopicPartition]] = {}
            for partition in sorted(wanted - self._rings.keys()):
                missing.setdefault(partition.topic, []).append(partition)
            unfollowed = self._rings.keys() - wanted
            if unfollowed and wanted:
                self._rings = {p: ring for p, ring in self._rings.items() if p in wanted}
                self._assign(client)
            # Each topic for itself: one that is not there yet keeps nobody else waiting.
            await asyncio.gather(*(self._locate(client, some) for some in missing.values()))

    async def _locate(self, client: Consumer, partitions: list[TopicPartition]) -> None:
        generation = self.generation
        try:
            ends = await client.end_offsets(partitions)
        except (KafkaError, OSError) as error:
            log.warning("%s does not know the ends yet: %s", self._name, error)
            await asyncio.sleep(_LONGEST_PAUSE)
            self._wanted.set()
            return
        if generation != self.generation:
            self._wanted.set()
            return
        self._rings |= {partition: Ring(end) for partition, end in ends.items()}
        self._assign(client)
        self._wake(self._followers)

    def _assign(self, client: Consumer) -> None:
        client.assign(list(self._rings))
        for partition, ring in self._rings.items():
            client.seek(partition, ring.end)
        if self._rings:
            self._placed.set()


class Connections:
    """Notices when partitions come to be read over another connection, or from another leader."""

    def __init__(self) -> None:
        self._seen: dict[TopicPartition, tuple[int, Any]] = {}

    def moved(self, client: Any, partitions: Iterable[TopicPartition]) -> bool:  # noqa: ANN401 - aiokafka's
        """Whether any did since it was asked last; reading that merely rests does not count."""
        inner = client._client  # noqa: SLF001 - aiokafka tells of no reconnection in public
        moved = False
        for partition in partitions:
            leader = inner.cluster.leader_for_partition(partition)
            connection = inner._conns.get((leader, ConnectionGroup.DEFAULT))  # noqa: SLF001
            if connection is not None:
                now = (leader, connection)
                if self._seen.setdefault(partition, now) != now:
                    self._seen[partition] = now
                    moved = True
        return moved
