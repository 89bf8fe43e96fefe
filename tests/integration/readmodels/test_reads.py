"""GET routes over the real Postgres: shapes, items, pages, filters."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from services.readmodels.app import SERVICE
from services.readmodels.queries.shapes import Summary
from shared.events.objectives import ObjectiveCreated, Owner
from shared.runtime.http.cursors import encode
from tests.integration.readmodels.reading import Reader, projector_of, reader_of, visible
from tests.support.event_log import batches_of
from tests.support.given import OPERATOR
from tests.unit.readmodels.busy_quarter import busy_quarter
from tests.unit.readmodels.world import (
    BUILDING,
    BUYER,
    BUYING,
    CHIEF,
    COMPANY,
    CYCLE,
    PLATFORM,
    at,
    named,
    publish,
)

pytestmark = pytest.mark.integration

OBJECTIVE = f"/v1/objectives/{named('objective', '降本')}"
KEY_RESULT = f"{OBJECTIVE}/key-results/{named('key_result', '成本')}"


@pytest.fixture
async def reader(database: str, tmp_path: Path) -> AsyncIterator[Reader]:
    async with reader_of(busy_quarter(), database, tmp_path, now=at("12-31")) as found:
        yield found


def filled(path: str) -> str:
    """A route's path with something that is there."""
    values = {
        "objective_id": named("objective", "降本"),
        "key_result_id": named("key_result", "成本"),
        "department_id": BUILDING,
        "member_id": BUYER.id,
        "cycle_id": CYCLE,
        "name": "health",
        "n": "1",
    }
    return path.format(**values, notice_id="{notice_id}")


