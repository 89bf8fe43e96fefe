"""Bodies and headers: what cannot be read exactly is refused, with the status that says why."""

import json
from decimal import Decimal

import pytest

from shared.runtime.http.bodies import BODY_LIMIT, canonical, parse
from shared.runtime.http.problems import Problem
from tests.support.http import Asker, FakeEdge, Told, application
from tests.unit.runtime.things import things


async def sent(raw: bytes, **headers: str) -> Told:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await Asker(application(things)).ask("POST", "/v1/things", raw=raw, headers=named)


class TestJson:
    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", "invalid"),
            (b"{", "malformed_not_json_text"),
            (b"{} {}", "malformed_not_json_text"),
            (b"{'name': 1}", "malformed_not_json_text"),
            (b'{"name": "a\x00"}', "malformed_not_json_text"),
            (b"\xef\xbb\xbf{}", "malformed_not_json_text"),
            (b'{"name": "\xff"}', "malformed_not_utf8"),
            (b'{"name": "a", "name": "b"}', "malformed_name_twice"),
            (b'{"name": "a", "amount": NaN}', "malformed_not_a_number"),
            (b'{"name": "a", "amount": -Infinity}', "malformed_not_a_number"),
            (b'{"name": "a", "amount": 1e99999999999999999999}', "malformed_not_a_number"),
            (b'{"name": "a", "amount": ' + b"9" * 5000 + b"}", "malformed_not_json_text"),
            (b'{"name": "\\u0000"}', "malformed_text_unstorable"),
            (b'{"name": "\\ud800"}', "malformed_text_unstorable"),
            (b'{"\\udfff": 1}', "malformed_text_unstorable"),
            (b"[" * 33 + b"]" * 33, "malformed_too_deep"),
            (b"[" * 100_000 + b"]" * 100_000, "malformed_too_deep"),
        ],
    )
    async def test_what_cannot_be_read_is_refused(self, raw: bytes, code: str) -> None:
        told = await sent(raw)
        assert told.json["code"] == code
        assert told.status == (422 if code == "invalid" else 400)

    async def test_an_escaped_backslash_before_a_u_is_a_text_like_any(self) -> None:
        assert (await sent(rb'{"name": "\\u0000"}')).status == 201

    async def test_32_levels_are_deep_enough(self) -> None:
        assert parse(b"[" * 32 + b"]" * 32)

    @pytest.mark.parametrize("number", ["0.1", "1e-7", "123456789012345678901.5", "5"])
    async def test_numbers_are_read_exactly(self, number: str) -> None:
        edge = FakeEdge()
        asker = Asker(application(things, edge=edge))
        body = b'{"name":"a","amount":%s}' % number.encode()
        told = await asker.ask("POST", "/v1/things", raw=body)
        if told.status == 201:
            assert edge.asked[0].command.amount == Decimal(number)  # type: ignore[union-attr]
        else:
            assert told.json["errors"][0]["code"] in {"quantity_too_large", "quantity_too_fine"}


class TestCanonicalSpelling:
    def test_order_blanks_and_trailing_zeros_do_not_matter(self) -> None:
        one = canonical(parse(b'{"b": [1.50, 5.0], "a": "x"}'))
        assert one == canonical(parse(b'{"a":"x","b":[1.5,5]}'))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("0.5", "0.51"),
            ("[1,2]", "[2,1]"),
            ('"5"', "5"),
            ("null", "0"),
            ("true", "1"),
            ("1", "-1"),
        ],
    )
    def test_what_differs_is_spelt_differently(self, one: str, other: str) -> None:
        assert canonical(parse(one.encode())) != canonical(parse(other.encode()))

    @pytest.mark.parametrize("zero", ["0", "-0", "0.00", "-0.0", "0e5"])
    def test_there_is_one_zero(self, zero: str) -> None:
        assert canonical(parse(zero.encode())) == b"0"

    def test_a_number_of_many_digits_keeps_them_all(self) -> None:
        long = "1." + "3" * 60
        assert canonical(parse(long.encode())) != canonical(parse((long + "1").encode()))


