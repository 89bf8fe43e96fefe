"""The load generator: a process of its own, keep-alive connections, requests that are ready bytes.

Reads what to ask as JSON from stdin and prints what came of it as JSON. Nothing of a client library
is between the socket and the clock: a slow client would hide the server.
"""

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import uvloop

_HEAD_ENDS: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "
_KEY: Final = "{key}"


class Line(asyncio.Protocol):
    """One keep-alive connection with at most one request under way."""

    def __init__(self) -> None:
        self._received = b""
        self._ends = 0
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def to(cls, host: str, port: int) -> "Line":
        _, line = await asyncio.get_running_loop().create_connection(cls, host, port)
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._ends:
            head = self._received.find(_HEAD_ENDS)
            if head < 0:
                return
            at = self._received.lower().index(_LENGTH, 0, head + 2) + len(_LENGTH)
            length = int(self._received[at : self._received.index(b"\r", at)])
            self._ends = head + len(_HEAD_ENDS) + length
        if len(self._received) >= self._ends and self._answer is not None:
            whole, self._received, self._ends = self._received, b"", 0
            self._answer.set_result((int(whole[9:12]), whole))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and the whole answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    told = {"Host": "bench", **headers}
    if body:
        told |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + _HEAD_ENDS + body


@dataclass
class Tally:
    """What was answered, and when."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        times = sorted(self.times)
        return {
            "count": len(times),
            "p50": percentile(times, 50),
            "p99": percentile(times, 99),
            "most": times[-1] if times else 0.0,
            "statuses": dict(self.statuses),
        }


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile, in milliseconds; 0 of nothing."""
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * percent // 100)
    return 1000 * ordered[max(0, rank - 1)]


def requests(asks: Sequence[str], run: str, first: int, stride: int) -> Iterator[bytes]:
    """A caller's requests, for ever; each with an Idempotency-Key of its own."""
    numbers = itertools.count()
    for n in itertools.cycle(range(first, first + stride * len(asks), stride)):
        text = asks[n % len(asks)]
        yield text.replace(_KEY, f"{run}-{first}-{next(numbers)}", 1).encode()


async def call(
    line: Line, asking: Iterator[bytes], tally: Tally, until: float, pause: float
) -> None:
    """Ask one request after the other until the time is over, with a pause behind each."""
    clock = time.perf_counter
    while (began := clock()) < until:
        status, _ = await line.ask(next(asking))
        tally.times.append(clock() - began)
        tally.statuses[status] += 1
        if pause:
            await asyncio.sleep(pause)


async def load(spec: dict[str, Any]) -> dict[str, Any]:
    """Warm up, then measure."""
    callers, pause = spec["callers"], spec.get("pause", 0.0)
    lines = [await Line.to(spec["host"], spec["port"]) for _ in range(callers)]
    asking = [requests(spec["asks"], spec["run"], n, callers) for n in range(callers)]

    async def together(seconds: float, tally: Tally) -> float:
        began = time.perf_counter()
        until = began + seconds
        async with asyncio.TaskGroup() as group:
            for line, mine in zip(lines, asking, strict=True):
                group.create_task(call(line, mine, tally, until, pause))
        return time.perf_counter() - began

    await together(spec["warm_seconds"], Tally())
    tally, cpu = Tally(), time.process_time()
    sys.stdout.write("measuring\n")
    sys.stdout.flush()
    seconds = await together(spec["seconds"], tally)
    cpu = time.process_time() - cpu
    for line in lines:
        line.close()
    return {**tally.told(), "seconds": seconds, "cpu": cpu}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(load(json.load(sys.stdin)))
    sys.stdout.write(json.dumps(told) + "\n")
