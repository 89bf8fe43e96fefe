"""The whole application: every service's routes in one document, behind one gate."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from shared.runtime.auth.permissions import PERMISSIONS
from shared.runtime.http.dispatch import Application
from shared.runtime.http.limits import Rate
from shared.runtime.http.routing import Route
from shared.runtime.process import Process, load
from shared.runtime.settings import Settings
from tests.support.http import ISSUER, Asker, FakeEdge, application
from tests.unit.runtime.things import things

ROOT = Path(__file__).parents[3]
NOT_READ_YET = {"/v1/alignments"}
"""What can be written and has no read model so far; whoever serves one takes it off this list."""

SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/app.py"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Application:
    """The application of all services; nothing is connected."""

    async def built() -> Application:
        settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
        return Process(load(SERVICES), settings, parts={"web"}).application()

    return asyncio.run(built())


def routes(app: Application) -> list[Route]:
    return [route for route in app.routes if isinstance(route, Route)]


async def document(app: Application) -> dict[str, Any]:
    told = await Asker(app, "").ask("GET", "/openapi.json")
    assert told.status == 200
    found: dict[str, Any] = told.json
    return found


class TestTheDocument:
    async def test_it_is_openapi_3_1_of_the_whole_suite(self, whole: Application) -> None:
        made = await document(whole)
        assert made["openapi"].startswith("3.1")
        assert len(made["paths"]) > 30

    async def test_every_route_is_in_it_with_its_permission(self, whole: Application) -> None:
        made = await document(whole)
        for route in routes(whole):
            for method in route.methods or ():
                operation = made["paths"][route.path][method.lower()]
                assert operation["x-permission"] in PERMISSIONS
                assert operation["summary"], route.path

    async def test_every_reference_in_it_leads_somewhere(self, whole: Application) -> None:
        made = await document(whole)
        named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(made)))
        assert named <= set(made["components"]["schemas"])

    async def test_every_operation_says_how_it_fails(self, whole: Application) -> None:
        made = await document(whole)
        for path, item in made["paths"].items():
            for operation in item.values():
                assert {"401", "403", "404", "422", "429"} <= set(operation["responses"]), path

    async def test_writes_take_what_all_writes_take(self, whole: Application) -> None:
        operation = (await document(whole))["paths"]["/v1/departments"]["post"]
        names = {each["name"] for each in operation["parameters"]}
        assert {"Idempotency-Key", "If-Match", "OKR-After", "Prefer", "dry_run"} == names
        assert "application/json" in operation["requestBody"]["content"]

    async def test_every_write_of_a_collection_can_be_read_again(self, whole: Application) -> None:
        paths = (await document(whole))["paths"]
        made = {
            path
            for path, item in paths.items()
            if "201" in item.get("post", {}).get("responses", {})
        }
        assert {path for path in made if "get" not in paths[path]} == NOT_READ_YET


class TestTheDocs:
    async def test_they_are_plain_and_come_from_nowhere_else(self, whole: Application) -> None:
        told = await Asker(whole, "").ask("GET", "/docs")
        assert told.status == 200
        assert b"<script" not in told.body
        assert re.findall(rb'(?:src|href)="?(https?:)?//', told.body) == []
        assert b"POST /v1/objectives" in told.body

    async def test_a_word_of_ours_is_no_markup(self, whole: Application) -> None:
        told = await Asker(whole, "").ask("GET", "/docs")
        assert told.headers["content-security-policy"].startswith("default-src 'none'")


class TestTheGate:
    async def test_no_route_answers_a_stranger(self, whole: Application) -> None:
        stranger = Asker(whole, "")
        for route in routes(whole):
            path = re.sub(r"\{[^}]+\}", "x", route.path)
            for method in route.methods or ():
                told = await stranger.ask(method, path)
                assert (told.status, told.json["code"]) == (401, "unauthenticated"), path

    async def test_named_parts_win_over_filled_in_ones(self, whole: Application) -> None:
        table = whole.table
        assert table is not None
        for route in routes(whole):
            for method in route.methods or ():
                found = table.find(method, route.path.replace("{", "").replace("}", ""))
                assert found is not None
                assert found[0] is route.app

    async def test_beyond_its_rate_a_principal_gets_429_and_others_do_not(self) -> None:
        app = application(things, rate=Rate(1.0, 2, clock=lambda: 0.0))
        mine, others = Asker(app), Asker(app, ISSUER.mint("somebody-else"))
        told = [await mine.ask("POST", "/v1/things", {"name": "a"}) for _ in range(3)]
        assert [each.status for each in told] == [201, 201, 429]
        assert told[2].headers["retry-after"] == "1"
        assert (told[2].json["code"], "1" in told[2].json["detail"]) == ("rate_limited", True)
        assert (await others.ask("POST", "/v1/things", {"name": "a"})).status == 201

    async def test_beyond_what_a_process_can_hold_it_is_429(self) -> None:
        class Slow(FakeEdge):
            async def ask(self, record: Any, *, wait: float = 10.0) -> Any:
                await asyncio.sleep(0.05)
                return await super().ask(record, wait=wait)

        asker = Asker(application(things, edge=Slow(), most_under_way=5))
        told = await asyncio.gather(
            *(asker.ask("POST", "/v1/things", {"name": "a"}) for _ in range(20))
        )
        assert sorted({each.status for each in told}) == [201, 429]
        assert sum(each.status == 201 for each in told) == 5


class TestRate:
    def test_a_bucket_fills_again(self) -> None:
        now = 0.0
        rate = Rate(10.0, 1, clock=lambda: now)
        assert (rate.take("a"), rate.take("a")) == (0, 1)
        now = 0.1
        assert rate.take("a") == 0

    def test_it_never_holds_more_than_its_burst(self) -> None:
        now = 0.0
        rate = Rate(10.0, 2, clock=lambda: now)
        rate.take("a")
        now = 1000.0
        assert [rate.take("a") for _ in range(3)] == [0, 0, 1]

    def test_a_slow_rate_says_how_long_to_wait(self) -> None:
        rate = Rate(0.1, 1, clock=lambda: 0.0)
        rate.take("a")
        assert rate.take("a") == 10
