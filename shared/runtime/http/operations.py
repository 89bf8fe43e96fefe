"""Declared writes as operations of the application."""

from collections.abc import Mapping
from typing import Any, Final

from shared.runtime.http.answering import Answering
from shared.runtime.http.exchange import Exchange, Reply
from shared.runtime.http.routing import Operation, WriteAnswer
from shared.runtime.http.writes import Write

_HEADERS: Final[Mapping[str, Any]] = {
    "Idempotency-Key": str | None,
    "If-Match": str | None,
    "OKR-After": str | None,
    "Prefer": str | None,
}
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


def first_line(doc: str | None) -> str:
    """What a docstring says first."""
    return (doc or "").strip().partition("\n")[0]
