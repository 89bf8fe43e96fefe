"""The internal port: is the process alive, is it ready and if not why, its figures."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.runtime.http.exchange import json_bytes
from shared.runtime.metrics import Metrics
from shared.runtime.readiness import Readiness

Status = Callable[[], Mapping[str, Any]]
Rest = Callable[[], Awaitable[Mapping[str, str]]]


def internal_app(readiness: Readiness, metrics: Metrics, status: Status, rest: Rest) -> Starlette:
    """`/livez`, `/readyz`, `/statusz`, `/restz` and `/metrics`; for the supervisor only.

    `/restz` answers 200 when nothing that was caused so far is still under way in this process.
    """

    async def livez(_: Request) -> Response:
        return _json(200, {"alive": True})

    async def readyz(_: Request) -> Response:
        ready = readiness.ready
        components = {
            name: {"ready": reason is None, "reason": reason}
            for name, reason in readiness.states().items()
        }
        return _json(200 if ready else 503, {"ready": ready, "components": components})

    async def statusz(_: Request) -> Response:
        return _json(200, {**status(), "components": readiness.states()})

    async def restz(_: Request) -> Response:
        busy = await rest()
        return _json(503 if busy else 200, {"at_rest": not busy, "busy": busy})

    async def figures(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    paths = {
        "/livez": livez,
        "/readyz": readyz,
        "/statusz": statusz,
        "/restz": restz,
        "/metrics": figures,
    }
    return Starlette(routes=[Route(path, answer) for path, answer in paths.items()])


def _json(code: int, value: Mapping[str, Any]) -> Response:
    return Response(json_bytes(value), code, media_type="application/json")
