"""The supervisor: children start in order, live on, and stop in reverse order.

`okr up` runs the broker, the database and our own processes under one of these. Its directory holds
`log/` (what each child wrote) and `run/` (a pid file each, so that the next supervisor ends what an
earlier one left).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Self

from shared.runtime.stack.child import Child, Step
from shared.runtime.stack.leftovers import end_leftovers
from shared.runtime.stack.lock import DataLock
from shared.runtime.stack.program import Program


def _say_nothing(_: Step) -> None:
    pass


class Supervisor:
    """Holds the data directory while its `async with` block runs, and every child it started."""

    def __init__(self, data: Path, tell: Callable[[Step], None] = _say_nothing) -> None:
        self.data = data.absolute()
        self._tell = tell
        self._lock = DataLock(self.data)
        self._started: list[list[Child]] = []

    async def __aenter__(self) -> Self:
        """Takes the directory (`AlreadyRunning` where another has it) and ends leftovers."""
        for folder in (self.data, self.data / "log", self.data / "run"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.__enter__()
        try:
            await end_leftovers(self.data / "run")
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops everything, the last started first."""
        try:
            await self.stop()
        finally:
            self._lock.__exit__(kind, raised, trace)

    async def start(self, *programs: Program) -> None:
        """Starts these together and returns once all answer.

        They stop together too, before those that were started earlier. Raises `ChildFailed`.
        """
        children = [Child(program, self.data, self._tell) for program in programs]
        self._started.append(children)
        await asyncio.gather(*(child.start() for child in children))

    async def stop(self) -> None:
        """Stops every child in reverse order, each within its time or by SIGKILL."""
        while self._started:
            await asyncio.gather(*(child.stop() for child in self._started[-1]))
            self._started.pop()

    def child(self, name: str) -> Child:
        """The child of that name; KeyError where there is none."""
        for child in self.children():
            if child.program.name == name:
                return child
        raise KeyError(name)

    def children(self) -> list[Child]:
        """All children, in the order of their start."""
        return [child for together in self._started for child in together]


@contextmanager
def stop_requests() -> Iterator[asyncio.Event]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets.

    After the first one the usual handlers are back: a second Ctrl-C ends this process at once, and
    the kernel its children.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    signals = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)

    def ask() -> None:
        asked.set()
        give_back()

    def give_back() -> None:
        for each in signals:
            loop.remove_signal_handler(each)

    for each in signals:
        loop.add_signal_handler(each, ask)
    try:
        yield asked
    finally:
        give_back()
