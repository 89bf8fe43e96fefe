"""The public application: one FastAPI, one OpenAPI document, problems for whatever is unknown."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as PlainRoute

from shared.runtime.http.dispatch import Application, Table
from shared.runtime.http.docs import page
from shared.runtime.http.exchange import json_bytes
from shared.runtime.http.gate import SECURITY, Gate, language_of, of_problem
from shared.runtime.http.problems import FieldError, Problem, ProblemBody
from shared.runtime.http.routing import Operation, routes

VERSION: Final = "0.1.0"
_TITLE: Final = "OKR suite"
_ABOUT: Final = (
    "Objectives and key results as a log of events. Writes answer with the events they caused and "
    "with the position (`OKR-Position`) that reads can wait for (`OKR-After`)."
)
_SECTION: Final = "#/components/schemas/{model}"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def nothing_to_start(_: FastAPI) -> AsyncIterator[None]:
    """The lifespan of an application whose parts somebody else starts."""
    yield


def public_app(
    operations: Sequence[Operation], gate: Gate, *, lifespan: Lifespan = nothing_to_start
) -> Application:
    """The application of everything that is declared; raises when a declaration is wrong."""
    app = Application(
        title=_TITLE,
        version=VERSION,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    served = routes(operations, gate)
    app.router.routes.extend(served)
    app.table = Table(served)
    document = _document(app)

    async def openapi(_: Request) -> Response:
        return _open(json_bytes(document()), "application/json")

    async def docs(_: Request) -> Response:
        return _open(page(document()), "text/html; charset=utf-8")

    app.router.routes.append(PlainRoute("/openapi.json", openapi, include_in_schema=False))
    app.router.routes.append(PlainRoute("/docs", docs, include_in_schema=False))

    async def unknown(request: Request, error: Exception) -> Response:
        return _as_response(request, error)

    async def failed(request: Request, error: Exception) -> Response:
        reply = gate.fault(error, request.url.path, language_of(dict(request.scope["headers"])))
        return _response(reply.status, reply.body, [reply.content_type, *reply.headers])

    app.add_exception_handler(HTTPException, unknown)
    app.add_exception_handler(Exception, failed)
    return app


def _document(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The OpenAPI document, made at first use: it takes a moment, and few processes need it."""
    generate = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = generate()
            models = [(ProblemBody, "serialization"), (FieldError, "serialization")]
            _, shapes = models_json_schema(models, ref_template=_SECTION)  # type: ignore[arg-type]
            components = made.setdefault("components", {})
            components.setdefault("schemas", {}).update(shapes["$defs"])
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            }
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
    return document


def _as_response(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    code = "method_not_allowed" if status == 405 else "no_such_route"  # noqa: PLR2004 - HTTP's own
    allow = (getattr(error, "headers", None) or {}).get("Allow")
    headers = [(b"allow", allow.encode())] if allow else []
    reply = of_problem(Problem(code, headers=headers), language_of(dict(request.scope["headers"])))
    return _response(reply.status, reply.body, [reply.content_type, *reply.headers])


def _response(status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Response:
    response = Response(body, status)
    response.raw_headers.extend([*headers, *SECURITY])
    return response


def _open(body: bytes, kind: str) -> Response:
    """A page that anybody may read: it tells of the program, not of the organization."""
    response = Response(body, media_type=kind)
    response.raw_headers.extend(SECURITY)
    return response
