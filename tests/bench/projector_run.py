"""The read models alone in a process: built from the log, or kept up to date with it."""

import asyncio
import json
import sys
import time
from typing import Any, Final

import uvloop
from aiokafka import TopicPartition

from services.readmodels.projections import PROJECTIONS
from shared.eventing.clients import consumer
from shared.eventing.projector import Projector
from shared.eventing.reader import places_of
from shared.eventing.rebuild import build

_LOOK_EVERY: Final = 0.005


async def rebuild(spec: dict[str, Any]) -> None:
    """Build a new generation of every read model from the beginning of the logs, and switch."""
    failed = await build(PROJECTIONS, dsn=spec["postgres"], bootstrap=spec["kafka"])
    assert not failed, failed


async def live(spec: dict[str, Any]) -> None:
    """Fold what the logs hold beyond the checkpoints, batch by batch."""
    ends = await _ends(spec["kafka"])
    projector = Projector(PROJECTIONS, dsn=spec["postgres"], bootstrap=spec["kafka"])
    running = asyncio.create_task(projector.run())
    try:
        while not _is_there(projector, ends):
            assert not running.done(), running.exception()
            await asyncio.sleep(_LOOK_EVERY)
    finally:
        running.cancel()
        await asyncio.wait([running])


def _is_there(projector: Projector, ends: dict[tuple[str, int], int]) -> bool:
    folded = projector.folded()
    return folded is not None and all(
        folded[topic][number] >= end for (topic, number), end in ends.items()
    )


async def _ends(bootstrap: str) -> dict[tuple[str, int], int]:
    client = consumer(bootstrap, client_id="bench-ends")
    await client.start()
    try:
        services = sorted({service for each in PROJECTIONS for service in each.hears})
        places = [TopicPartition(*place) for place in places_of(services)]
        ends = await client.end_offsets(places)
        return {(place.topic, place.partition): end for place, end in ends.items()}
    finally:
        await client.stop()


async def timed(spec: dict[str, Any]) -> dict[str, float]:
    """Seconds, and those of this process's processor."""
    began, cpu = time.perf_counter(), time.process_time()
    await {"rebuild": rebuild, "live": live}[spec["measure"]](spec)
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    what = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(timed(what))
    sys.stdout.write(json.dumps(told) + "\n")
