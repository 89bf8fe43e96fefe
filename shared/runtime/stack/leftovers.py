"""Pid files: what an earlier supervisor left running is found, ended, and only then replaced."""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from signal import Signals

import psutil

SAME_START = 2.0  # seconds; a pid used again belongs to a process that started later
GRACE = 10.0  # seconds between asking and killing


def note(run: Path, name: str, pid: int, stop: Signals) -> None:
    """Writes down that this process is ours, and since when it runs."""
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(pid).create_time()
        told = {"pid": pid, "started": started, "stop": stop.value}
        (run / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")


def forget(run: Path, name: str) -> None:
    """Removes the note: the process has ended."""
    (run / f"{name}.json").unlink(missing_ok=True)


async def end_leftovers(run: Path) -> list[str]:
    """Ends every noted process that still runs, and says which they were."""
    notes = sorted(run.glob("*.json"))
    ended = await asyncio.gather(*(_end(file) for file in notes))
    return [file.stem for file, was_running in zip(notes, ended, strict=True) if was_running]


async def _end(file: Path) -> bool:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        process = psutil.Process(told["pid"])
        ours = bool(abs(process.create_time() - told["started"]) < SAME_START)
    except (psutil.NoSuchProcess, ValueError, KeyError):
        ours = False  # gone, or a note that was cut off while it was written
    if ours:
        await _signal_until_gone(process, told["stop"])
    file.unlink(missing_ok=True)
    return ours


async def _signal_until_gone(process: psutil.Process, stop: int) -> None:
    for how in (stop, Signals.SIGCONT, Signals.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(process.pid, how)
        if how == stop:
            continue  # SIGCONT at once: a process that was stopped must wake to hear the first
        with suppress(psutil.TimeoutExpired):
            await asyncio.to_thread(process.wait, GRACE)
            return
