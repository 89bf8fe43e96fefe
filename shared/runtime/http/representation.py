"""`Prefer: return=representation`: the resource as its GET answers it, once it is there."""

import asyncio
import http.client
import logging
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from shared.runtime.http.answering import Fetch
from shared.runtime.http.dispatch import Application
from shared.runtime.http.exchange import Exchange, Reply

log = logging.getLogger(__name__)

_PATIENCE: Final = 6.0
_PASSED_ON: Final = (b"authorization", b"accept-language", b"traceparent")


def fetch_by(app: Callable[[], Application], elsewhere: str | None) -> Fetch:
    """Ask this process where it has the route, else the one at `elsewhere`, else nobody."""

    async def fetch(exchange: Exchange, path: str, position: str) -> Reply | None:
        table = app().table
        found = table.find("GET", path) if table is not None else None
        if found is None:
            return (
                None if elsewhere is None else await _over_http(exchange, elsewhere, path, position)
            )
        served, parameters = found
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
            sent.append(message)

        scope = {
            **exchange.scope,
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [*_passed_on(exchange), (b"okr-after", position.encode())],
            "path_params": parameters,
        }
        await served(scope, receive, send)
        return Reply(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))

    return fetch


def _passed_on(exchange: Exchange) -> list[tuple[bytes, bytes]]:
    return [(name, exchange.headers[name]) for name in _PASSED_ON if name in exchange.headers]


async def _over_http(exchange: Exchange, base: str, path: str, position: str) -> Reply | None:
    headers = {name.decode(): value.decode("latin-1") for name, value in _passed_on(exchange)}
    headers["okr-after"] = position
    try:
        return await asyncio.to_thread(_get, base, path, headers)
    except (OSError, http.client.HTTPException) as error:
        log.warning("no representation from %s: %s", base, error)
        return None


def _get(base: str, path: str, headers: dict[str, str]) -> Reply:
    place = urlsplit(base)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.netloc, timeout=_PATIENCE)
    try:
        connection.request("GET", place.path.rstrip("/") + path, headers=headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read())
    finally:
        connection.close()
