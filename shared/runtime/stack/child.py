"""One child of the supervisor: started, watched, started again when it dies, stopped."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Literal

from shared.runtime.stack.leftovers import forget, note
from shared.runtime.stack.program import Program, spawn

ASK_EVERY = 0.05  # seconds between two questions whether it answers
FIRST_DELAY = 0.1  # seconds before it is started again; doubles each time …
LONGEST_DELAY = 10.0  # … up to this one …
CALM_AFTER = 30.0  # … and begins anew once it ran for so long
ATTEMPTS = 7  # deaths before it ever answered, after which it is given up: some six seconds
LINES_SHOWN = 12  # of its log, when it is given up

State = Literal["starting", "ready", "died", "stopping", "stopped"]


@dataclass(frozen=True)
class Step:
    """Something that happened to a child, for whoever shows progress."""

    name: str
    state: State
    detail: str = ""


class ChildFailed(Exception):
    """A child could not be brought to answer."""


class Child:
    """A program and the process that runs it now."""

    def __init__(self, program: Program, data: Path, tell: Callable[[Step], None]) -> None:
        self.program = program
        self.log = data / "log" / f"{program.name}.log"
        self._run = data / "run"
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._ever_ready = False

    @property
    def pid(self) -> int | None:
        """The process id, or None while no process runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    @property
    def ready(self) -> bool:
        """Does the process that runs now answer?"""
        return self._ready.is_set()

    async def start(self) -> None:
        """Starts it and returns once it answers; raises `ChildFailed` with the end of its log."""
        self._unwanted.clear()
        self._ever_ready = False
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.program.name}")
        answered = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait(
                {answered, self._keeper},
                timeout=self.program.answers_within,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            answered.cancel()
        if not self.ready:
            await self.stop(Signals.SIGKILL)
            raise ChildFailed(f"{self.program.name} did not start.\n{self._last_words()}")

    async def stop(self, how: Signals | None = None) -> None:
        """Ends it, by its own signal or by `how`, and keeps it down; SIGKILL after its time."""
        self._unwanted.set()
        if self.pid is not None:
            self._tell(Step(self.program.name, "stopping"))
            self.signal(how or self.program.stop)
        if self._keeper is not None:
            keeper, self._keeper = self._keeper, None
            await asyncio.wait({keeper}, timeout=self.program.stop_within)
            if not keeper.done():
                self.signal(Signals.SIGKILL)
                keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        self._tell(Step(self.program.name, "stopped"))

    def signal(self, how: Signals) -> None:
        """Sends a signal to the process that runs now, if there is one."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, how)

    async def ended(self) -> None:
        """Returns once the process that ran at the call has ended; at once if none did."""
        process = self._process
        if process is not None:
            await process.wait()

    async def wait_ready(self) -> None:
        """Returns once it answers (again)."""
        await self._ready.wait()

    async def _keep(self) -> None:
        """Starts it as often as it dies, ever later, until it is not wanted any more."""
        loop = asyncio.get_running_loop()
        delay, deaths = FIRST_DELAY, 0
        while not self._unwanted.is_set():
            began = loop.time()
            code = await self._run_once()
            if self._unwanted.is_set():
                return
            deaths += 1
            self._tell(Step(self.program.name, "died", _how_it_ended(code)))
            if not self._ever_ready and deaths >= ATTEMPTS:
                return
            delay = FIRST_DELAY if loop.time() - began > CALM_AFTER else delay
            with suppress(TimeoutError):
                await asyncio.wait_for(self._unwanted.wait(), delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _run_once(self) -> int:
        program = self.program
        self._tell(Step(program.name, "starting"))
        if program.before is not None:
            await program.before()
        self._process = process = await spawn(program, self.log)
        note(self._run, program.name, process.pid, program.stop)
        if self._unwanted.is_set():  # it was told to stop while it was being started
            self.signal(program.stop)
        asking = asyncio.create_task(self._ask())
        try:
            return await process.wait()
        finally:
            asking.cancel()
            self._ready.clear()
            if process.returncode is None:  # the keeper was cancelled
                self.signal(Signals.SIGKILL)
                await process.wait()
            forget(self._run, program.name)

    async def _ask(self) -> None:
        while not await self.program.answers():
            await asyncio.sleep(ASK_EVERY)
        self._ever_ready = True
        self._ready.set()
        self._tell(Step(self.program.name, "ready"))

    def _last_words(self) -> str:
        if not self.log.exists():
            return "It wrote nothing."
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"The end of {self.log}:", *lines[-LINES_SHOWN:]])


def _how_it_ended(code: int) -> str:
    return f"by {Signals(-code).name}" if code < 0 else f"with exit code {code}"