class TestSize:
    async def test_a_body_of_the_limit_is_read(self) -> None:
        padding = b" " * (BODY_LIMIT - len(b'{"name":"a"}'))
        assert (await sent(b'{"name":"a"}' + padding)).status == 201

    async def test_one_byte_more_is_413(self) -> None:
        told = await sent(b" " * (BODY_LIMIT + 1))
        assert (told.status, told.json["code"]) == (413, "too_large")

    async def test_an_announced_length_is_believed_before_a_byte_is_read(self) -> None:
        told = await sent(b"{}", content_length=str(BODY_LIMIT + 1))
        assert told.status == 413

    async def test_pieces_are_counted_together(self) -> None:
        asker = Asker(application(things))
        told = await asker.ask("POST", "/v1/things", raw=[b" " * BODY_LIMIT, b" ", b"{}"])
        assert told.status == 413

    async def test_pieces_are_one_body(self) -> None:
        asker = Asker(application(things))
        assert (
            await asker.ask("POST", "/v1/things", raw=[b'{"na', b'me":"a"', b"}"])
        ).status == 201

    async def test_a_length_that_is_none_is_400(self) -> None:
        assert (await sent(b"{}", content_length="many")).status == 400


class TestContentType:
    @pytest.mark.parametrize(
        "kind",
        ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"],
    )
    async def test_json_is_taken(self, kind: str) -> None:
        assert (await sent(b'{"name":"a"}', content_type=kind)).status == 201

    @pytest.mark.parametrize(
        "kind",
        ["", "text/plain", "text/json", "application/json; charset=gbk", "application/xml"],
    )
    async def test_all_else_is_415(self, kind: str) -> None:
        told = await sent(b'{"name":"a"}', content_type=kind)
        assert (told.status, told.json["code"]) == (415, "not_json")


class TestHeadersAndQuery:
    @pytest.mark.parametrize(
        "version", ["3", '"-1"', '"a"', '"01"', 'W/"3"', "*", '"3", "4"', '""']
    )
    async def test_a_version_that_is_none_is_400(self, version: str) -> None:
        told = await sent(b'{"name":"a"}', if_match=version)
        assert (told.status, told.json["code"]) == (400, "malformed_if_match")

    @pytest.mark.parametrize(
        "position",
        [
            "3@4",
            "okr.x/3",
            "okr.x/a@1",
            "okr.x/1@-1",
            "okr.x/1@1;okr.y/1@1",
            ", ".join(["a/1@1"] * 65),
        ],
    )
    async def test_a_position_that_is_none_is_400(self, position: str) -> None:
        told = await sent(b'{"name":"a"}', okr_after=position)
        assert (told.status, told.json["code"]) == (400, "malformed_okr_after")

    @pytest.mark.parametrize("key", ["", "a b", "k" * 256, "键".encode().decode("latin-1")])
    async def test_a_key_that_is_none_is_400(self, key: str) -> None:
        told = await sent(b'{"name":"a"}', idempotency_key=key)
        assert (told.status, told.json["code"]) == (400, "malformed_idempotency_key")

    @pytest.mark.parametrize("query", ["dry_run=1", "dryrun=true", "dry_run=true&dry_run=false"])
    async def test_a_query_that_is_not_known_is_422(self, query: str) -> None:
        asker = Asker(application(things))
        told = await asker.ask("POST", f"/v1/things?{query}", json.loads('{"name":"a"}'))
        assert (told.status, told.json["code"]) == (422, "query_invalid")

    async def test_a_trace_that_is_none_is_left_out(self) -> None:
        edge = FakeEdge()
        asker = Asker(application(things, edge=edge))
        await asker.ask("POST", "/v1/things", {"name": "a"}, headers={"traceparent": "x"})
        assert edge.asked[0].traceparent is None


def test_a_problem_knows_its_status() -> None:
    assert Problem("malformed_anything").status == 400
    assert Problem("some_rule").status == 409
