"""An owner alone in its process, on one core: how long it takes for a backlog."""

import asyncio
import json
import sys
import time
from typing import Any, Final

import uvloop

from services.checkins.domain import DECIDER
from shared.eventing.owner import Owner
from shared.eventing.snapshots import PostgresSnapshots

_LOOK_EVERY: Final = 0.005


async def decide(spec: dict[str, Any]) -> dict[str, Any]:
    """Decide so many commands; the clock runs from before the first partition was served."""
    snapshots = PostgresSnapshots(spec["postgres"])
    owner: Owner[Any, Any] = Owner(DECIDER, bootstrap=spec["kafka"], snapshots=snapshots)
    running = asyncio.create_task(owner.run())

    began = cpu_began = 0.0
    while (decided := _decided(owner)) < spec["count"]:
        assert not running.done(), running.exception()
        if not _serves(owner):
            began, cpu_began = time.perf_counter(), time.process_time()
        await asyncio.sleep(_LOOK_EVERY)
    ended, cpu_ended = time.perf_counter(), time.process_time()
    doubts = sum(each["doubts"] for each in owner.status()["partitions"].values())
    running.cancel()
    await asyncio.wait([running])
    await snapshots.stop()
    return {
        "decided": decided,
        "seconds": ended - began,
        "cpu": cpu_ended - cpu_began,
        "doubts": doubts,
    }


def _serves(owner: Owner[Any, Any]) -> bool:
    """Whether any partition has begun: its first run is decided at once, and lands later."""
    return any(each["serving"] for each in owner.status()["partitions"].values())


def _decided(owner: Owner[Any, Any]) -> int:
    return sum(each["decided"] for each in owner.status()["partitions"].values())


if __name__ == "__main__":
    what = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(decide(what))
    sys.stdout.write(json.dumps(told) + "\n")
