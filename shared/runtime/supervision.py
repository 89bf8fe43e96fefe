"""Loops that must not end: one that does ends the process, after it was said which and why."""

import asyncio
import logging
from collections.abc import Awaitable

from shared.runtime.readiness import Readiness

log = logging.getLogger(__name__)


class LoopEnded(Exception):
    """A loop that should run as long as its process has ended."""


class Loops:
    """The loops of a process, in the order in which they were started."""

    def __init__(self, readiness: Readiness) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reasons: dict[str, str | None] = {}
        self._readiness = readiness
        self._first: asyncio.Future[str] | None = None
        self._stopping = False

    def start(self, name: str, loop: Awaitable[None]) -> None:
        """Run a loop; its end, by whatever cause, is an outage."""
        self._reasons[name] = None
        self._readiness.watch(f"loop {name}", lambda: self._reasons[name])
        task = asyncio.create_task(_awaited(loop), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))

    async def first_to_end(self) -> str:
        """Wait until a loop has ended; gives its name. The log has the reason."""
        if self._first is None:
            self._first = asyncio.get_running_loop().create_future()
            for name, reason in self._reasons.items():
                if reason is not None and not self._first.done():
                    self._first.set_result(name)
        return await asyncio.shield(self._first)

    async def stop(self, patience: float) -> None:
        """Cancel all loops, the youngest first, and wait for each to end."""
        self._stopping = True
        for name, task in reversed(self._tasks.items()):
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=patience)
            if not done:
                log.error("the loop %s did not end within %s s", name, patience)

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if self._stopping and error is None:
            return
        reason = "ended" if error is None else f"{type(error).__name__}: {error}"
        self._reasons[name] = reason
        log.critical("the loop %s has ended: %s", name, reason, exc_info=error)
        if self._first is not None and not self._first.done():
            self._first.set_result(name)


async def _awaited(loop: Awaitable[None]) -> None:
    await loop
