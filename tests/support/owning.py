"""Owners of a service of a test's own, in this process and in others, and the logs they wrote."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiokafka import TopicPartition

from shared.eventing.clients import consumer, started
from shared.eventing.commands import CommandRecord, CommandWriter
from shared.eventing.owner import Owner
from shared.eventing.positions import Position
from shared.eventing.snapshots import Snapshots
from shared.eventing.topics import PARTITIONS, commands_topic, ensure_topics, events_topic
from shared.eventing.wire import LogRecord
from shared.events.deciding import Actor
from tests.support.history import History, history_of
from tests.support.tally import Count, Counted, Tally, topics_of

ROOT = Path(__file__).parents[2]
LONGEST_WAIT = 60.0

TallyOwner = Owner[Counted, dict[str, int]]


async def until(condition: Callable[[], bool], what: str, wait: float = LONGEST_WAIT) -> None:
    """Wait for a condition; fails, naming it, when it does not come true."""
    try:
        async with asyncio.timeout(wait):
            while not condition():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it never came true that {what}") from None


def serves_all(owner: TallyOwner) -> bool:
    status = owner.status()
    return bool(status["ready"]) and len(status["partitions"]) == PARTITIONS


@asynccontextmanager
async def running(owner: TallyOwner) -> AsyncIterator[TallyOwner]:
    """An owner in this process, from when it serves all partitions."""
    task = asyncio.create_task(owner.run())
    try:
        await until(lambda: serves_all(owner) or task.done(), "the owner serves")
        if task.done():
            task.result()
        yield owner
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class TallyService:
    """A service of its own, with its topics, on a real broker."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.name = f"{prefix}tally"
        self.writer = CommandWriter(bootstrap=bootstrap, client_id=f"{self.name}-writer")

    async def start(self, *heard: str) -> None:
        await ensure_topics(self.bootstrap, topics=topics_of(self.name, *heard))
        await self.writer.start()

    async def stop(self) -> None:
        await self.writer.stop()

    def owner(self, snapshots: Snapshots | None = None, hears: tuple[str, ...] = ()) -> TallyOwner:
        return Owner(Tally(self.name, hears), bootstrap=self.bootstrap, snapshots=snapshots)

    def command(self, objective: str, times: int = 1, id: str | None = None) -> CommandRecord:  # noqa: A002
        return CommandRecord(
            id or str(uuid.uuid4()), self.name, Count(objective_id=objective, times=times),
            Actor("me"),
        )  # fmt: skip

    async def count(self, objective: str, times: int = 1) -> Position:
        return await self.writer.write(self.command(objective, times))

    async def records(self, topic: str) -> dict[int, list[LogRecord]]:
        """Every record of a topic, by partition."""
        return await records_of(self.bootstrap, topic)

    async def histories(self) -> dict[int, History]:
        """The history that each partition tells; fails where it breaks a promise."""
        events = await self.records(events_topic(self.name))
        commands = await self.records(commands_topic(self.name))
        return {n: history_of(events[n], commands[n]) for n in range(PARTITIONS)}

    async def all_decided(self, written: Iterable[Position]) -> dict[int, History]:
        """Wait until all these commands are decided; gives the histories."""
        last: dict[int, int] = {}
        for position in written:
            last[position.partition] = max(position.offset, last.get(position.partition, -1))
        async with asyncio.timeout(LONGEST_WAIT):
            while True:
                histories = await self.histories()
                if all(histories[n].answered >= offset for n, offset in last.items()):
                    return histories
                await asyncio.sleep(0.1)


async def records_of(bootstrap: str, topic: str) -> dict[int, list[LogRecord]]:
    """Every record of a topic, by partition."""
    client = await started(lambda: consumer(bootstrap, client_id="test-reader"), what="test")
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    found: dict[int, list[LogRecord]] = {number: [] for number in range(PARTITIONS)}
    try:
        client.assign(places)
        ends = await client.end_offsets(places)
        for place in places:
            client.seek(place, 0)
        while any(len(found[place.partition]) < ends[place] for place in places):
            fetched = await client.getmany(timeout_ms=1000)
            for place, records in fetched.items():
                found[place.partition] += [LogRecord.of(record) for record in records]
    finally:
        await client.stop()
    return found


class OwnerProcess:
    """An owner in a process of its own, which a test may stop, kill and let go on."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def started(
        cls, service: TallyService, *arguments: str, module: str = "tests.support.owner_process"
    ) -> "OwnerProcess":
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, service.bootstrap, service.name, *arguments,
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        return cls(process)

    async def says(self, line: str) -> None:
        """Wait until it has printed a line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(LONGEST_WAIT):
            while True:
                said = (await self.process.stdout.readline()).decode().strip()
                if said == line:
                    return
                assert said or self.process.returncode is None, "the owner's process has ended"

    async def ended(self) -> int:
        async with asyncio.timeout(LONGEST_WAIT):
            return await self.process.wait()

    async def killed(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.ended()
