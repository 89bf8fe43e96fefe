"""Declared operations as routes of the FastAPI application: FastAPI documents, the gate serves.

FastAPI builds OpenAPI from each route's signature. Its own request handling (dependencies, exit
stacks, a model for every header) would cost more than all of ours, so a route keeps the signature
and answers by the gate.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args

from fastapi import Header, Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter

from shared.events.event import Id
from shared.runtime.auth.permissions import PERMISSIONS, Permission
from shared.runtime.http.fields import Body
from shared.runtime.http.gate import Behind, Gate, Handler
from shared.runtime.http.problems import ProblemBody

_WRITE_PROBLEMS: Final = (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503)
_READ_PROBLEMS: Final = (400, 401, 403, 404, 422, 429, 500, 503, 504)
_KIND: Final = inspect.Parameter.KEYWORD_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path: what it asks for, who serves it, and how it is documented.

    `query` and `headers` are name → annotated type, for the document; the handler reads them.
    """

    method: str
    path: str
    name: str
    tag: str
    summary: str
    permission: Permission
    handle: Handler
    parameters: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    body: type[Body] | None = None
    answer: Any = None
    status: int = 200


class Route(APIRoute):
    """A route whose answers come from the gate."""

    def __init__(self, operation: Operation, gate: Gate) -> None:
        if operation.permission not in PERMISSIONS:
            raise ValueError(f"{operation.method} {operation.path} names no permission")
        writes = operation.method != "GET"
        super().__init__(
            operation.path,
            _documented(operation),
            methods=[operation.method],
            name=operation.name,
            operation_id=operation.name,
            tags=[operation.tag],
            summary=operation.summary,
            status_code=operation.status,
            response_model=operation.answer,
            responses=problems(_WRITE_PROBLEMS if writes else _READ_PROBLEMS),
            openapi_extra={"x-permission": operation.permission, "security": [{"bearer": []}]},
        )
        self.permission = operation.permission
        self.app = gate.serve(
            Behind(
                f"{operation.method} {operation.path}",
                operation.permission,
                {name: _reader(hint) for name, hint in operation.parameters.items()},
                operation.handle,
            )
        )


def routes(operations: Iterable[Operation], gate: Gate) -> list[Route]:
    """The routes of all operations; two of one name or one place are a mistake."""
    made = [Route(operation, gate) for operation in operations]
    for what in ("name", "place"):
        seen: set[str] = set()
        for route in made:
            mark = route.name if what == "name" else f"{route.methods} {_shape(route.path)}"
            if mark in seen:
                raise ValueError(f"two routes have one {what}: {mark}")
            seen.add(mark)
    return made


def problems(statuses: Sequence[int]) -> dict[int | str, dict[str, Any]]:
    """How each of these statuses is documented."""
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    return {
        status: {
            "description": "A problem, RFC 9457.",
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in statuses
    }


def _documented(operation: Operation) -> Any:  # noqa: ANN401 - a function that FastAPI looks at
    """A function with the operation's signature; it is never called."""

    def endpoint(**_: Any) -> None:  # noqa: ANN401 - as above
        raise NotImplementedError(operation.name)

    arguments = {name: Annotated[hint, Path()] for name, hint in operation.parameters.items()}
    arguments |= {name: Annotated[hint, Query()] for name, hint in operation.query.items()}
    arguments |= {
        name.lower().replace("-", "_"): Annotated[hint, Header(alias=name)]
        for name, hint in operation.headers.items()
    }
    optional = {*operation.query, *(n.lower().replace("-", "_") for n in operation.headers)}
    signature = [
        inspect.Parameter(
            name,
            _KIND,
            annotation=hint,
            default=None if name in optional else inspect.Parameter.empty,
        )
        for name, hint in arguments.items()
    ]
    if operation.body is not None:
        required = any(field.is_required() for field in operation.body.model_fields.values())
        hint = operation.body if required else operation.body | None
        default = inspect.Parameter.empty if required else None
        signature.append(inspect.Parameter("body", _KIND, annotation=hint, default=default))
    endpoint.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    endpoint.__doc__ = operation.summary
    endpoint.__name__ = operation.name
    return endpoint


def _reader(hint: Any) -> TypeAdapter[Any] | None:  # noqa: ANN401 - any type there is
    return None if get_args(hint) == get_args(Id) else TypeAdapter(hint)


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


class Said(BaseModel):
    """An event as an answer tells it."""

    type: str
    data: dict[str, Any]


class WriteAnswer(BaseModel):
    """What a write is answered with, unless the representation was asked for."""

    id: str
    version: int
    events: list[Said]
