"""A program that the supervisor runs as its child, and how one is started and told to stop."""

import asyncio
import ctypes
import functools
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
LARGEST_LOG = 8 * 2**20  # bytes; a longer one is set aside when its program starts


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run, how to see that it answers, how it ends.

    `answers` is asked again and again after each start, until it says True; it may raise nothing.
    `before` is awaited ahead of each start. All times are seconds.
    """

    name: str
    argv: tuple[str, ...]
    answers: Callable[[], Awaitable[bool]]
    before: Callable[[], Awaitable[None]] | None = None
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    stop: Signals = Signals.SIGTERM
    stop_within: float = 15.0
    answers_within: float = 120.0
    orphaned: Signals = Signals.SIGKILL  # what the kernel sends when the supervisor is gone


async def spawn(program: Program, log: Path) -> asyncio.subprocess.Process:
    """Starts the program with its output at the end of `log`, in a process group of its own.

    Its own group, because Ctrl-C goes to all of the terminal's: the supervisor alone hears it and
    ends the others in their order.
    """
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *program.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=program.env,
            cwd=program.cwd,
            start_new_session=True,
            preexec_fn=_end_with_parent(os.getpid(), program.orphaned),
        )


def _end_with_parent(parent: int, how: Signals) -> Callable[[], None] | None:
    """What a child does first: ask the kernel to be signalled when its parent dies (Linux)."""
    prctl = _prctl()
    if prctl is None:
        return None  # elsewhere the next start ends what is left, by its pid file

    def in_child() -> None:
        prctl(PR_SET_PDEATHSIG, how.value, 0, 0, 0)
        if os.getppid() != parent:  # it died between the fork and the call
            os._exit(1)

    return in_child


@functools.cache
def _prctl() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    found: Callable[..., int] = ctypes.CDLL(None).prctl
    return found
