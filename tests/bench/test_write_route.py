"""What a write route costs beside a bare FastAPI route that only parses the same body."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from shared.okr.identity import import_id
from tests.support.http import Asker, application
from tests.unit.runtime.things import things

pytestmark = pytest.mark.bench

ROUNDS = 5
REQUESTS = 400
BODY = json.dumps({"name": "进展", "amount": "0.5", "note": "顺利", "day": "2026-11-30"}).encode()


class Plain(BaseModel):
    name: str
    amount: str
    note: str
    day: str


def bare() -> FastAPI:
    app = FastAPI()

    @app.post("/v1/things")
    async def make(body: Plain) -> dict[str, str]:
        return {"name": body.name}

    return app


async def rate(ask: Callable[[int], Awaitable[Any]]) -> float:
    """Requests a second, one after the other, on one core."""
    began = time.perf_counter()
    for number in range(REQUESTS):
        await ask(number)
    return REQUESTS / (time.perf_counter() - began)


async def test_a_write_route_is_at_least_a_quarter_as_fast_as_a_bare_one() -> None:
    ours, plain = Asker(application(things)), Asker(bare())

    async def write(number: int) -> None:
        key = {"Idempotency-Key": import_id("member", str(number))}
        told = await ours.ask("POST", "/v1/things", raw=BODY, headers=key)
        assert told.status == 201

    async def parse(_: int) -> None:
        assert (await plain.ask("POST", "/v1/things", raw=BODY)).status == 200

    ratios = []
    for _ in range(ROUNDS):
        baseline = await rate(parse)
        ratios.append(await rate(write) / baseline)
    print(f"write route / bare route: {sorted(ratios)[ROUNDS // 2]:.2f}")  # noqa: T201 - its figure
    assert sorted(ratios)[ROUNDS // 2] >= 0.25
