"""A declared write: what a request becomes, and what its answer says."""

import asyncio
from typing import Any

import pytest

from shared.eventing.answers import Accepted, NotTailing, OutcomeUnknown, Overloaded, Rejected
from shared.eventing.commands import CommandRecord
from shared.okr import identity
from shared.runtime.http.writes import Call, Writes
from shared.runtime.people.postgres import PeopleAway
from tests.support.http import (
    ISSUER,
    MEMBER,
    POSITION,
    Asker,
    FakeEdge,
    FakePeople,
    application,
)
from tests.unit.runtime.things import THING, NewThing, Touch, things

NAMED = {"name": "猫"}


def asker(edge: Any = None, people: Any = None) -> Asker:
    return Asker(application(things, edge=edge, people=people))


def refusing(code: str, pointer: str | None = None, **facts: Any) -> FakeEdge:
    return FakeEdge(lambda _: Rejected(code, facts, pointer, POSITION))


class TestTheAnswer:
    async def test_creating_answers_201_with_location_version_position_and_events(self) -> None:
        told = await asker().ask("POST", "/v1/things", NAMED)
        made = told.json["id"]
        assert told.status == 201
        assert told.headers["location"] == f"/v1/things/{made}"
        assert told.headers["etag"] == '"4"'
        assert told.headers["okr-position"] == "okr.things.events/3@1042"
        assert told.json["version"] == 4
        assert told.json["events"][0]["type"] == "ThingSaid"
        assert told.json["events"][0]["data"]["thing_id"] == made

    async def test_anything_else_answers_200_about_what_the_path_names_last(self) -> None:
        told = await asker().ask("POST", f"/v1/things/{THING}/touch")
        assert (told.status, told.json["id"]) == (200, THING)
        assert "location" not in told.headers

    async def test_what_counts_within_another_shows_its_number_and_lies_under_it(self) -> None:
        told = await asker().ask("POST", f"/v1/things/{THING}/marks")
        assert (told.status, told.json["id"], told.json["n"]) == (201, THING, 7)
        assert told.headers["location"] == f"/v1/things/{THING}/marks/7"

    async def test_a_number_in_the_path_reaches_the_command_as_a_number(self) -> None:
        edge = FakeEdge()
        told = await asker(edge).ask("DELETE", f"/v1/things/{THING}/marks/12")
        assert (told.status, told.json["id"]) == (200, THING)
        assert edge.asked[0].command == Touch(thing_id=THING, n=12)

    async def test_what_said_nothing_new_answers_like_the_first_time(self) -> None:
        edge = FakeEdge(lambda _: Accepted((), 9, POSITION))
        told = await asker(edge).ask("POST", "/v1/things", NAMED)
        assert (told.status, told.json["events"], told.json["version"]) == (201, [], 9)

    async def test_nobody_may_keep_or_sniff_or_frame_an_answer(self) -> None:
        told = await asker().ask("POST", "/v1/things", NAMED)
        assert told.headers["cache-control"] == "no-store"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in told.headers["content-security-policy"]


class TestTheCommand:
    async def test_its_id_is_of_principal_method_path_and_key(self) -> None:
        edge = FakeEdge()
        told = await asker(edge).ask(
            "POST", "/v1/things", NAMED, headers={"Idempotency-Key": "k-1"}
        )
        expected = identity.command_id(MEMBER, "POST", "/v1/things", "k-1")
        assert edge.asked[0].id == expected
        assert told.json["id"] == identity.created_id(expected)

    async def test_without_a_key_each_request_is_one_of_its_own(self) -> None:
        edge = FakeEdge()
        for _ in range(2):
            await asker(edge).ask("POST", "/v1/things", NAMED)
        assert edge.asked[0].id != edge.asked[1].id

    async def test_it_carries_the_caller_and_the_roles_of_the_token(self) -> None:
        edge = FakeEdge()
        admin = Asker(application(things, edge=edge), ISSUER.mint_operator("admin"))
        await admin.ask("POST", "/v1/things", NAMED)
        assert edge.asked[0].actor.roles == {"administrator"}

    async def test_it_carries_expectation_positions_and_trace(self) -> None:
        edge = FakeEdge()
        trace = f"00-{'a' * 32}-{'b' * 16}-01"
        headers = {
            "If-Match": '"3"',
            "OKR-After": "okr.things.events/1@2, okr.x.events/0@9",
            "traceparent": trace,
        }
        await asker(edge).ask("POST", "/v1/things", NAMED, headers=headers)
        record = edge.asked[0]
        assert record.expect == 3
        assert [str(p) for p in record.after] == ["okr.things.events/1@2", "okr.x.events/0@9"]
        assert record.traceparent == trace

    async def test_free_text_is_sealed_before_it_leaves(self) -> None:
        edge, people = FakeEdge(), FakePeople()
        await asker(edge, people).ask("POST", "/v1/things", {**NAMED, "note": "秘密"})
        note = edge.asked[0].command.note  # type: ignore[union-attr]
        assert note.startswith(f"sealed:1:{MEMBER}:")
        assert people.keys.at_hand(MEMBER).open(note) == "秘密"

    async def test_a_dry_run_decides_and_changes_nothing(self) -> None:
        edge = FakeEdge()
        told = await asker(edge).ask("POST", "/v1/things?dry_run=true", NAMED)
        assert (told.status, told.json["dry_run"], edge.asked[0].dry) == (200, True, True)
        assert told.json["events"][0]["type"] == "ThingSaid"

    async def test_a_dry_run_is_refused_like_the_real_one(self) -> None:
        told = await asker(refusing("loop")).ask("POST", "/v1/things?dry_run=true", NAMED)
        assert (told.status, told.json["code"]) == (409, "loop")


