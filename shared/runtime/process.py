"""A process: the parts of some services, started together, watched, and ended in order.

It starts while broker and database are away and becomes ready by itself. A loop that ends makes it
not ready and ends it: it drains, and its exit code makes the supervisor start it again.
"""

import asyncio
import contextlib
import gc
import importlib
import logging
import signal
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any, Final, Literal

from aiokafka.errors import KafkaError
from fastapi import FastAPI

from shared.eventing.owner import Owner
from shared.eventing.projector import Projector
from shared.eventing.snapshots import PostgresSnapshots
from shared.eventing.topics import assert_topics
from shared.runtime.assembly import Service
from shared.runtime.composing import (
    add_edges,
    add_owners,
    add_projector,
    application,
    delivery,
    open_models,
)
from shared.runtime.http.dispatch import Application
from shared.runtime.http.internal import internal_app
from shared.runtime.http.reads import Models
from shared.runtime.means import Means, Part, Shared
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.serving import served
from shared.runtime.settings import Settings
from shared.runtime.supervision import Loops

log = logging.getLogger(__name__)

PartName = Literal["web", "work"]
BOTH: Final[frozenset[PartName]] = frozenset({"web", "work"})

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
_SWEEP_EVERY: Final = 3600.0


def load(names: Sequence[str]) -> list[Service]:
    """The services of these names, as `services/<name>/app.py` assembles them."""
    return [importlib.import_module(f"services.{name}.app").SERVICE for name in names]


def spare_the_collector() -> None:
    """Leave alone what lives as long as the process, and look for cycles less often.

    States, views and rings are many long-lived objects without cycles; looking through them again
    and again was up to a quarter of an owner's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _asked_by(services: Sequence[Service]) -> list[Service]:
    """The services that these ask and that do not run here."""
    here = {service.name for service in services}
    return load(sorted({name for service in services for name in service.asks} - here))


class Process:
    """Some services in one process: `web` serves their HTTP, `work` decides, reacts and folds."""

    def __init__(
        self,
        services: Sequence[Service],
        settings: Settings,
        *,
        parts: Collection[PartName] = BOTH,
    ) -> None:
        self._services = services
        self._settings = settings
        self._parts = frozenset(parts)
        self._snapshots = PostgresSnapshots(settings.postgres)
        self._stop = asyncio.Event()
        self._topics_fit = asyncio.Event()
        self._owners: dict[str, Owner[Any, Any]] = {}
        self._models: dict[str, Models] = {}
        self._projector: Projector | None = None
        self.port: int | None = None
        """Where the public application is served, once it is."""
        self.internal_port: int | None = None
        """Where `/livez`, `/readyz` and `/metrics` are served, once they are."""
        self.shared = shared = Shared.of(settings)
        self._loops = Loops(shared.readiness)
        self._topics = shared.readiness.component("topics")
        self._going = shared.readiness.component("process")
        shared.readiness.watch("people", lambda: shared.people.postgres.reason)
        add_edges([*services, *_asked_by(services)], shared)
        if "web" in self._parts:
            self._models = open_models(services, shared)
        if "work" in self._parts:
            self._owners = add_owners(services, shared, self._snapshots)
            self._delivery = delivery(services, shared)
            self._projector = add_projector(services, shared)

    def stop(self) -> None:
        """Ask the process to end: it drains, and `run` returns."""
        self._stop.set()

    async def run(self) -> int:
        """Run until told to stop (SIGTERM, SIGINT, `stop`); returns the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            return await self._run()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    def application(self) -> Application:
        """The public application; its lifespan is that of everything this process does."""
        return application(self._services, self.shared, self._models, self._lifespan)

    def status(self) -> dict[str, Any]:
        """What `okr status` shows of this process."""
        return {
            "services": [service.name for service in self._services],
            "parts": sorted(self._parts),
            "owners": {name: owner.status() for name, owner in self._owners.items()},
            "projections": self._projector.status()["projections"] if self._projector else {},
        }

    async def _run(self) -> int:
        settings, shared = self._settings, self.shared
        internal = internal_app(shared.readiness, shared.metrics, self.status, shared.rest.busy)
        async with served(
            internal, settings.internal_host, settings.internal_port, drain_seconds=1.0
        ) as self.internal_port:
            if "web" not in self._parts:
                async with self._running():
                    return await self._until_told()
            async with served(
                self.application(),
                settings.host,
                settings.port,
                drain_seconds=settings.drain_seconds,
                lifespan="on",
            ) as self.port:
                log.info("serving http at %s:%s", settings.host, self.port)
                return await self._until_told()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        async with self._running():
            yield

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        """Everything but HTTP, started; ended in the reverse order of who needs whom."""
        shared = self.shared
        parts: list[Part] = [
            shared.people,
            shared.tail,
            shared.writer,
            *shared.edges.values(),
            *self._models.values(),
        ]
        for part in parts:
            await part.start()
        self._start_loops()
        self._going.ready()
        try:
            yield
        finally:
            await self._loops.stop(self._settings.drain_seconds)
            await shared.rest.stop()
            for part in reversed(parts):
                await part.stop()
            await self._snapshots.stop()

    def _start_loops(self) -> None:
        start = self._loops.start
        start("topics", self._check_topics())
        start("shared tail", self.shared.tail.watch())
        for name, edge in self.shared.edges.items():
            start(f"edge {name}", edge.watch())
        if "work" not in self._parts:
            return
        for name, owner in self._owners.items():
            start(f"owner {name}", self._own(owner))
        for service in self._services:
            means = Means(service.name, self.shared)
            for loop in service.loops:
                start(f"{service.name} {loop.__name__}", loop(means))
        start("reactions", self._delivery.run())
        start("sweeping", self._sweep())
        if self._projector is not None:
            start("projector", self._project(self._projector))

    async def _sweep(self) -> None:
        """Forget details that were staged by commands which nobody can send again."""
        while True:
            with contextlib.suppress(PeopleAway):
                await self.shared.people.sweep()
            await asyncio.sleep(_SWEEP_EVERY)

    async def _own(self, owner: Owner[Any, Any]) -> None:
        await self._topics_fit.wait()
        await owner.run()

    async def _project(self, projector: Projector) -> None:
        await self._topics_fit.wait()
        await projector.run()

    async def _check_topics(self) -> None:
        """Compare the topics with what they must be, once the broker answers; then idle."""
        pause = _FIRST_PAUSE
        self._topics.not_ready("waits for the broker")
        while not self._topics_fit.is_set():
            try:
                await assert_topics(self._settings.bootstrap)
            except (KafkaError, OSError) as error:
                self._topics.not_ready(f"waits for the broker: {type(error).__name__}: {error}")
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._topics.ready()
                self._topics_fit.set()
        await asyncio.Event().wait()

    async def _until_told(self) -> int:
        """Wait for the order to stop, or for a loop that ended; 0 only for the former."""
        told = asyncio.create_task(self._stop.wait())
        ended = asyncio.create_task(self._loops.first_to_end())
        await asyncio.wait({told, ended}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        ended.cancel()
        if self._stop.is_set():
            self._going.not_ready("stopping")
            return 0
        self._going.not_ready(f"ends because of {ended.result()}")
        return 1
