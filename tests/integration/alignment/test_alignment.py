"""Alignment on the real broker: a file's mention asks a department, which promises and delivers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.alignment.domain.helping import mentioned_id
from shared.eventing.reader import Tail, places_of
from shared.eventing.topics import ensure_topics
from shared.eventing.wire import recorded
from shared.events.deciding import Recorded
from shared.okr import identity
from shared.runtime.auth.issuing import local_issuer
from shared.runtime.process import BOTH, Process, load
from shared.runtime.settings import Settings
from tests.support.stack import Stack

pytestmark = pytest.mark.integration

PATIENCE = 60.0
SERVICES = ("organization", "objectives", "checkins", "alignment", "notifications")
METRIC = {"kind": "metric", "baseline": "0", "target": "50", "unit": "人"}


def an_objective(key: str, *mentions: str) -> dict[str, Any]:
    result = {"key": "kr1", "title": "结果", "measure": METRIC, "mentions": list(mentions)}
    return {"key": f"{key}/o1", "owner": key, "title": f"{key} 的目标", "key_results": [result]}


def a_department(key: str, name: str, head: str, *objectives: dict[str, Any]) -> dict[str, Any]:
    people = [{"key": o["owner"], "name": o["owner"]} for o in objectives]
    return {
        "key": key,
        "name": name,
        "aliases": [f"{name}门"],
        "head": head,
        "members": people,
        "objectives": list(objectives),
    }


FILE = {
    "format": "okr-import/1",
    "cycle": {"name": "2099", "start": "2026-01-01", "end": "2099-12-31"},
    "company": {"name": "公司"},
    "departments": [
        a_department("finance", "财务部", "cfo", an_objective("cfo", "产研部门")),
        a_department(
            "rd", "产研部", "lead", an_objective("lead"), an_objective("engineer"),
        ),
    ],
    "alignments": [{"kind": "contributes", "from": "engineer/o1", "to": "lead/o1", "weight": 25}],
}  # fmt: skip


class Suite:
    """The services of one process, over HTTP, and what alignment has said."""

    def __init__(self, process: Process, settings: Settings) -> None:
        self._process = process
        self._issuer = local_issuer(settings)
        self._bootstrap = settings.bootstrap

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, by: str = "admin"
    ) -> Any:
        """One request of an operator, or of a member of the file by key."""
        token = (
            self._issuer.mint_operator("admin")
            if by == "admin"
            else self._issuer.mint(identity.import_id("member", by))
        )
        base = f"http://127.0.0.1:{self._process.port}"
        headers = {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=PATIENCE) as client:
            answer = await client.request(method, path, json=body)
        assert answer.status_code < 500, answer.text
        return answer.json()

    async def said(self) -> list[Recorded[Any]]:
        """All events of alignment's log."""
        places = places_of(("alignment",))
        tail = Tail(self._bootstrap, places, client_id="test")
        found: list[Recorded[Any]] = []
        await tail.open()
        try:
            while batches := await tail.next(wait=2.0):
                found += [recorded(record) for batch in batches for record in batch.records]
        finally:
            await tail.close()
        return found

    async def hears(self, name: str) -> Recorded[Any]:
        """Wait until alignment has said this."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for each in await self.said():
                    if type(each.event).__name__ == name:
                        return each


@asynccontextmanager
async def running(stack: Stack, data: Path) -> AsyncIterator[Suite]:
    await ensure_topics(stack.kafka)
    settings = Settings(
        data_dir=data, port=0, internal_port=0, bootstrap=stack.kafka, postgres=stack.postgres
    )
    process = Process(load(SERVICES), settings, parts=BOTH)
    task = asyncio.create_task(process.run())
    try:
        await until(lambda: is_ready(process, task))
        yield Suite(process, settings)
    finally:
        process.stop()
        assert await task == 0


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0.05)


async def is_ready(process: Process, task: asyncio.Task[int]) -> bool:
    assert not task.done()
    if process.internal_port is None or process.port is None:
        return False
    base = f"http://127.0.0.1:{process.internal_port}"
    async with httpx2.AsyncClient(base_url=base, timeout=PATIENCE) as inside:
        return (await inside.get("/readyz")).is_success


async def test_a_mention_of_a_file_asks_and_help_is_promised_and_delivered(
    own_stack: Stack, tmp_path: Path
) -> None:
    objective = {
        key: identity.imported_objective_id("2099", f"{key}/o1")
        for key in ("cfo", "lead", "engineer")
    }
    async with running(own_stack, tmp_path) as suite:
        report = await suite.ask("POST", "/v1/imports", FILE)
        assert report["refused"] == []
        again = await suite.ask("POST", "/v1/imports", FILE)
        assert (again["created"], again["unchanged"], again["refused"]) == (0, report["rows"], [])

        asked = await suite.hears("HelpRequested")
        department = identity.import_id("department", "rd")
        result = identity.imported_key_result_id("2099", "cfo/o1", "kr1")
        assert asked.event.alignment_id == mentioned_id(result, department)
        imported = await suite.hears("AlignmentLinked")
        # The importer is who asks, and the file's digest says what it belongs to.
        assert asked.actor == imported.actor
        assert asked.correlation == imported.correlation

        request = f"/v1/alignments/{asked.event.alignment_id}"
        loop = {
            "kind": "supports",
            "from_objective_id": objective["lead"],
            "to": {"objective_id": objective["engineer"]},
        }
        assert (await suite.ask("POST", "/v1/alignments", loop, by="lead"))["code"] == (
            "alignment_loop"
        )
        named = {"objective_id": objective["engineer"]}
        assert (await suite.ask("POST", f"{request}/accept", named, by="cfo"))["code"] == (
            "not_your_turn"
        )
        promised = await suite.ask("POST", f"{request}/accept", named, by="lead")
        assert [event["type"] for event in promised["events"]] == [
            "HelpPromised",
            "AlignmentLinked",
        ]
        closed = {"outcome": "achieved"}
        await suite.ask("POST", f"/v1/objectives/{objective['engineer']}/close", closed)
        delivered = await suite.hears("HelpDelivered")
        assert delivered.event.achieved


async def test_a_proposal_is_answered_and_expires_with_its_cycle(
    own_stack: Stack, tmp_path: Path
) -> None:
    proposal = {
        "kind": "supports",
        "from_objective_id": identity.imported_objective_id("2099", "cfo/o1"),
        "to": {"objective_id": identity.imported_objective_id("2099", "lead/o1")},
        "message": "一起做",
    }
    async with running(own_stack, tmp_path) as suite:
        await suite.ask("POST", "/v1/imports", FILE)
        made = await suite.ask("POST", "/v1/alignments", proposal, by="cfo")
        assert "一起做" not in str(made)
        assert (await suite.ask("POST", "/v1/alignments", proposal, by="cfo"))["events"] == []
        counter = {"message": "好", "weight": "10"}
        path = f"/v1/alignments/{made['id']}"
        answer = await suite.ask("POST", f"{path}/counter", counter, by="lead")
        assert answer["events"][0]["data"]["weight"] == "10"
        cycle = f"/v1/cycles/{identity.import_id('cycle', '2099')}"
        for step in ("review", "close"):
            await suite.ask("POST", f"{cycle}/{step}", {"reason": "因为"})
        expired = await suite.hears("AlignmentExpired")
        assert expired.event.alignment_id == made["id"]
        assert (await suite.hears("HelpExpired")).actor.type == "system"
