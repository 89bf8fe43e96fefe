"""The read side as people meet it: a log folded into the real Postgres, and asked over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from asyncpg import Connection

from services.readmodels.app import SERVICE
from services.readmodels.projections import PROJECTIONS
from services.readmodels.queries.pool import Pool
from services.readmodels.queries.view import View
from shared.eventing.postgres import connect
from shared.eventing.projector import Projector
from shared.eventing.reader import Tail
from shared.eventing.visible import Visible
from shared.events.deciding import Actor
from shared.runtime.auth.issuing import LocalIssuer, local_issuer
from shared.runtime.auth.tokens import Tokens
from shared.runtime.http.app import public_app
from shared.runtime.http.gate import Gate
from shared.runtime.http.limits import Rate
from shared.runtime.http.looking import Looking
from shared.runtime.http.operations import read_operation
from shared.runtime.metrics import Metrics
from shared.runtime.people.store import PeopleStore
from shared.runtime.settings import Settings
from tests.support.event_log import FakeConsumer, MemoryLog
from tests.support.given import OPERATOR
from tests.support.suite import Suite


@dataclass
class Reader:
    """Asks for pages as somebody."""

    client: httpx2.AsyncClient
    issuer: LocalIssuer
    view: View
    people: PeopleStore
    dsn: str

    async def ask(
        self, path: str, *, by: Actor = OPERATOR, language: str = "en", after: str | None = None
    ) -> httpx2.Response:
        """The answer to `GET path`."""
        headers = {
            "authorization": f"Bearer {self.issuer.mint(by.id, roles=sorted(by.roles))}",
            "accept-language": language,
        }
        if after is not None:
            headers["okr-after"] = after
        return await self.client.get(path, headers=headers)

    async def get(self, path: str, **how: Any) -> Any:
        """What `GET path` answers; fails unless it is 200."""
        answer = await self.ask(path, **how)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ids(self, path: str, **how: Any) -> list[str]:
        """The ids on a page."""
        return [item["id"] for item in (await self.get(path, **how))["items"]]

    async def code(self, path: str, **how: Any) -> tuple[int, str]:
        """The status and the code of a problem."""
        answer = await self.ask(path, **how)
        return answer.status_code, answer.json()["code"]

    async def database(self) -> Connection:
        """A connection of its own."""
        return await connect(self.dsn, name="test")


@asynccontextmanager
async def reader_of(
    suite: Suite, dsn: str, data: Path, *, now: datetime | None = None
) -> AsyncIterator[Reader]:
    """Everything that the suite has said, built and visible."""
    settings = Settings(postgres=dsn, data_dir=data)
    people = PeopleStore.of(settings)
    how = {} if now is None else {"real_time": lambda: now}
    view = View(Pool(dsn), Visible(PROJECTIONS, dsn=dsn), people, **how)
    projector = projector_of(suite, dsn)
    await people.start()
    await view.start()
    try:
        await people.postgres.connected()
        await projector._begin()
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=_application(view, settings)),
            base_url="http://okr.test",
        )
        async with client:
            reader = Reader(client, local_issuer(settings), view, people, dsn)
            await visible(view, projector)
            yield reader
    finally:
        await view.stop()
        await people.stop()
        for member in projector._members:
            await member.live.disconnect()


def projector_of(suite: Suite, dsn: str) -> Projector:
    """A projector that reads what the suite has said instead of a broker."""
    return Projector(PROJECTIONS, dsn=dsn, bootstrap="none", make_tail=tail_of(suite))


def tail_of(suite: Suite) -> Any:
    """What makes tails of the suite's logs."""

    def tail(bootstrap: str, places: Any, held: Any = None, **how: Any) -> Tail:
        def make(*_: Any, **__: Any) -> FakeConsumer:
            return FakeConsumer(log_of(suite))

        return Tail(bootstrap, places, held, make=make, **how)

    return tail


def log_of(suite: Suite) -> MemoryLog:
    """The suite's logs as a broker would hold them."""
    log = MemoryLog()
    log.records = {
        (each.records[0].topic, each.partition): each.records for each in suite.logs.values()
    }
    return log


async def visible(view: View, projector: Projector) -> None:
    """Wait until queries rely on all that was built."""
    from shared.eventing.positions import Position

    built = [
        Position(*place, held.offset)
        for member in projector._members
        for place, held in member.live.held.items()
    ]
    assert await view.reached(built, 10)
    await view.pool._connecting  # type: ignore[misc]


def _application(view: View, settings: Settings) -> Any:
    looking = Looking(view)
    operations = [
        read_operation(route, looking) for reads in SERVICE.reads for route in reads.declared
    ]
    gate = Gate(
        Tokens([local_issuer(settings).trusted]),
        Rate(1_000_000, 1_000_000),
        Metrics(),
        most_under_way=1_000,
    )
    return public_app(operations, gate)
