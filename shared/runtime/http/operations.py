"""Declared writes and reads as operations of the application."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import create_model

from shared.runtime.http.answering import Answering
from shared.runtime.http.exchange import Exchange, Reply
from shared.runtime.http.looking import Looking
from shared.runtime.http.reads import ReadRoute
from shared.runtime.http.routing import Operation, WriteAnswer
from shared.runtime.http.writes import Write

_HEADERS: Final[Mapping[str, Any]] = {
    "Idempotency-Key": str | None,
    "If-Match": str | None,
    "OKR-After": str | None,
    "Prefer": str | None,
}
_AS_OF: Final[Mapping[str, Any]] = {
    "as_of": str | None,
    "clock": Literal["recorded", "observed"] | None,
}
_LIST: Final[Mapping[str, Any]] = {"limit": int | None, "cursor": str | None}
_QUERY: Final[Mapping[str, Any]] = {"dry_run": bool}


def write_operation(write: Write, answering: Answering) -> Operation:
    """The operation of a declared write."""

    async def handle(exchange: Exchange, path: dict[str, Any]) -> Reply:
        return await answering.answer(write, exchange, path)

    return Operation(
        method=write.method,
        path=write.path,
        name=write.name,
        tag=write.tag,
        summary=first_line(write.command.__doc__),
        permission=write.permission,
        handle=handle,
        parameters=write.parameters,
        query=_QUERY,
        headers=_HEADERS,
        body=write.body if write.takes_body else None,
        answer=WriteAnswer,
        status=write.status,
    )


def read_operation(route: ReadRoute, looking: Looking) -> Operation:
    """The operation of a declared read."""

    async def handle(exchange: Exchange, path: dict[str, Any]) -> Reply:
        return await looking.answer(route, exchange, path)

    own = {name: field.annotation for name, field in route.query.model_fields.items()}
    return Operation(
        method="GET",
        path=route.path,
        name=route.name,
        tag=route.tag,
        summary=first_line(route.answer.__doc__),
        permission=route.permission,
        handle=handle,
        parameters=route.parameters,
        query={**own, **_AS_OF, **(_LIST if route.listing else {})},
        headers={"OKR-After": str | None},
        answer=list_of(route.shape) if route.listing else route.shape,
    )


def list_of(shape: Any) -> Any:  # noqa: ANN401 - types
    """The type of a page of `shape`."""
    if shape is None:
        return None
    return create_model(
        f"{shape.__name__}Page",
        items=(list[shape], ...),
        next_cursor=(str | None, ...),
        as_of=(datetime, ...),
    )


def first_line(doc: str | None) -> str:
    """What a docstring says first."""
    return (doc or "").strip().partition("\n")[0]
