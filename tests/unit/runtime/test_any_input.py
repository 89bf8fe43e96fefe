"""No input makes a fault of ours: whatever is sent to whichever route, the answer is no 500."""

import asyncio
import json
from functools import cache
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.runtime.http.dispatch import Application
from shared.runtime.http.writes import Write
from shared.runtime.process import load
from tests.support.http import Asker, application
from tests.unit.runtime.test_application import SERVICES

ID: Final = "7d444840-9dc0-51d1-b245-5ffdce74fad2"
NASTY: Final[list[Any]] = [
    None, True, False, 0, -1, 1, 7, 10**30, 0.1, -0.0, 1e-300, "", " ", "x", "0", "-1", "50", "1e9",
    "0.1", "NaN", "Infinity", "9" * 70, "a" * 20_000, "👩‍👩‍👧", "\u202e", "{0}", "%s", "../..", ID,
    ID.upper(), "company", "member", "2026-11-30", "2026-02-30", "0001-01-01", "9999-12-31",
    "2026-11-30T09:00:00+08:00", "2026-11-30T09:00:00", "sealed:1:a:AAAA", "Asia/Shanghai",
    "Mars/Base", "fri", [], [[]], {}, [None], {"": ""}, {"weeks": 0}, {"months": 10**9},
    {"kind": "metric", "baseline": "0", "target": "0", "unit": ""}, {"kind": "wish"},
    {"kind": "metric", "baseline": "0", "target": "5", "unit": "", "plan": [["2026-01-01", "x"]]},
    {"kind": "relative", "percent": "1e-30", "direction": "increase", "unit": ""},
    {"kind": "milestone", "stages": [{"name": "a", "weight": "0"}]},
    {"kind": "distribution", "shares": {"a": "100", "b": "-100", "c": "100"}},
    {"kind": "composite", "mode": "all", "parts": [{"name": "a", "measure": {"kind": "x"}}]},
    {"kind": "threshold", "comparator": "<", "limit": "0", "unit": "", "scoring": "distance"},
    {"value": "1"}, {"done": ["x", "x"]}, {"count": 1.5}, {"shares": {}}, {"zone": "target"},
    {"parts": {"a": {"parts": {}}}}, {"type": "member", "id": ID}, {ID: "40"}, {ID: {}},
]  # fmt: skip


@cache
def everything() -> Application:
    """All write routes of all services, with an owner that accepts whatever reaches it."""
    return application(*(writes for service in load(SERVICES) for writes in service.writes))


def declared() -> list[Write]:
    return [
        write
        for service in load(SERVICES)
        for writes in service.writes
        for write in writes.declared
    ]


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A route, and a body made of its own fields with values that nobody should send."""
    write = draw(st.sampled_from(declared()))
    values = st.sampled_from(NASTY) | st.lists(st.sampled_from(NASTY), max_size=3)
    names = sorted(write.body.model_fields)
    body = {name: draw(values) for name in names if draw(st.booleans())}
    if draw(st.integers(0, 9)) == 0:
        body[draw(st.text(max_size=5))] = draw(values)
    path = write.path
    for name in write.parameters:
        filled = draw(st.sampled_from([ID, ID, ID, "1", "0", "-1", "9" * 30, "x", "%00"]))
        path = path.replace("{" + name + "}", filled)
    return write.method, path, draw(st.sampled_from([body, body, body, body, [body], None, 7, "x"]))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(requests())
def test_no_body_is_a_fault_of_ours(request: tuple[str, str, Any]) -> None:
    method, path, body = request
    raw = json.dumps(body).encode()
    told = asyncio.run(Asker(everything()).ask(method, path, raw=raw))
    assert told.status in {200, 201, 400, 404, 409, 413, 422}, (method, path, body, told.body)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.binary(max_size=200),
    st.sampled_from(["if-match", "okr-after", "idempotency-key", "prefer", "accept-language"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?"), max_size=40
    ),
)
def test_no_bytes_header_or_query_is_a_fault_of_ours(
    raw: bytes, name: str, value: str, query: str
) -> None:
    path = f"/v1/departments?{query}"
    told = asyncio.run(Asker(everything()).ask("POST", path, raw=raw, headers={name: value}))
    assert told.status in {400, 413, 415, 422}, (raw, name, value, query, told.body)
