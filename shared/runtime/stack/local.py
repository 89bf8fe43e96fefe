"""The local stack: a real Kafka and a real Postgres under one supervisor, started side by side."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.runtime.stack.child import Step
from shared.runtime.stack.kafka import Kafka
from shared.runtime.stack.ports import HOST, Ports
from shared.runtime.stack.postgres import Postgres
from shared.runtime.stack.program import Program
from shared.runtime.stack.supervisor import Supervisor


@dataclass(frozen=True)
class Addresses:
    """Where the pair is: `kafka` as host:port, `postgres` as a connection string."""

    kafka: str
    postgres: str


class LocalStack:
    """Runs what was not given: Kafka, Postgres, both or neither.

    `kafka` and `postgres` are the addresses of existing ones, which are used and left alone. The
    ports are those to listen on; without one it is the last start's, or a free one.
    """

    def __init__(
        self,
        data: Path,
        *,
        kafka_port: int | None = None,
        postgres_port: int | None = None,
        kafka: str | None = None,
        postgres: str | None = None,
        tell: Callable[[Step], None] | None = None,
    ) -> None:
        self.supervisor = Supervisor(data, tell) if tell else Supervisor(data)
        self.ports = Ports(self.supervisor.data)
        self._kafka_port = kafka_port
        self._postgres_port = postgres_port
        self._kafka = kafka
        self._postgres = postgres

    @property
    def kafka(self) -> str:
        """Where clients bootstrap, as host:port."""
        return self.addresses.kafka

    @property
    def postgres(self) -> str:
        """The connection string of the database."""
        return self.addresses.postgres

    @property
    def addresses(self) -> Addresses:
        """Both addresses; known once the stack has been entered."""
        if self._kafka is None or self._postgres is None:
            raise RuntimeError("The local stack has not been started.")
        return Addresses(self._kafka, self._postgres)

    async def __aenter__(self) -> Self:
        """Returns when both answer."""
        await self.supervisor.__aenter__()
        try:
            programs = await asyncio.gather(self._kafka_program(), self._postgres_program())
            await self.supervisor.start(*(program for program in programs if program is not None))
        except BaseException:
            await self.supervisor.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops whatever the supervisor runs, the pair last."""
        await self.supervisor.__aexit__(kind, raised, trace)

    async def _kafka_program(self) -> Program | None:
        if self._kafka is not None:
            return None
        port = self.ports.take("kafka", self._kafka_port)
        controller_port = self.ports.take("kafka controller")
        broker = Kafka(self.supervisor.data / "kafka", port, controller_port)
        self._kafka = broker.address
        return await broker.program()

    async def _postgres_program(self) -> Program | None:
        if self._postgres is not None:
            return None
        port = self.ports.take("postgres", self._postgres_port)
        server = Postgres(self.supervisor.data / "postgres", port)
        program = await server.program()
        self._postgres = server.dsn
        return program


def addresses_in(data: Path) -> Addresses | None:
    """Where the pair of this data directory listens when it runs; None where it never did."""
    known = Ports(data).known()
    try:
        return Addresses(
            f"{HOST}:{known['kafka']}", Postgres(data / "postgres", known["postgres"]).dsn
        )
    except (KeyError, FileNotFoundError):
        return None
