"""Whether everything that was caused so far has been dealt with: for stories, tests and drills."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.eventing.clients import consumer
from shared.eventing.positions import Vector

Probe = Callable[[], Awaitable[Vector | None]]
"""Topic → partition → the next offset to be dealt with; None while something is in hand."""

_PATIENCE: Final = 5.0


class Rest:
    """Asks every part how far it is, and compares with the ends of the logs."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._probes: dict[str, Probe] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._one_at_a_time = asyncio.Lock()

    def watch(self, name: str, probe: Probe) -> None:
        """Ask this part too; its probe tells of the same topics every time."""
        self._probes[name] = probe

    async def busy(self) -> Mapping[str, str]:
        """Part → what it has not dealt with; empty when all is at rest.

        The ends are read before and after, since what is dealt with may cause what is not.
        """
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(_PATIENCE):
                    return await self._compared()
            except (KafkaError, OSError, TimeoutError) as error:
                return {"broker": f"{type(error).__name__}: {error}"}

    async def stop(self) -> None:
        """Let go of the broker."""
        client, self._consumer = self._consumer, None
        if client is not None:
            await client.stop()

    async def _compared(self) -> dict[str, str]:
        first = {name: await probe() for name, probe in self._probes.items()}
        busy = {name: "in hand" for name, vector in first.items() if vector is None}
        places = {
            TopicPartition(topic, number)
            for vector in first.values()
            for topic, numbers in (vector or {}).items()
            for number in numbers
        }
        if busy or not places:
            return busy
        client = await self._connected()
        ends = await client.end_offsets(list(places))
        for name, probe in self._probes.items():
            behind = _behind(await probe(), ends)
            if behind is not None:
                busy[name] = behind
        if not busy and await client.end_offsets(list(places)) != ends:
            busy["log"] = "grows"
        return busy

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            client = consumer(self._bootstrap, client_id="okr-rest")
            try:
                await client.start()
            except BaseException:
                await client.stop()
                raise
            self._consumer = client
        return self._consumer


def _behind(vector: Vector | None, ends: Mapping[TopicPartition, int]) -> str | None:
    if vector is None:
        return "in hand"
    for topic, numbers in vector.items():
        for number, following in numbers.items():
            end = ends[TopicPartition(topic, number)]
            if following < end:
                return f"{topic}/{number}: {following} of {end}"
    return None
