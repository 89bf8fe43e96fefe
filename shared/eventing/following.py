"""A reader that shares: it stands for a consumer of its own, and is one only while it lags."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.eventing.reader import Consumer, Refetch
from shared.eventing.ring import Ring
from shared.eventing.wire import LogRecord

log = logging.getLogger(__name__)

Found: TypeAlias = dict[TopicPartition, list[LogRecord]]


class Hub(Protocol):
    """What a follower needs of the tail that it shares."""

    generation: int

    async def client(self) -> Consumer: ...  # noqa: D102
    def check(self) -> None: ...  # noqa: D102
    def join(self, follower: "Follower", partitions: Iterable[TopicPartition]) -> None: ...  # noqa: D102
    def leave(self, follower: "Follower") -> None: ...  # noqa: D102
    def ring(self, partition: TopicPartition) -> Ring | None: ...  # noqa: D102
    def answered_at(self, partition: TopicPartition) -> int | None: ...  # noqa: D102


class Follower:
    """Gives the records of its partitions in order, from the rings where they hold them.

    It answers as a `Consumer` does, and holds its positions itself: what either source gave but
    this did not pass on is simply read again.
    """

    def __init__(self, hub: Hub, make: Callable[[], Consumer], name: str) -> None:
        self._hub = hub
        self._news = asyncio.Event()
        self._alone = ReadingAlone(make, self._news.set, name)
        self._positions: dict[TopicPartition, int] = {}
        self._generation = hub.generation

    def wake(self) -> None:
        """Look again: something came, or everything is to be read again."""
        self._news.set()

    async def start(self) -> None:
        """Wait until the shared tail is connected."""
        await self._hub.client()

    async def stop(self) -> None:
        """Follow no more."""
        self._hub.leave(self)
        await self._alone.stop()

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Follow these, each from its beginning until it is sought elsewhere."""
        self._positions = dict.fromkeys(partitions, 0)
        self._generation = self._hub.generation
        self._alone.forget()
        self._hub.join(self, partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from there."""
        self._positions[partition] = offset
        self._alone.forget()

    async def position(self, partition: TopicPartition) -> int:
        """The offset that is given next."""
        return self._positions[partition]

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[Any, int]:
        """As the broker tells them now."""
        return await (await self._hub.client()).beginning_offsets(partitions)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[Any, int]:
        """As the broker tells them now."""
        return await (await self._hub.client()).end_offsets(partitions)

    def last_poll_timestamp(self, partition: TopicPartition) -> int | None:
        """When the broker last answered whoever reads this partition here."""
        alone = None if self._shares(partition) else self._alone.answered_at(partition)
        return alone or self._hub.answered_at(partition)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> Found:
        """What came, at once where there is something; raises what an own consumer would raise.

        Raises `Refetch` where the shared tail may have come to read another log.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_ms / 1000
        while True:
            self._news.clear()
            found = self._found(max_records)
            if found or loop.time() >= until:
                return found
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._news.wait()

    def _found(self, at_most: int) -> Found:
        self._hub.check()
        if self._generation != self._hub.generation:
            self._generation = self._hub.generation
            self._alone.forget()
            raise Refetch("the connection to the broker is another one")
        found: Found = {}
        behind: dict[TopicPartition, int] = {}
        room = at_most
        for partition, offset in self._positions.items():
            ring = self._hub.ring(partition)
            if ring is None or not ring.holds(offset):
                behind[partition] = offset
            elif offset < ring.end and room > 0:
                found[partition] = records = ring.after(offset, room)
                room -= len(records)
        # It may raise; only then does anything count as given.
        found |= self._alone.take(behind)
        for partition, records in found.items():
            self._positions[partition] = records[-1].offset + 1
        still = {p: self._positions[p] for p in behind if not self._shares(p)}
        self._alone.aim(still, at_most)
        return found

    def _shares(self, partition: TopicPartition) -> bool:
        ring = self._hub.ring(partition)
        return ring is not None and ring.holds(self._positions[partition])


class ReadingAlone:
    """A consumer that exists only while there is something to be read that nobody shares."""

    def __init__(self, make: Callable[[], Consumer], wake: Callable[[], None], name: str) -> None:
        self._make = make
        self._wake = wake
        self._name = name
        self._client: Consumer | None = None
        self._starting: asyncio.Task[Consumer] | None = None
        self._fetch: asyncio.Task[dict[TopicPartition, list[Any]]] | None = None
        self._aimed: set[TopicPartition] = set()
        self._ending: set[asyncio.Task[None]] = set()

    def take(self, wanted: Mapping[TopicPartition, int]) -> Found:
        """What has come since for these, from their offsets on; raises what fetching raised."""
        if self._starting is not None and self._starting.done():
            starting, self._starting = self._starting, None
            self._client = starting.result()
        if self._fetch is None or not self._fetch.done():
            return {}
        fetch, self._fetch = self._fetch, None
        found: Found = {}
        for partition, records in fetch.result().items():
            if partition not in wanted:
                # Its place in this consumer is no longer that of the follower.
                self._aimed.discard(partition)
                continue
            some = [LogRecord.of(one) for one in records if one.offset >= wanted[partition]]
            if some:
                found[partition] = some
        return found

    def aim(self, wanted: Mapping[TopicPartition, int], at_most: int) -> None:
        """Read these from there on, in the background; nothing, where none is wanted."""
        if not wanted:
            self._let_go()
        elif self._client is None:
            if self._starting is None:
                self._starting = self._begun(_started(self._make()))
        else:
            new = not wanted.keys() <= self._aimed
            if new or (self._fetch is None and wanted.keys() != self._aimed):
                self.forget()
                self._client.assign(list(wanted))
                for partition, offset in wanted.items():
                    self._client.seek(partition, offset)
                self._aimed = set(wanted)
            if self._fetch is None:
                self._fetch = self._begun(
                    self._client.getmany(timeout_ms=1000, max_records=at_most)
                )

    def forget(self) -> None:
        """Give nothing of what is under way: places have changed."""
        self._aimed = set()
        fetch, self._fetch = self._fetch, None
        _dropped(fetch)

    def answered_at(self, partition: TopicPartition) -> int | None:
        """When the broker last answered this consumer."""
        if self._client is None or partition not in self._aimed:
            return None
        return self._client.last_poll_timestamp(partition)

    async def stop(self) -> None:
        """Let go, and wait until that is done."""
        self._let_go()
        if self._ending:
            await asyncio.wait(self._ending)

    def _begun(self, work: Any) -> asyncio.Task[Any]:  # noqa: ANN401 - any coroutine
        task = asyncio.create_task(work, name=f"{self._name} reads alone")
        task.add_done_callback(lambda _: self._wake())
        return task

    def _let_go(self) -> None:
        self.forget()
        client, self._client = self._client, None
        starting, self._starting = self._starting, None
        if client is None and starting is None:
            return
        ending = asyncio.create_task(_ended(client, starting))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


async def _started(client: Consumer) -> Consumer:
    try:
        await client.start()
    except BaseException:
        await _ended(client, None)
        raise
    return client


async def _ended(client: Consumer | None, starting: asyncio.Task[Consumer] | None) -> None:
    if starting is not None:
        starting.cancel()
        await asyncio.wait([starting])
        if not starting.cancelled() and starting.exception() is None:
            client = starting.result()
    if client is not None:
        try:
            await client.stop()
        except (KafkaError, OSError) as error:
            log.debug("a consumer did not stop cleanly: %s", error)


def _dropped(task: asyncio.Task[Any] | None) -> None:
    """Cancel what nobody waits for any more; how it ends is no lost exception."""
    if task is not None:
        task.cancel()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
