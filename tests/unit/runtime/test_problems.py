"""Problems: one shape, a pointer for each fault, sentences in the caller's language."""

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from shared.okr.measures import Measure
from shared.runtime.http.fields import Body, Title
from shared.runtime.http.problems import invalid, pointer
from shared.runtime.texts.catalogues import preferred
from tests.support.http import Asker, application
from tests.unit.runtime.things import things


class Part(Body):
    name: Title
    measure: Annotated[Measure, Field(discriminator="kind")]


class Whole(Body):
    parts: tuple[Part, ...] = ()
    by_id: dict[Annotated[str, Field(max_length=3)], int] = Field(default_factory=dict)


METRIC = {"kind": "metric", "baseline": "0", "target": "5", "unit": ""}


def faults(body: Any) -> list[tuple[str, str]]:
    """(pointer, code) of each fault of a body."""
    with pytest.raises(ValidationError) as raised:
        Whole.model_validate(body)
    return [(where, code) for where, code, _ in invalid(raised.value, body).errors]


class TestPointers:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"parts": [{"name": "a"}]}, ("/parts/0/measure", "missing")),
            ({"wrong": 1}, ("/wrong", "extra_forbidden")),
            ({"a/b~c": 1}, ("/a~1b~0c", "extra_forbidden")),
            ({"parts": 1}, ("/parts", "tuple_type")),
            (
                {"parts": [{"name": "a", "measure": {**METRIC, "target": "x"}}]},
                ("/parts/0/measure/target", "quantity_expected"),
            ),
            (
                {"parts": [{"name": "a", "measure": {**METRIC, "target": "0"}}]},
                ("/parts/0/measure/target", "baseline_equals_target"),
            ),
            (
                {"parts": [{"name": "a", "measure": {"kind": "metric", "baseline": "0"}}]},
                ("/parts/0/measure/target", "missing"),
            ),
            (
                {"parts": [{"name": "a", "measure": {"kind": "wish"}}]},
                ("/parts/0/measure", "union_tag_invalid"),
            ),
            ({"parts": [{"name": "", "measure": METRIC}]}, ("/parts/0/name", "string_too_short")),
            ({"by_id": {"long-key": 1}}, ("/by_id/long-key", "string_too_long")),
        ],
    )
    def test_a_fault_is_pointed_at(self, body: Any, expected: tuple[str, str]) -> None:
        assert expected in faults(body)

    def test_a_body_that_is_no_object_is_wrong_as_a_whole(self) -> None:
        assert faults([1]) == [("", "model_type")]

    def test_the_branch_of_a_union_is_no_step(self) -> None:
        assert pointer(("measure", "metric"), {"measure": {"kind": "metric"}}) == "/measure"


class TestLanguages:
    @pytest.mark.parametrize(
        ("asked", "language"),
        [
            ("", "zh-CN"),
            ("fr", "zh-CN"),
            ("en", "en"),
            ("en-GB,en;q=0.9", "en"),
            ("zh-TW", "zh-CN"),
            ("en;q=0.3, zh;q=0.8", "zh-CN"),
            ("fr, en;q=0.2", "en"),
            ("en;q=x", "zh-CN"),
            ("*", "zh-CN"),
        ],
    )
    def test_the_best_of_ours_is_taken(self, asked: str, language: str) -> None:
        assert preferred(asked) == language

    async def test_chinese_unless_something_else_is_asked_for(self) -> None:
        asker = Asker(application(things))
        chinese = await asker.ask("POST", "/v1/things", {"nom": "a"})
        english = await asker.ask(
            "POST", "/v1/things", {"nom": "a"}, headers={"Accept-Language": "en"}
        )
        assert chinese.json["title"] == "内容不符合要求"
        assert chinese.json["errors"][0]["message"] == "缺少这个字段。"
        assert english.json["title"] == "Does not fit"
        assert english.json["errors"][0]["message"] == "This field is missing."
        assert english.headers["content-language"] == "en"

    async def test_the_shape_is_that_of_rfc_9457(self) -> None:
        told = await Asker(application(things)).ask("POST", "/v1/things", {})
        assert set(told.json) == {"type", "title", "status", "detail", "code", "errors"}
        assert told.json["type"] == "urn:okr:problem:invalid"


class TestUnknownPlaces:
    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/v1/nothing", 404, "no_such_route"),
            ("GET", "/", 404, "no_such_route"),
            ("POST", "/v1/things/", 404, "no_such_route"),
            ("POST", "/v1/things/not-an-id/touch", 404, "not_found"),
            ("PUT", "/v1/things", 405, "method_not_allowed"),
            ("BREW", "/v1/things", 405, "method_not_allowed"),
        ],
    )
    async def test_it_is_a_problem_like_any(
        self, method: str, path: str, status: int, code: str
    ) -> None:
        told = await Asker(application(things)).ask(method, path)
        assert (told.status, told.json["code"]) == (status, code)
        assert told.headers["content-type"] == "application/problem+json"

    async def test_a_method_that_is_not_taken_tells_which_are(self) -> None:
        told = await Asker(application(things)).ask("PUT", "/v1/things")
        assert told.headers["allow"] == "POST"

    async def test_a_number_that_is_none_names_nothing(self) -> None:
        path = "/v1/things/7d444840-9dc0-51d1-b245-5ffdce74fad2/marks/many"
        assert (await Asker(application(things)).ask("DELETE", path)).status == 404


def test_many_faults_are_told_up_to_a_bound() -> None:
    body: dict[str, Any] = {"parts": [{} for _ in range(100)]}
    assert len(faults(body)) == 50
