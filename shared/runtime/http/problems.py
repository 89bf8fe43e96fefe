"""Problems (RFC 9457): one shape for everything that is not an answer, in the caller's language.

A problem is a code and its facts. The code gives the status (409, a rule's refusal, unless it is
listed here) and the sentence (the catalogues).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.runtime.texts.catalogues import Language, sentence

CONTENT_TYPE: Final = b"application/problem+json"
MOST_ERRORS: Final = 50

STATUS: Final[Mapping[str, int]] = {
    "invalid": 422,
    "idempotency_key_reused": 422,
    "query_invalid": 422,
    "as_of_unsupported": 422,
    "too_large": 413,
    "not_json": 415,
    "unauthenticated": 401,
    "not_allowed": 403,
    "scope_missing": 403,
    "not_found": 404,
    "no_such_route": 404,
    "method_not_allowed": 405,
    "version_stale": 412,
    "rate_limited": 429,
    "overloaded": 429,
    "internal_error": 500,
    "outcome_unknown": 503,
    "not_ready": 503,
    "people_away": 503,
    "read_not_yet": 504,
}
"""Code → status; `malformed_…` is 400 and every other code a rule's refusal, 409."""

ON_THE_WIRE: Final[Mapping[str, str]] = {"read_not_yet": "not_yet"}
"""Codes that have a sentence or a status of their own here, and one name to the outside."""


class FieldError(BaseModel):
    """What is wrong with one field; `pointer` is a JSON pointer into the body."""

    model_config = ConfigDict(frozen=True)

    pointer: str
    message: str
    code: str


class ProblemBody(BaseModel):
    """What `application/problem+json` answers hold."""

    model_config = ConfigDict(frozen=True)

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError]


class Problem(Exception):
    """Ends a request: the code, the facts of its sentence, and which fields are to blame.

    `errors` are (pointer, code, facts); `headers` go out with the answer.
    """

    def __init__(
        self,
        code: str,
        facts: Mapping[str, Any] | None = None,
        *,
        errors: Sequence[tuple[str, str, Mapping[str, Any]]] = (),
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts or {}
        self.errors = errors
        self.headers = headers

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        if self.code.startswith("malformed_"):
            return 400
        return STATUS.get(self.code, 409)


def refused(code: str, facts: Mapping[str, Any], pointer: str | None = None) -> Problem:
    """The problem for what an owner refused; a `pointer` names the field of the body."""
    errors = [(pointer, code, facts)] if pointer else []
    return Problem(code, facts, errors=errors)


def retry_later(code: str, seconds: int = 1) -> Problem:
    """A problem that goes away: 429, 503 or 504 by its code, with `Retry-After`."""
    after = (b"retry-after", str(seconds).encode())
    return Problem(code, {"seconds": seconds}, headers=[after])


def invalid(error: ValidationError, body: Any) -> Problem:  # noqa: ANN401 - JSON is what it is
    """The 422 for a body that breaks its schema, with a pointer for each fault."""
    faults = error.errors(include_url=False, include_input=False)[:MOST_ERRORS]
    errors = []
    for fault in faults:
        facts = fault.get("ctx", {})
        where = pointer(fault["loc"], body, missing=fault["type"] == "missing")
        # The domain's own refusals point further in, relative to the model they judged.
        errors.append((where + facts.get("at", ""), fault["type"], facts))
    return Problem("invalid", {"count": error.error_count()}, errors=errors)


def pointer(
    location: Iterable[str | int],
    body: Any,  # noqa: ANN401 - JSON is what it is
    *,
    missing: bool = False,
) -> str:
    """The JSON pointer of a pydantic location in `body`.

    Pydantic also names the branch of a union that it tried: a step that the body does not have is
    left out, unless it is the last one of a field that is `missing`.
    """
    steps = list(location)
    found, node = [], body
    for index, step in enumerate(steps):
        if (isinstance(node, dict) and step in node) or (
            isinstance(node, list) and isinstance(step, int) and step < len(node)
        ):
            node = node[step]  # type: ignore[index]
        elif not (missing and index == len(steps) - 1):
            continue
        found.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in found)


def render(problem: Problem, language: Language) -> bytes:
    """The problem as JSON, its sentences in `language`."""
    code = ON_THE_WIRE.get(problem.code, problem.code)
    body = {
        "type": f"urn:okr:problem:{code}",
        "title": sentence("titles", str(problem.status), language),
        "status": problem.status,
        "detail": _detail(problem.code, problem.facts, language),
        "code": code,
        "errors": [
            {"pointer": where, "message": message(what, facts, language), "code": what}
            for where, what, facts in problem.errors
        ],
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "replace")


def _detail(code: str, facts: Mapping[str, Any], language: Language) -> str:
    return (
        sentence("problems", code, language, facts)
        or sentence("refusals", code, language, facts)
        # A rule of a measure that only the state shows to be broken has the sentence of its field.
        or sentence("fields", code, language, facts)
        or sentence("problems", "refused", language, {"code": code})
        or code
    )


def message(code: str, facts: Mapping[str, Any], language: Language) -> str:
    """The sentence of a code as it is said of one field."""
    return (
        sentence("fields", code, language, facts)
        or sentence("refusals", code, language, facts)
        or sentence("fields", "does_not_fit", language, facts)
        or code
    )