class TestRepeats:
    async def test_the_same_key_gets_the_first_answer_again(self) -> None:
        same = asker(FakeEdge())
        key = {"Idempotency-Key": "k"}
        first = await same.ask(
            "POST", "/v1/things", raw=b'{"name": "a", "amount": 0.5}', headers=key
        )
        again = await same.ask("POST", "/v1/things", raw=b'{"amount":0.50,"name":"a"}', headers=key)
        assert (again.status, again.json) == (201, first.json)
        assert again.headers["location"] == first.headers["location"]

    async def test_the_same_key_with_another_body_is_422(self) -> None:
        same = asker(FakeEdge())
        key = {"Idempotency-Key": "k"}
        await same.ask("POST", "/v1/things", {"name": "a"}, headers=key)
        told = await same.ask("POST", "/v1/things", {"name": "b"}, headers=key)
        assert (told.status, told.json["code"]) == (422, "idempotency_key_reused")

    async def test_a_refusal_is_repeated_too(self) -> None:
        same = asker(refusing("loop"))
        key = {"Idempotency-Key": "k"}
        answers = [await same.ask("POST", "/v1/things", NAMED, headers=key) for _ in range(2)]
        assert [told.status for told in answers] == [409, 409]

    async def test_other_principals_and_paths_have_keys_of_their_own(self) -> None:
        edge = FakeEdge()
        app = application(things, edge=edge)
        key = {"Idempotency-Key": "k"}
        await Asker(app).ask("POST", "/v1/things", NAMED, headers=key)
        await Asker(app, ISSUER.mint("somebody-else")).ask("POST", "/v1/things", NAMED, headers=key)
        await Asker(app).ask("POST", f"/v1/things/{THING}/touch", headers=key)
        assert len({record.id for record in edge.asked}) == 3


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("loop", 409),
            ("not_yet", 409),
            ("not_allowed", 403),
            ("not_found", 404),
            ("version_stale", 412),
            ("too_large", 413),
            ("internal_error", 500),
        ],
    )
    async def test_a_code_has_its_status(self, code: str, status: int) -> None:
        told = await asker(refusing(code)).ask("POST", "/v1/things", NAMED)
        assert (told.status, told.json["status"], told.json["code"]) == (status, status, code)
        assert told.headers["content-type"] == "application/problem+json"

    async def test_a_refusal_points_at_the_field_to_blame(self) -> None:
        told = await asker(refusing("loop", "/name")).ask("POST", "/v1/things", NAMED)
        assert told.json["errors"][0]["pointer"] == "/name"

    @pytest.mark.parametrize(
        ("failure", "status", "code"),
        [
            (OutcomeUnknown("late"), 503, "outcome_unknown"),
            (NotTailing("away"), 503, "not_ready"),
            (Overloaded("many"), 429, "overloaded"),
        ],
    )
    async def test_what_goes_away_says_when_to_try_again(
        self, failure: Exception, status: int, code: str
    ) -> None:
        edge = FakeEdge()
        edge.fails = failure
        told = await asker(edge).ask("POST", "/v1/things", NAMED)
        assert (told.status, told.json["code"]) == (status, code)
        assert int(told.headers["retry-after"]) >= 1

    async def test_an_unknown_outcome_tells_the_key_that_later_gives_the_truth(self) -> None:
        edge = FakeEdge()
        edge.fails = OutcomeUnknown("late")
        told = await asker(edge).ask("POST", "/v1/things", NAMED)
        edge.fails = None
        key = {"Idempotency-Key": told.headers["idempotency-key"]}
        await asker(edge).ask("POST", "/v1/things", NAMED, headers=key)
        assert edge.asked[0].id == edge.asked[1].id

    async def test_a_fault_of_ours_tells_a_number_and_no_more(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        edge = FakeEdge()
        edge.fails = RuntimeError("the password is 12345")
        told = await asker(edge).ask("POST", "/v1/things", NAMED)
        assert (told.status, told.json["code"]) == (500, "internal_error")
        assert b"12345" not in told.body
        number = caplog.records[-1].args[0]  # type: ignore[index]
        assert str(number) in told.json["detail"]

    async def test_a_store_that_is_away_is_503(self) -> None:
        class Away(FakePeople):
            async def stage(self, *_: Any) -> None:
                raise PeopleAway

        told = await asker(None, Away()).ask("POST", "/v1/people", {"name": "李"})
        assert (told.status, told.json["code"]) == (503, "people_away")


class TestNames:
    async def test_they_are_staged_before_the_command_and_settled_after(self) -> None:
        order: list[str] = []
        people = FakePeople(log=order)

        def decide(record: CommandRecord) -> Accepted:
            order.append("tried" if record.dry else "asked")
            return FakeEdge().decide(record)  # type: ignore[return-value]

        told = await asker(FakeEdge(decide), people).ask("POST", "/v1/people", {"name": "李"})
        assert told.status == 201
        assert order == ["tried", "stage", "asked", "settle"]
        assert [d["display_name"] for d in people.settled.values()] == ["李"]

    async def test_no_name_is_in_the_command_or_the_answer(self) -> None:
        edge = FakeEdge()
        told = await asker(edge).ask("POST", "/v1/people", {"name": "李雷", "email": "l@x.cn"})
        assert all("李雷" not in str(record.command) for record in edge.asked)
        assert "李雷" not in told.body.decode()

    async def test_a_refused_command_writes_nothing_and_tells_nothing_of_others(self) -> None:
        people = FakePeople(taken="email_taken")
        told = await asker(refusing("not_allowed"), people).ask(
            "POST", "/v1/people", {"name": "李"}
        )
        assert (told.status, people.staged, people.settled) == (403, {}, {})

    async def test_what_belongs_to_somebody_else_is_refused_at_its_field(self) -> None:
        edge = FakeEdge()
        told = await asker(edge, FakePeople(taken="email_taken")).ask(
            "POST", "/v1/people", {"name": "李"}
        )
        assert (told.status, told.json["code"]) == (409, "email_taken")
        assert told.json["errors"][0]["pointer"] == "/email"
        assert [record.dry for record in edge.asked] == [True]

    async def test_a_repeat_does_not_bring_an_old_name_back(self) -> None:
        people = FakePeople()
        same = asker(FakeEdge(), people)
        key = {"Idempotency-Key": "k"}
        await same.ask("POST", "/v1/people", {"name": "old"}, headers=key)
        people.settled = {command: {"display_name": "new"} for command in people.settled}
        await same.ask("POST", "/v1/people", {"name": "old"}, headers=key)
        assert list(people.settled.values()) == [{"display_name": "new"}]

    async def test_two_at_once_end_with_one_settled_name(self) -> None:
        people = FakePeople()
        same = asker(FakeEdge(), people)
        key = {"Idempotency-Key": "k"}
        await asyncio.gather(
            *(same.ask("POST", "/v1/people", {"name": "李"}, headers=key) for _ in range(4))
        )
        assert (len(people.settled), people.staged) == (1, {})


class TestDeclaring:
    def test_a_route_without_a_known_permission_fails(self) -> None:
        with pytest.raises(ValueError, match="names no known permission"):
            Writes("things", tag="x").post("/v1/x", permission="objectives.wirte")  # type: ignore[arg-type]

    def test_a_function_that_misses_a_parameter_of_its_path_fails(self) -> None:
        writes = Writes("things", tag="x")

        def forgets(call: Call) -> Touch:
            return Touch(thing_id=call.id)

        with pytest.raises(TypeError, match="thing_id"):
            writes.post("/v1/things/{thing_id}", permission="objectives.write")(forgets)

    def test_a_body_that_is_not_closed_fails(self) -> None:
        writes = Writes("things", tag="x")

        def loose(call: Call, body: dict[str, Any]) -> Touch:
            return Touch(thing_id=call.id + str(body))

        with pytest.raises(TypeError, match="Body"):
            writes.post("/v1/things", permission="objectives.write")(loose)

    def test_two_routes_of_one_place_fail_the_start(self) -> None:
        twice = Writes("things", tag="x")

        def other(call: Call, body: NewThing) -> Touch:
            return Touch(thing_id=call.id + body.name)

        twice.post("/v1/things", permission="objectives.write")(other)
        with pytest.raises(ValueError, match="two routes"):
            application(things, twice)
