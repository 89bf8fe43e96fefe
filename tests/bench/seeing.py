"""One writes check-ins; another, on a connection of its own, looks until each is there.

The clock runs from the moment the write is sent to the end of the first answer that shows it. The
one who looks knows nothing of the write: no position, no hint, only what is to be seen.
"""

import asyncio
import json
import sys
import time
from typing import Any, Final
from uuid import uuid4

import uvloop

from tests.bench.load import Line, percentile

_PAUSE: Final = 0.002
_LONGEST: Final = 10.0
_OK: Final = 200
_CREATED: Final = 201


async def seen(spec: dict[str, Any]) -> dict[str, Any]:
    """How long each took, and how often it was looked."""
    writer = await Line.to(spec["host"], spec["port"])
    other = await Line.to(spec["host"], spec["port"])
    times, looks = [], 0
    for each in spec["check_ins"]:
        look = each["look"].encode()
        before = _latest(await other.ask(look))
        write = each["write"].replace("{key}", str(uuid4()), 1).encode()
        began = time.perf_counter()
        writing = asyncio.create_task(writer.ask(write))
        while _latest(await other.ask(look)) == before:
            looks += 1
            assert time.perf_counter() - began < _LONGEST, each["look"]
            await asyncio.sleep(_PAUSE)
        times.append(time.perf_counter() - began)
        status, answer = await writing
        assert status == _CREATED, answer
    times.sort()
    return {
        "p50": percentile(times, 50),
        "p99": percentile(times, 99),
        "looks": 1 + looks / len(times),
    }


def _latest(answer: tuple[int, bytes]) -> Any:
    """The number of the latest measurement that is shown."""
    status, whole = answer
    assert status == _OK, whole
    latest = json.loads(whole.partition(b"\r\n\r\n")[2])["latest"]
    return None if latest is None else (latest["observed_on"], latest["n"])


if __name__ == "__main__":
    what = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(seen(what))
    sys.stdout.write(json.dumps(told) + "\n")