def keys(value: Any) -> Iterator[tuple[str, ...]]:
    """Every path of names in a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (name,)
            yield from ((name, *rest) for rest in keys(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def assert_fits(shape: type[BaseModel], value: Any) -> None:
    """The value is of the shape, has all its names and no others."""
    read = TypeAdapter(shape).validate_json(json.dumps(value))
    dumped = read.model_dump(mode="json", by_alias=True)
    assert set(keys(dumped)) == set(keys(value))


async def test_every_answer_has_the_shape_that_is_published(reader: Reader) -> None:
    notices = await reader.get("/v1/notifications", by=BUYER)
    for reads in SERVICE.reads:
        for route in reads.declared:
            by = BUYER if route.permission == "me.read" else OPERATOR
            path = filled(route.path).format(notice_id=notices["items"][0]["id"])
            answer = await reader.ask(path, by=by)
            assert answer.status_code == 200, (path, answer.text)
            body = answer.json()
            assert body.pop("as_of") == "2026-12-31T01:00:00Z"
            assert "okr.organization.events/" in answer.headers["okr-position"]
            if route.shape is None:
                continue
            for item in body["items"] if route.listing else [body]:
                assert_fits(route.shape, item)


async def test_items_carry_their_version_as_etag(reader: Reader) -> None:
    objective = await reader.ask(OBJECTIVE)
    assert objective.headers["etag"] == f'"{objective.json()["version"]}"'
    key_result = await reader.ask(KEY_RESULT)
    assert key_result.headers["etag"] == objective.headers["etag"]
    check_in = await reader.ask(f"{OBJECTIVE}/check-ins/1")
    measurement = await reader.ask(f"{KEY_RESULT}/progress/1")
    assert check_in.headers["etag"] == measurement.headers["etag"] != objective.headers["etag"]
    assert (await reader.ask("/v1/company")).headers["etag"] == '"2"'
    assert "etag" not in (await reader.ask("/v1/company/summary")).headers


NOWHERE = (
    f"/v1/objectives/{named('objective', 'nobody')}",
    f"{OBJECTIVE}/key-results/{named('key_result', '满意度')}",
    f"/v1/objectives/{named('objective', 'nobody')}/key-results",
    f"/v1/objectives/{named('objective', 'nobody')}/check-ins",
    f"{OBJECTIVE}/key-results/{named('key_result', '满意度')}/progress",
    f"{KEY_RESULT}/progress/99",
    f"{KEY_RESULT}/progress/0",
    f"{KEY_RESULT}/progress/99999999999999999999",
    f"{OBJECTIVE}/check-ins/99",
    f"/v1/departments/{CYCLE}",
    f"/v1/departments/{CYCLE}/summary",
    f"/v1/company/summary?cycle_id={COMPANY}",
    f"/v1/members/{CYCLE}",
    f"/v1/cycles/{COMPANY}",
    "/v1/policies/nothing",
    f"/v1/notifications/{CYCLE}",
)


async def test_what_nobody_has_is_404(reader: Reader) -> None:
    for path in NOWHERE:
        assert (path, await reader.code(path)) == (path, (404, "not_found"))


async def test_a_query_that_fits_nothing_is_422(reader: Reader) -> None:
    for query in (
        "health=red", "state=open", "cycle_id=1", "limit=201", "limit=0", "cursor=x",
        "colour=red", "q=%00", "as_of=2030-01-01",
    ):  # fmt: skip
        code = await reader.code(f"/v1/objectives?{query}")
        assert (query, code) == (query, (422, "query_invalid"))


async def test_a_made_up_cursor_is_422_whatever_is_in_it(reader: Reader) -> None:
    made_up: tuple[list[Any], ...] = (
        [], ["x"], [None], ["x", "y"], [{}], [1e99], [-5], [True], ["2026-10-01T00:00:00", 7],
        ["2026-10-01T00:00:00", "naive"], ["2026-10-01T00:00:00Z", "\x00"],
    )  # fmt: skip
    for path in ("/v1/objectives", "/v1/departments", f"{KEY_RESULT}/progress"):
        for values in made_up:
            cursor = encode(values, path, {})
            assert await reader.code(f"{path}?cursor={cursor}") == (422, "query_invalid")


async def test_objectives_are_found_by_each_filter(reader: Reader) -> None:
    async def titles(query: str) -> set[str]:
        page = await reader.get(f"/v1/objectives?{query}")
        return {item["title"] for item in page["items"]}

    everything = {"降本", "上线", "平台", "增长两倍", "密", "草稿", "待批"}
    assert await titles(f"cycle_id={CYCLE}") == everything
    assert await titles(f"cycle_id={COMPANY}") == set()
    assert await titles(f"owner_id={BUYER.id}") == {"降本"}
    assert await titles(f"department_id={PLATFORM}") == {"平台", "草稿"}
    assert await titles("state=draft") == {"草稿"}
    assert await titles("health=closed") == {"上线"}
    assert await titles("health=off_track&state=published") == {"平台"}
    assert await titles("q=成本") == {"降本"}
    assert await titles("q=%25") == set()


async def test_pages_follow_one_another_whatever_is_written_between(
    reader: Reader, database: str
) -> None:
    before = await reader.ids("/v1/objectives?limit=200")
    first = await reader.get("/v1/objectives?limit=3")
    suite = busy_quarter()
    new = ObjectiveCreated(
        objective_id=named("objective", "新增"),
        cycle_id=CYCLE,
        owner=Owner(type="member", id=BUYER.id),
        department_id=BUYING,
        title="新增",
    )
    suite.say(new, at=at("12-31"))
    projector = projector_of(suite, database)
    await projector._begin()
    for log in suite.logs.values():
        (batch,) = batches_of(log.records, [10_000])
        assert await projector._apply([batch])
    await visible(reader.view, projector)
    seen = [item["id"] for item in first["items"]]
    cursor = first["next_cursor"]
    while cursor:
        page = await reader.get(f"/v1/objectives?limit=2&cursor={cursor}")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [*before, named("objective", "新增")]
    for member in projector._members:
        await member.live.disconnect()


async def test_a_read_that_is_ahead_of_the_log_is_not_yet(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.http.looking.WAIT_SECONDS", 0.05)
    position = (await reader.ask("/v1/company")).headers["okr-position"]
    assert (await reader.ask("/v1/company", after=position)).status_code == 200
    ahead = await reader.ask("/v1/company", after="okr.objectives.events/2@999999")
    assert (ahead.status_code, ahead.json()["code"]) == (504, "not_yet")


async def test_a_summary_can_be_proved_from_the_level_below(reader: Reader) -> None:
    company = await reader.get("/v1/company/summary")
    assert company["unit"] == {"type": "company", "id": COMPANY, "name": "公司"}
    own = await reader.get(f"/v1/objectives?department_id={COMPANY}")
    (growth,) = [each for each in own["items"] if each["state"] == "published"]
    # 0.9 of the company's own, and what the departments bring.
    below = sum(float(child["sum"]) for child in company["children"])
    assert growth["progress"]["raw"] == "0.9"
    assert round(below + 0.9, 12) == float(company["sum"])
    for child in company["children"]:
        whole = await reader.get(f"/v1/departments/{child['unit']['id']}/summary")
        whole.pop("as_of")
        assert {**child, "children": whole["children"]} == whole
        assert_fits(Summary, whole)


async def test_the_clock_tells_the_organizations_time(reader: Reader) -> None:
    clock = await reader.get("/v1/policies/clock")
    clock.pop("as_of")
    assert clock == {
        "name": "clock",
        "revision": 0,
        "version": 0,
        "moved": False,
        "now": "2026-12-31T01:00:00Z",
        "offset": "0",
        "today": "2026-12-31",
        "days_begun": "2026-12-31",
        "training": True,
    }


async def test_a_notice_is_a_sentence_in_the_callers_language(reader: Reader) -> None:
    english = (await reader.get("/v1/notifications", by=BUYER))["items"]
    chinese = (await reader.get("/v1/notifications", by=BUYER, language="zh-CN"))["items"]
    one, same = english[-1], chinese[-1]
    assert one["text"] == "Key result “成本” of “降本” is at risk." or one["text"].endswith("long.")
    assert "降本" in same["text"]
    assert "「" in same["text"]
    instants = [each["created_at"] for each in english]
    assert instants == sorted(instants, reverse=True)
    assert await reader.ids("/v1/notifications", by=CHIEF) != await reader.ids(
        "/v1/notifications", by=BUYER
    )
    assert await reader.code(f"/v1/notifications/{one['id']}", by=CHIEF) == (404, "not_found")


async def test_what_was_sealed_is_opened_until_its_author_is_erased(
    database: str, tmp_path: Path
) -> None:
    from services.checkins.domain.commands import PublishCheckIn
    from shared.runtime.people.store import PeopleStore
    from shared.runtime.settings import Settings
    from tests.unit.readmodels.world import company, key_result

    settings = Settings(postgres=database, data_dir=tmp_path)
    people = PeopleStore.of(settings)
    await people.start()
    await people.postgres.connected()
    sealed = (await people.keys.author(BUYER.id)).seal("先谈价格,再谈周期")
    await people.write([(BUYER.id, {"display_name": "采购经理", "email": "buyer@example.com"})])
    suite = company()
    publish(suite, "降本", BUYER, key_result("成本"), description=sealed)
    told = PublishCheckIn(objective_id=named("objective", "降本"), narrative=sealed, readings={})
    suite.ask("checkins", told, by=BUYER, at=at("10-09"))
    async with reader_of(suite, database, tmp_path) as reader:
        for path, name in ((OBJECTIVE, "description"), (f"{OBJECTIVE}/check-ins/1", "narrative")):
            assert (await reader.get(path))[name] == "先谈价格,再谈周期"
        member = await reader.get(f"/v1/members/{BUYER.id}")
        assert (member["display_name"], member["email"]) == ("采购经理", "buyer@example.com")
        await reader.people.erase(BUYER.id)
        for path, name in ((OBJECTIVE, "description"), (f"{OBJECTIVE}/check-ins/1", "narrative")):
            assert (await reader.get(path))[name] is None
        assert (await reader.get(f"/v1/members/{BUYER.id}"))["display_name"] is None
    await people.stop()


async def test_the_position_never_says_more_than_the_rows_have(reader: Reader) -> None:
    moment = await reader.view.moment()
    assert moment.now - at("12-31") == timedelta(0)
    assert moment.zone == "Asia/Shanghai"
