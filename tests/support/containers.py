"""The stack in containers, of the images that docker-compose.yml names."""

import asyncio
from pathlib import Path
from signal import Signals
from typing import Any

import asyncpg
import docker.errors
import yaml
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from testcontainers.core.container import DockerContainer

from shared.runtime.stack.ports import free_port
from tests.support.stack import LONGEST_WAIT, Part

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
PASSWORD = "okr"


class NoDocker(Exception):
    """Docker does not answer, or has no such image and cannot get it."""


class ContainerStack:
    """A broker and a database in containers of their own, on ports of this machine."""

    def __init__(self) -> None:
        compose = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
        self._declared: dict[str, Any] = compose["services"]
        self._containers: dict[Part, DockerContainer] = {}
        self.kafka = ""
        self.postgres = ""

    def start(self) -> None:
        """Returns when both answer; raises `NoDocker`."""
        kafka_port = free_port()
        postgres_port = free_port(but=[kafka_port])
        self.kafka = f"127.0.0.1:{kafka_port}"
        self.postgres = f"postgresql://okr:{PASSWORD}@127.0.0.1:{postgres_port}/okr"
        try:
            self._run(
                "kafka",
                {9092: kafka_port},
                # The port that clients are told is the one of this machine.
                KAFKA_ADVERTISED_LISTENERS=f"PLAINTEXT://{self.kafka}",
            )
            self._run("postgres", {5432: postgres_port}, POSTGRES_PASSWORD=PASSWORD)
        except (docker.errors.DockerException, OSError) as refused:
            self.stop()
            raise NoDocker(str(refused)) from refused
        asyncio.run(asyncio.wait_for(self._both_ready(), LONGEST_WAIT))

    def stop(self) -> None:
        """Removes both containers with their data."""
        for container in self._containers.values():
            container.stop()

    async def kill(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """As in `Stack`; Docker sends the signal to the container's first process."""
        await self._signal(part, how)
        if how not in {Signals.SIGSTOP, Signals.SIGCONT}:
            await self.release(part)

    async def ready(self, part: Part) -> None:
        """As in `Stack`."""
        answers = self._kafka_answers if part == "kafka" else self._postgres_answers
        while not await answers():
            await asyncio.sleep(0.1)

    async def hold(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """As in `Stack`."""
        await self._signal(part, how)

    async def release(self, part: Part) -> None:
        """As in `Stack`."""
        await asyncio.to_thread(self._containers[part].get_wrapped_container().start)
        await self.ready(part)

    async def _signal(self, part: Part, how: Signals) -> None:
        container = self._containers[part].get_wrapped_container()
        await asyncio.to_thread(container.kill, how.name)
        if how not in {Signals.SIGSTOP, Signals.SIGCONT}:
            await asyncio.to_thread(container.wait)

    def _run(self, part: Part, ports: dict[int, int], **environment: str) -> None:
        declared = self._declared[part]
        container = DockerContainer(declared["image"])
        container.with_envs(**(declared["environment"] | environment))
        for inside, outside in ports.items():
            container.with_bind_ports(inside, outside)
        if "command" in declared:
            container.with_command(declared["command"])
        self._containers[part] = container
        container.start()

    async def _both_ready(self) -> None:
        await asyncio.gather(self.ready("kafka"), self.ready("postgres"))

    async def _kafka_answers(self) -> bool:
        client = AIOKafkaClient(bootstrap_servers=self.kafka, request_timeout_ms=5000)
        try:
            await client.bootstrap()
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()
        return True

    async def _postgres_answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.postgres, timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True
