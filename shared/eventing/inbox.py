"""The inbox of a partition: its commands in log order, bounded, from a place that is asked for."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from shared.eventing.wire import LogRecord

HIGH: Final = 1024
LOW: Final = 512


class CommandsCut(Exception):
    """The command topic is not the one that was decided from: nothing is decided from it."""


class CommandTopic(Protocol):
    """What an inbox needs of the command topic; tests put one in memory in its place."""

    async def bounds(self, partition: int) -> tuple[int, int]:
        """The offset the partition begins at and its end; raises `LogUnavailable`."""

    def seek(self, partition: int, offset: int) -> None:
        """Deliver from `offset` on, and let the partition flow."""

    def pause(self, partition: int) -> None:
        """Deliver nothing more for now."""

    def resume(self, partition: int) -> None:
        """Deliver again."""


class Inbox:
    """Commands between the one loop that fetches and the one task that decides.

    Commands stay in it until they are decided for certain, so a run that was void is decided again
    from here.
    """

    def __init__(self, topic: CommandTopic, partition: int) -> None:
        self._topic = topic
        self._partition = partition
        self._records: deque[LogRecord] = deque()
        self._expected: int | None = None
        self._paused = False
        self._failure: Exception | None = None
        self._closed: Exception | None = None
        self._arrived = asyncio.Event()

    async def bounds(self) -> tuple[int, int]:
        """The begin and the end of the partition's commands; raises `LogUnavailable`."""
        return await self._topic.bounds(self._partition)

    def seek(self, offset: int) -> None:
        """Forget everything and deliver from `offset` on; raises what `close` was given."""
        self.check()
        self._records.clear()
        self._arrived.clear()
        self._failure = None
        self._paused = False
        self._expected = offset
        self._topic.seek(self._partition, offset)

    def deliver(self, records: Sequence[LogRecord]) -> None:
        """Take what was fetched; called by the fetching loop, never waits."""
        for record in records:
            if self._expected is None or record.offset < self._expected:
                continue
            if record.offset > self._expected:
                self.fail(CommandsCut(f"command {self._expected} is missing"))
                return
            self._records.append(record)
            self._expected += 1
        if self._records:
            self._arrived.set()
        if len(self._records) > HIGH and not self._paused:
            self._paused = True
            self._topic.pause(self._partition)

    def open(self) -> None:
        """Begin anew after `close`."""
        self._closed = None
        self._expected = None

    def close(self, error: Exception) -> None:
        """Give nothing out any more: every wait, seek and check raises `error`."""
        self._closed = error
        self._expected = None
        self._arrived.set()

    def check(self) -> None:
        """Raise what `close` was given, if it was."""
        if self._closed is not None:
            raise self._closed

    def fail(self, error: Exception) -> None:
        """Let whoever waits for commands know that none will come until the next `seek`."""
        self._failure = error
        self._expected = None
        self._arrived.set()

    async def waiting(self) -> Sequence[LogRecord]:
        """The undecided commands, at least one; raises what `fail` or `close` was given."""
        await self._arrived.wait()
        self.check()
        if self._failure is not None:
            raise self._failure
        return self._records

    def decided(self, count: int) -> None:
        """Drop the first `count` commands: their decision has landed."""
        for _ in range(count):
            self._records.popleft()
        if not self._records and self._failure is None and self._closed is None:
            self._arrived.clear()
        if self._paused and len(self._records) < LOW:
            self._paused = False
            self._topic.resume(self._partition)

    @property
    def backlog(self) -> int:
        """How many commands wait here."""
        return len(self._records)
