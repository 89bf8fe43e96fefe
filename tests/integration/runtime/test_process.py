"""A whole process on the real broker and the real Postgres: it starts, answers, reacts, ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from shared.eventing.clients import producer
from shared.eventing.topics import ensure_topics, events_topic, partition_of
from shared.runtime.assembly import Service
from shared.runtime.auth.issuing import local_issuer
from shared.runtime.means import Means
from shared.runtime.process import BOTH, Process, load
from shared.runtime.settings import Settings
from tests.support.stack import Stack

pytestmark = pytest.mark.integration

PATIENCE = 60.0


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(PATIENCE):
        while not await true():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[asyncio.Task[int]]:
    """The process, run in a task of this loop; stopped at the end where it was not yet."""
    task = asyncio.create_task(process.run())
    try:
        async with asyncio.timeout(PATIENCE):
            while process.internal_port is None and not task.done():
                await asyncio.sleep(0.01)
        yield task
    finally:
        process.stop()
        await task


@asynccontextmanager
async def asking(port: int | None, token: str = "") -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"authorization": f"Bearer {token or 'none'}", "accept-language": "en"}
    base = f"http://127.0.0.1:{port}"
    async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=PATIENCE) as client:
        yield client


def settings_of(tmp_path: Path, **more: Any) -> Settings:
    nowhere = {"bootstrap": "127.0.0.1:1", "postgres": "postgresql://x@127.0.0.1:1/x"}
    return Settings(data_dir=tmp_path, port=0, internal_port=0, **{**nowhere, **more})


async def is_ok(client: httpx2.AsyncClient, path: str) -> bool:
    return (await client.get(path)).is_success


async def test_a_loop_that_dies_ends_the_process_which_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fold(_: Means) -> None:
        raise RuntimeError("cannot fold any further")

    process = Process([Service("things", loops=(fold,))], settings_of(tmp_path), parts={"work"})
    async with asyncio.timeout(PATIENCE):
        assert await process.run() == 1
    assert "cannot fold any further" in caplog.text
    states = process.shared.readiness.states()
    assert states["loop things fold"] == "RuntimeError: cannot fold any further"
    assert "things fold" in str(states["process"])


async def test_it_starts_while_broker_and_database_are_away(tmp_path: Path) -> None:
    process = Process(load(["organization", "notifications"]), settings_of(tmp_path))
    async with running(process) as task, asking(process.internal_port) as inside:
        assert await is_ok(inside, "/livez")
        await until(lambda: _is_running(process))
        told = (await inside.get("/readyz")).json()
        assert told["ready"] is False
        for name in ("people", "topics", "edge organization", "owner organization"):
            assert told["components"][name]["reason"], name
        token = local_issuer(process.shared.settings).mint_operator("admin")
        async with asking(process.port, token) as outside:
            answer = await outside.post("/v1/departments", json={"name": "a"})
        assert (answer.status_code, answer.json()["code"]) == (503, "people_away")
        assert answer.headers["retry-after"] == "1"
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(asyncio.shield(task), PATIENCE) == 0


async def _is_running(process: Process) -> bool:
    return process.port is not None


async def test_it_answers_reacts_and_drains(own_stack: Stack, tmp_path: Path) -> None:
    await ensure_topics(own_stack.kafka)
    settings = settings_of(tmp_path, bootstrap=own_stack.kafka, postgres=own_stack.postgres)
    names = ["organization", "objectives", "checkins", "notifications"]
    process = Process(load(names), settings, parts=BOTH)
    token = local_issuer(settings).mint_operator("admin")
    async with running(process) as task, asking(process.internal_port) as inside:
        await until(lambda: is_ok(inside, "/readyz"))
        async with asking(process.port, token) as outside:
            company = (await outside.post("/v1/departments", json={"name": "公司"})).json()["id"]
            person = await _joined(outside, company, "李雷")
            await _forge_erasure(own_stack.kafka, person)
            await until(lambda: is_ok(inside, "/restz"))
            kept = (await process.shared.people.read([person]))[person]
            assert (kept.display_name, kept.erased) == ("李雷", False)
            erased = await outside.post(f"/v1/members/{person}/erase")
            assert erased.status_code == 200
            await until(lambda: is_ok(inside, "/restz"))
            assert (await process.shared.people.read([person]))[person].erased
            under_way = [asyncio.create_task(_joined(outside, company, f"n{n}")) for n in range(8)]
            await asyncio.sleep(0)
            joined = await asyncio.gather(*under_way)
            assert len(set(joined)) == 8
        process.stop()
        assert await asyncio.wait_for(asyncio.shield(task), PATIENCE) == 0


async def _joined(client: httpx2.AsyncClient, department: str, name: str) -> str:
    """Somebody who joined; asked twice under one key, as a client in doubt would."""
    body = {"display_name": name, "department_id": department}
    headers = {"idempotency-key": f"join-{name.encode().hex()}"}
    answers = [await client.post("/v1/members", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    first, again = (answer.json() for answer in answers)
    assert first == again
    made: str = first["id"]
    return made


async def _forge_erasure(bootstrap: str, person: str) -> None:
    """What a zombie's late append looks like: a record that claims another offset than its own."""
    topic, stream = events_topic("organization"), f"member-{person}"
    headers = {
        "ce_id": str(uuid4()),
        "ce_type": "okr.MemberErased.v1",
        "ce_source": "/okr/organization",
        "ce_subject": stream,
        "ce_time": "2026-11-30T09:00:00Z",
        "ce_sequence": "2".zfill(20),
        "okr_at": "0",
        "okr_prev": "",
    }
    client = producer(bootstrap, client_id="zombie")
    await client.start()
    try:
        await client.send_and_wait(
            topic,
            b'{"member_id":"%s"}' % person.encode(),
            stream.encode(),
            partition=partition_of("organization", stream),
            headers=[(name, text.encode()) for name, text in headers.items()],
        )
    finally:
        await client.stop()
