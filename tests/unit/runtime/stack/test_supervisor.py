"""The supervisor with children of a few lines: order, restarts, leftovers, the lock."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from signal import Signals

import psutil
import pytest

from shared.runtime.stack import (
    AlreadyRunning,
    ChildFailed,
    Program,
    Step,
    Supervisor,
    stop_requests,
)
from shared.runtime.stack import child as child_module
from shared.runtime.stack.leftovers import end_leftovers, note

SLEEPER = "import signal; signal.pause()"
LISTENER = """
import os, signal, sys
def heard(*_):
    os.close(os.open(sys.argv[1], os.O_CREAT))
    os._exit(0)
signal.signal(15, heard)
print(flush=True)
while True:
    signal.pause()
"""
DEAF = (
    "import signal; signal.signal(15, signal.SIG_IGN); print(flush=True)\nwhile 1: signal.pause()"
)


async def yes() -> bool:
    return True


def python(name: str, code: str, **more: object) -> Program:
    told: dict[str, object] = {"answers": yes, "stop_within": 5.0} | more
    return Program(name=name, argv=(sys.executable, "-S", "-c", code), **told)  # type: ignore[arg-type] # as the test says


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.01)


async def test_children_stop_in_the_reverse_order_of_their_start(tmp_path: Path) -> None:
    steps: list[Step] = []
    async with Supervisor(tmp_path, steps.append) as supervisor:
        await supervisor.start(python("first", SLEEPER))
        await supervisor.start(python("second", SLEEPER))
    told = [(step.name, step.state) for step in steps]
    assert told == [
        ("first", "starting"),
        ("first", "ready"),
        ("second", "starting"),
        ("second", "ready"),
        ("second", "stopping"),
        ("second", "stopped"),
        ("first", "stopping"),
        ("first", "stopped"),
    ]


async def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    steps: list[Step] = []
    async with Supervisor(tmp_path, steps.append) as supervisor:
        await supervisor.start(python("child", SLEEPER))
        child = supervisor.child("child")
        first = child.pid
        child.signal(Signals.SIGKILL)
        await child.ended()
        await child.wait_ready()
        assert child.pid not in {first, None}
    assert Step("child", "died", "by SIGKILL") in steps


async def test_a_child_that_never_comes_up_is_given_up_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "ATTEMPTS", 2)
    hopeless = python("child", "raise SystemExit('no such setting')", answers=asyncio.Event().wait)
    async with Supervisor(tmp_path) as supervisor:
        with pytest.raises(ChildFailed, match=r"(?s)child did not start.*no such setting"):
            await supervisor.start(hopeless)
        assert supervisor.child("child").pid is None


async def test_a_child_that_does_not_hear_is_killed_after_its_time(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        log = tmp_path / "log" / "deaf.log"

        async def is_deaf() -> bool:
            return log.stat().st_size > 0

        await supervisor.start(python("deaf", DEAF, answers=is_deaf, stop_within=0.2))
        pid = supervisor.child("deaf").pid
        assert pid is not None
    await gone(pid)


async def test_a_child_that_is_held_down_is_not_started_again(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python("child", SLEEPER))
        child = supervisor.child("child")
        await child.stop(Signals.SIGKILL)
        assert (child.pid, child.ready) == (None, False)
        await child.start()
        assert child.ready


async def test_what_runs_before_each_start_runs_before_each_start(tmp_path: Path) -> None:
    calls: list[str] = []

    async def before() -> None:
        calls.append("before")

    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python("child", SLEEPER, before=before))
        child = supervisor.child("child")
        child.signal(Signals.SIGKILL)
        await child.ended()
        await child.wait_ready()
    assert calls == ["before", "before"]


async def test_a_child_that_is_stopped_while_it_is_being_started_does_not_linger(
    tmp_path: Path,
) -> None:
    preparing, prepared = asyncio.Event(), asyncio.Event()

    async def before() -> None:
        preparing.set()
        await prepared.wait()

    async with Supervisor(tmp_path) as supervisor:
        never = asyncio.Event()
        program = python("child", SLEEPER, before=before, answers=never.wait, stop_within=60.0)
        starting = asyncio.create_task(supervisor.start(program))
        await preparing.wait()
        async with asyncio.timeout(20):
            stopping = asyncio.create_task(supervisor.stop())
            await asyncio.sleep(0)  # it is told to stop before there is a process
            prepared.set()
            await stopping
        with pytest.raises(ChildFailed):
            await starting


async def test_two_supervisors_do_not_share_a_directory(tmp_path: Path) -> None:
    async with Supervisor(tmp_path):
        with pytest.raises(AlreadyRunning, match=f"Process {os.getpid()} is already running on"):
            await Supervisor(tmp_path).__aenter__()
    async with Supervisor(tmp_path):
        pass  # given back


async def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from shared.runtime.stack import Program, Supervisor
async def yes(): return True
async def main():
    async with Supervisor(Path({str(tmp_path)!r})) as supervisor:
        argv = (sys.executable, "-S", "-c", {SLEEPER!r})
        await supervisor.start(Program(name="child", argv=argv, answers=yes))
        print(supervisor.child("child").pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])},
    ) as parent:
        assert parent.stdout is not None
        orphan = int(await asyncio.to_thread(parent.stdout.readline))
        parent.kill()
    if sys.platform != "linux":  # where no kernel tells the child, the next supervisor does
        await end_leftovers(tmp_path / "run")
    await gone(orphan)


async def test_what_an_earlier_supervisor_left_is_ended_even_when_it_was_paused(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "heard"
    heard = [sys.executable, "-S", "-c", LISTENER, str(mark)]
    with subprocess.Popen(heard, stdout=subprocess.PIPE) as left:
        assert left.stdout is not None
        left.stdout.readline()
        left.send_signal(Signals.SIGSTOP)
        note(tmp_path, "child", left.pid, Signals.SIGTERM)
        assert await end_leftovers(tmp_path) == ["child"]
        # Whoever waits first is told how it ended; that it heard SIGTERM it says itself.
        left.wait(10)
    assert list(tmp_path.iterdir()) == [mark]


async def test_a_process_that_only_has_the_number_of_an_old_child_is_left_alone(
    tmp_path: Path,
) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", SLEEPER]) as stranger:
        note(tmp_path, "child", stranger.pid, Signals.SIGTERM)
        file = tmp_path / "child.json"
        started = f'"started": {psutil.Process(stranger.pid).create_time()}'
        file.write_text(file.read_text().replace(started, '"started": 1.0'))
        assert await end_leftovers(tmp_path) == []
        assert stranger.poll() is None
        stranger.kill()


async def test_the_first_signal_asks_and_the_second_has_its_usual_meaning() -> None:
    with stop_requests() as asked:
        os.kill(os.getpid(), Signals.SIGTERM)
        await asyncio.wait_for(asked.wait(), 5)
        assert not asyncio.get_running_loop().remove_signal_handler(Signals.SIGTERM)
