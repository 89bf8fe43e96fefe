"""The real broker and the real Postgres for tests, and how a test hurts them.

They come from given addresses (`OKR_TEST_KAFKA`, `OKR_TEST_POSTGRES`), else they are the embedded
pair, else containers where Docker answers. Where none can be had the run fails: nothing is skipped.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from typing import Any, Literal, Protocol, TypeVar

from shared.runtime.stack import ChildFailed, LocalStack, PortTaken

T = TypeVar("T")
Part = Literal["kafka", "postgres"]
LONGEST_WAIT = 180.0  # seconds


class NoStack(Exception):
    """Neither addresses, nor binaries, nor Docker."""


class Stack(Protocol):
    """A broker and a database, and what may be done to them while clients are connected."""

    @property
    def kafka(self) -> str:
        """The broker, as host:port."""

    @property
    def postgres(self) -> str:
        """A connection string to the database `okr`, as a role that may make databases."""

    async def kill(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """Signals the process. After one that ends it, it is gone when this returns.

        It comes back by itself; `ready` waits for that.
        """

    async def ready(self, part: Part) -> None:
        """Returns once the part answers."""

    async def hold(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """Ends the process and keeps it down until `release`."""

    async def release(self, part: Part) -> None:
        """Starts the part that is held down, and returns once it answers."""


class EmbeddedStack:
    """The pair of `okr up`, supervised by an event loop of its own.

    Of its own, because it lives through many tests and each test has its loop.
    """

    def __init__(self, data: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stack", daemon=True)
        self._local = LocalStack(data)

    @property
    def kafka(self) -> str:
        """As in `Stack`."""
        return self._local.kafka

    @property
    def postgres(self) -> str:
        """As in `Stack`."""
        return self._local.postgres

    def start(self) -> None:
        """Returns when both answer."""
        self._thread.start()
        try:
            self._wait(self._local.__aenter__())
        except BaseException:
            self._end_loop()
            raise

    def stop(self) -> None:
        """Ends both, as `okr up` does."""
        self._wait(self._local.__aexit__(None, None, None))
        self._end_loop()

    async def kill(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """As in `Stack`."""

        async def there() -> None:
            child = self._local.supervisor.child(part)
            child.signal(how)
            if how not in {Signals.SIGSTOP, Signals.SIGCONT}:
                await child.ended()

        await self._there(there())

    async def ready(self, part: Part) -> None:
        """As in `Stack`."""
        await self._there(self._local.supervisor.child(part).wait_ready())

    async def hold(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """As in `Stack`."""
        await self._there(self._local.supervisor.child(part).stop(how))

    async def release(self, part: Part) -> None:
        """As in `Stack`."""
        await self._there(self._local.supervisor.child(part).start())

    async def _there(self, work: Coroutine[Any, Any, T]) -> T:
        """Awaits the work on the stack's loop, from a test's."""
        asked = asyncio.run_coroutine_threadsafe(work, self._loop)
        return await asyncio.wait_for(asyncio.wrap_future(asked), LONGEST_WAIT)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONGEST_WAIT)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class GivenStack:
    """Somebody else's broker and database: used, never hurt."""

    def __init__(self, kafka: str, postgres: str) -> None:
        self.kafka = kafka
        self.postgres = postgres

    async def kill(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """Fails: a test that kills needs a stack of its own."""
        raise NoStack(
            f"This test kills {part}, and the one at the given address is not ours. "
            "Unset OKR_TEST_KAFKA and OKR_TEST_POSTGRES."
        )

    async def ready(self, part: Part) -> None:
        """It is ready, or the test that uses it will say so."""

    async def hold(self, part: Part, how: Signals = Signals.SIGKILL) -> None:
        """Fails as `kill`."""
        await self.kill(part, how)

    async def release(self, part: Part) -> None:
        """Fails as `kill`."""
        await self.kill(part)


@contextmanager
def running_stack(data: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Stack]:
    """The first stack that can be had, for as long as the block runs; raises `NoStack`."""
    kafka, postgres = environ.get("OKR_TEST_KAFKA"), environ.get("OKR_TEST_POSTGRES")
    if kafka and postgres:
        yield GivenStack(kafka, postgres)
    elif kafka or postgres:
        raise NoStack("Give both OKR_TEST_KAFKA and OKR_TEST_POSTGRES, or neither.")
    else:
        with _own_stack(data) as stack:
            yield stack


@contextmanager
def _own_stack(data: Path) -> Iterator[Stack]:
    from tests.support.containers import ContainerStack, NoDocker

    stack: EmbeddedStack | ContainerStack = EmbeddedStack(data)
    try:
        stack.start()
    except (ChildFailed, PortTaken) as why_not_embedded:
        try:
            stack = ContainerStack()
            stack.start()
        except NoDocker as why_not_docker:
            raise NoStack(
                "No Kafka and no Postgres for this run. No addresses are given; "
                f"embedded: {why_not_embedded}; containers: {why_not_docker}"
            ) from why_not_docker
    try:
        yield stack
    finally:
        stack.stop()
