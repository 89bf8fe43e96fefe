"""A declared read: waiting, dating, paging, and what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.eventing.positions import Position
from shared.events.event import Id
from shared.runtime.http.cursors import BadCursor, decode, encode
from shared.runtime.http.looking import resolve_as_of
from shared.runtime.http.problems import Problem
from shared.runtime.http.reads import Item, Moment, Page, Query, Read, Reads
from tests.support.http import Asker, FakeEdge, Told, application
from tests.unit.runtime.things import THING, things

NOW = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)
"""Half past midnight of the first of December in Shanghai."""
MOMENT = Moment(NOW, "Asia/Shanghai", "okr.things.events/3@1042")


@dataclass
class FakeModels:
    """Numbers as a read model; `reaches` says whether positions are reached in time."""

    numbers: list[int] = field(default_factory=lambda: list(range(10)))
    reaches: bool = True
    waited_for: list[Position] = field(default_factory=list)
    trouble: str | None = None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def reached(self, after: Sequence[Position], patience: float) -> bool:
        self.waited_for = list(after)
        return self.reaches

    async def moment(self) -> Moment:
        return MOMENT


class NumberQuery(Query):
    above: int = -1
    even: bool = False


reads = Reads("things", tag="things")


@reads.item("/v1/things/{thing_id}", permission="okrs.read")
async def thing(_read: Read[FakeModels, Query], thing_id: Id) -> Item:
    """One thing."""
    if thing_id != THING:
        raise Problem("not_found")
    return Item({"id": thing_id}, version=3)


@reads.item("/v1/written", permission="okrs.read")
async def written(_read: Read[FakeModels, Query]) -> Item:
    """A stored document."""
    return Item(b'{"id":"x"}')


@reads.item("/v1/past", permission="okrs.read", history=True)
async def past(read: Read[FakeModels, Query]) -> Item:
    """Something with a history."""
    return Item({"observed": read.observed})


@reads.list("/v1/numbers", permission="okrs.read", query=NumberQuery)
async def numbers(read: Read[FakeModels, NumberQuery]) -> Page:
    """Numbers in order."""
    last = read.cursor[0] if read.cursor else read.query.above
    found = [n for n in read.models.numbers if n > last and not (read.query.even and n % 2)]
    rows = found[: read.limit + 1]
    return Page.of(rows, read.limit, item=lambda n: {"n": n}, place=lambda n: [n])


def asker(models: FakeModels | None = None) -> Asker:
    return Asker(application(things, reads=[reads], models=models or FakeModels()))


async def got(path: str, models: FakeModels | None = None, **headers: str) -> Told:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await asker(models).ask("GET", path, headers=named)


class TestAnItem:
    async def test_it_has_its_version_its_position_and_as_of_when_it_is(self) -> None:
        told = await got(f"/v1/things/{THING}")
        assert told.status == 200
        assert told.headers["etag"] == '"3"'
        assert told.headers["okr-position"] == MOMENT.position
        assert told.json == {"id": THING, "as_of": "2026-11-30T16:30:00Z"}

    async def test_a_stored_document_is_sent_as_it_is_and_dated(self) -> None:
        assert (await got("/v1/written")).json == {"id": "x", "as_of": "2026-11-30T16:30:00Z"}

    async def test_one_that_is_not_there_is_404(self) -> None:
        other = THING[:-1] + "0"
        assert (await got(f"/v1/things/{other}")).status == 404

    async def test_a_parameter_that_is_not_known_is_422(self) -> None:
        told = await got(f"/v1/things/{THING}?asof=2026-01-01")
        assert (told.status, told.json["code"]) == (422, "query_invalid")

    async def test_nobody_reads_without_a_token(self) -> None:
        app = application(things, reads=[reads], models=FakeModels())
        assert (await Asker(app, "").ask("GET", "/v1/written")).status == 401


class TestWaiting:
    async def test_it_waits_for_the_positions_that_are_named(self) -> None:
        models = FakeModels()
        told = await got("/v1/written", models, okr_after="okr.a.events/1@5, okr.b.events/2@6")
        assert told.status == 200
        assert [p.offset for p in models.waited_for] == [5, 6]

    async def test_what_is_not_reached_in_time_is_504_not_yet(self) -> None:
        told = await got("/v1/written", FakeModels(reaches=False), okr_after="okr.a.events/1@5")
        assert (told.status, told.json["code"]) == (504, "not_yet")
        assert told.headers["retry-after"] == "1"


class TestAsOf:
    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("2026-12-01", None),
            ("2026-11-30", datetime(2026, 11, 30, 15, 59, 59, 999999, UTC)),
            ("2026-11-30T16:30:00Z", NOW),
            ("2026-12-01T00:00:00+08:00", datetime(2026, 11, 30, 16, tzinfo=UTC)),
        ],
    )
    def test_a_date_is_the_end_of_its_day_in_the_zone_of_the_organization(
        self, text: str, instant: datetime | None
    ) -> None:
        assert resolve_as_of(text, MOMENT) == instant

    @pytest.mark.parametrize(
        "text",
        [
            "2026-12-02", "2026-11-30T16:30:01Z", "2026-02-30", "9999-12-31", "0000-01-01",
            "yesterday", "", "2026-11-30T16:30:00", "20261130",
        ],
    )  # fmt: skip
    def test_what_is_later_or_no_date_is_refused(self, text: str) -> None:
        with pytest.raises(Problem, match="query_invalid"):
            resolve_as_of(text, MOMENT)

    async def test_today_is_now(self) -> None:
        assert (await got("/v1/written?as_of=2026-12-01")).json["as_of"] == "2026-11-30T16:30:00Z"

    async def test_a_route_with_history_answers_as_of_then(self) -> None:
        told = await got("/v1/past?as_of=2026-11-01&clock=observed")
        assert told.json == {"observed": True, "as_of": "2026-11-01T15:59:59.999999Z"}

    async def test_a_route_without_history_says_so(self) -> None:
        told = await got("/v1/written?as_of=2026-11-01")
        assert (told.status, told.json["code"]) == (422, "as_of_unsupported")

    async def test_a_clock_that_is_none_is_422(self) -> None:
        assert (await got("/v1/past?clock=wall")).status == 422


class TestAList:
    async def test_its_pages_follow_one_another_to_the_end(self) -> None:
        models, seen, cursor = FakeModels(), [], ""
        while True:
            told = await got(f"/v1/numbers?limit=3{cursor}", models)
            seen += [item["n"] for item in told.json["items"]]
            if told.json["next_cursor"] is None:
                break
            cursor = f"&cursor={told.json['next_cursor']}"
        assert seen == list(range(10))

    async def test_no_page_moves_under_writes(self) -> None:
        models = FakeModels([1, 3, 5, 7])
        first = await got("/v1/numbers?limit=2", models)
        models.numbers[:] = [0, 2, 3, 5, 7]
        second = await got(f"/v1/numbers?limit=2&cursor={first.json['next_cursor']}", models)
        assert [item["n"] for item in second.json["items"]] == [5, 7]

    async def test_its_filters_are_read_by_their_types(self) -> None:
        told = await got("/v1/numbers?above=4&even=true")
        assert [item["n"] for item in told.json["items"]] == [6, 8]

    @pytest.mark.parametrize("query", ["above=x", "even=perhaps", "below=3"])
    async def test_a_filter_that_is_none_is_422(self, query: str) -> None:
        told = await got(f"/v1/numbers?{query}")
        assert (told.status, told.json["code"]) == (422, "query_invalid")

    @pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "1e2", "%EF%BC%91"])
    async def test_a_limit_out_of_range_is_422(self, limit: str) -> None:
        assert (await got(f"/v1/numbers?limit={limit}")).status == 422

    async def test_200_is_the_most(self) -> None:
        assert (await got("/v1/numbers?limit=200")).status == 200

    async def test_a_cursor_belongs_to_its_question(self) -> None:
        cursor = (await got("/v1/numbers?limit=3&even=true")).json["next_cursor"]
        told = await got(f"/v1/numbers?limit=3&cursor={cursor}")
        assert (told.status, told.json["code"]) == (422, "query_invalid")

    @pytest.mark.parametrize("path", ["/v1/written?limit=3", "/v1/written?cursor=abc"])
    async def test_what_is_no_list_has_no_pages(self, path: str) -> None:
        assert (await got(path)).status == 422


class TestCursors:
    def test_a_cursor_gives_its_place_back(self) -> None:
        place = ["2026-01-01", 5, None, "键"]
        assert decode(encode(place, "/v1/x", {"a": "1"}), "/v1/x", {"a": "1"}) == place

    @pytest.mark.parametrize("cursor", ["", "x", "AAAA", "====", "键", "A" * 3000])
    def test_what_we_did_not_make_is_none(self, cursor: str) -> None:
        with pytest.raises(BadCursor):
            decode(cursor, "/v1/x", {})

    def test_a_changed_one_is_none(self) -> None:
        cursor = encode([1], "/v1/x", {})
        changed = [cursor[:at] + "A" + cursor[at + 1 :] for at in range(len(cursor))]
        for each in changed:
            if each != cursor and _raw(each) != _raw(cursor):
                with pytest.raises(BadCursor):
                    decode(each, "/v1/x", {})


def _raw(cursor: str) -> bytes:
    from base64 import urlsafe_b64decode

    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


class TestRepresentation:
    async def test_a_write_that_prefers_it_answers_with_the_resource(self) -> None:
        models = FakeModels()
        told = await asker(models).ask(
            "POST", f"/v1/things/{THING}/touch", headers={"Prefer": "return=representation"}
        )
        assert told.json == {"id": THING, "as_of": "2026-11-30T16:30:00Z"}
        assert told.headers["preference-applied"] == "return=representation"
        assert told.headers["etag"] == '"4"'
        assert [str(p) for p in models.waited_for] == ["okr.things.events/3@1042"]

    async def test_a_read_model_that_lags_makes_no_failure_of_a_write(self) -> None:
        told = await asker(FakeModels(reaches=False)).ask(
            "POST", f"/v1/things/{THING}/touch", headers={"Prefer": "return=representation"}
        )
        assert (told.status, told.json["version"]) == (200, 4)
        assert "preference-applied" not in told.headers

    async def test_without_a_read_route_the_usual_answer_is_given(self) -> None:
        told = await Asker(application(things, edge=FakeEdge())).ask(
            "POST", "/v1/things", {"name": "a"}, headers={"Prefer": "return=representation"}
        )
        assert (told.status, told.json["version"]) == (201, 4)


def test_a_route_must_take_what_its_path_names() -> None:
    async def forgets(_read: Any) -> Item:
        return Item({})

    with pytest.raises(TypeError, match="thing_id"):
        Reads("things", tag="x").item("/v1/x/{thing_id}", permission="okrs.read")(forgets)


def test_a_route_must_name_a_permission() -> None:
    with pytest.raises(ValueError, match="permission"):
        Reads("things", tag="x").item("/v1/x", permission="everything")  # type: ignore[arg-type]
