"""A broker in memory for one partition, where a test decides what becomes of every operation.

Each operation of an owner stands still as an `Operation` until the test lets it end: well, or not.
An append that timed out, or whose owner crashed, is in `flight`, and may land at any later moment.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.eventing.append import Elsewhere, Landed, Outcome, Unknown
from shared.eventing.commands import CommandRecord, headers_of, value_of
from shared.eventing.drafts import Draft
from shared.eventing.eventlog import LogUnavailable, Pieces
from shared.eventing.inbox import Inbox
from shared.eventing.positions import Vector
from shared.eventing.reference import may_decide_at
from shared.eventing.topics import commands_topic, events_topic
from shared.eventing.wire import EPOCH, LogRecord

Kind = Literal["append", "bounds", "read"]
START_MS = 1_700_000_000_000


class SteppedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still unless a test lets it pass."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def settle(self) -> None:
        """Run whatever can run without time passing and without an operation ending."""
        for _ in range(10_000):
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready:  # type: ignore[attr-defined]
                return
        raise AssertionError("it never comes to rest")

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.settle()


@dataclass
class Operation:
    """Something an owner asked of the broker, and how it can end."""

    kind: Kind
    owner: int
    done: asyncio.Future[Any]
    drafts: Sequence[Draft] = ()
    claim: int = 0


@dataclass
class MemoryBroker:
    """The log and the commands of one partition; everything that landed is committed."""

    service: str
    partition: int
    log: list[LogRecord] = field(default_factory=list)
    commands: list[LogRecord] = field(default_factory=list)
    flight: list[Sequence[Draft]] = field(default_factory=list)
    waiting: dict[int, list[Operation]] = field(default_factory=dict)
    clock_ms: int = START_MS

    def land(self, drafts: Sequence[Draft]) -> int:
        """Append a batch whole; gives its base offset."""
        base = len(self.log)
        self.clock_ms += 1
        self.log += [
            LogRecord(
                events_topic(self.service), self.partition, base + n, self.clock_ms,
                draft.key, draft.value, draft.headers,
            )
            for n, draft in enumerate(drafts)
        ]  # fmt: skip
        return base

    def write(self, record: CommandRecord) -> int:
        self.clock_ms += 1
        self.commands.append(
            LogRecord(
                commands_topic(self.service), self.partition, len(self.commands), self.clock_ms,
                record.stream.encode(), value_of(record), headers_of(record, EPOCH),
            )
        )  # fmt: skip
        return len(self.commands) - 1

    def ends_well(self, operation: Operation) -> None:
        """The broker does what it was asked for, and its answer arrives."""
        self._forget(operation)
        if operation.kind == "append":
            base = self.land(operation.drafts)
            landed = base == operation.claim
            operation.done.set_result(Landed(self.clock_ms) if landed else Elsewhere(base))
        elif operation.kind == "bounds":
            operation.done.set_result((0, len(self.log)))
        else:
            operation.done.set_result(None)

    def ends_badly(self, operation: Operation, *, landed: bool) -> None:
        """No answer comes in time; an append has landed, or is in flight."""
        self._forget(operation)
        if operation.kind != "append":
            operation.done.set_exception(LogUnavailable("no answer in time"))
            return
        if landed:
            self.land(operation.drafts)
        else:
            self.flight.append(operation.drafts)
        operation.done.set_result(Unknown("no answer in time"))

    def ends_with(self, operation: Operation, result: object) -> None:
        """An answer of the test's own making."""
        self._forget(operation)
        operation.done.set_result(result)

    async def asked(self, kind: Kind, owner: int, **more: Any) -> Any:
        loop = asyncio.get_running_loop()
        operation = Operation(kind, owner, loop.create_future(), **more)
        self.waiting.setdefault(owner, []).append(operation)
        try:
            return await operation.done
        except asyncio.CancelledError:
            # Its owner is gone, or does not wait any more; what it sent may still land.
            self._forget(operation)
            if kind == "append":
                self.flight.append(operation.drafts)
            raise

    def _forget(self, operation: Operation) -> None:
        self.waiting[operation.owner].remove(operation)


class MemoryLog:
    """The event log as one owner sees it."""

    def __init__(self, broker: MemoryBroker, owner: int) -> None:
        self._broker = broker
        self._owner = owner

    async def append(self, partition: int, drafts: Sequence[Draft], claim: int) -> Outcome:
        outcome: Outcome = await self._broker.asked(
            "append", self._owner, drafts=drafts, claim=claim
        )
        return outcome

    async def bounds(self, partition: int) -> tuple[int, int]:
        found: tuple[int, int] = await self._broker.asked("bounds", self._owner)
        return found

    async def read(self, partition: int, start: int, end: int) -> Pieces:
        # Two pieces, so that things can happen in between.
        middle = start + (end - start) // 2
        for piece in (slice(start, middle), slice(middle, end)):
            await self._broker.asked("read", self._owner)
            records = self._broker.log[piece]
            if records:
                yield records


class MemoryCommands:
    """The command topic as one owner's inbox sees it."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self.position: int | None = None
        self.paused = False

    async def bounds(self, partition: int) -> tuple[int, int]:
        return 0, len(self._broker.commands)

    def seek(self, partition: int, offset: int) -> None:
        self.position, self.paused = offset, False

    def pause(self, partition: int) -> None:
        self.paused = True

    def resume(self, partition: int) -> None:
        self.paused = False

    def deliver(self, inbox: Inbox, count: int) -> None:
        """Fetch the next commands, as many as there are."""
        if self.position is None or self.paused:
            return
        records = self._broker.commands[self.position : self.position + count]
        self.position += len(records)
        inbox.deliver(records)


class MemoryView:
    """A reference view that a test moves: it has heard so many events of one partition."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.heard = 0
        self._moved = asyncio.Event()

    @property
    def reference(self) -> dict[str, int]:
        return {"heard": self.heard}

    @property
    def vector(self) -> Vector:
        return {self._topic: {0: self.heard}}

    def move(self) -> None:
        self.heard += 1
        self._moved.set()

    async def reached(self, last: Vector) -> None:
        while not may_decide_at(self.vector, last):
            self._moved.clear()
            await self._moved.wait()


def numbered_ids(prefix: str) -> Callable[[], str]:
    """Ids that are the same in every run."""
    count = iter(range(10**9))
    return lambda: f"{prefix}-{next(count)}"
