"""The gate in front of every route: who calls, how much, and one shape for what goes wrong.

It is plain ASGI. Between the socket and a handler there is nothing else, because everything here is
paid by every request.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.auth.callers import Caller
from shared.runtime.auth.permissions import Permission
from shared.runtime.auth.tokens import Forged, Tokens
from shared.runtime.http.bodies import ClientGone
from shared.runtime.http.exchange import Exchange, Header, Reply
from shared.runtime.http.limits import Rate
from shared.runtime.http.problems import CONTENT_TYPE, Problem, render, retry_later
from shared.runtime.metrics import Metrics
from shared.runtime.texts.catalogues import DEFAULT, Language, preferred

log = logging.getLogger(__name__)

Handler = Callable[[Exchange, dict[str, Any]], Awaitable[Reply]]

SECURITY: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)

_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="okr"')
_UUID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the gate of one route."""

    route: str
    permission: Permission
    parameters: Mapping[str, TypeAdapter[Any] | None]
    """Name → how it is read; None for an id, which most are."""
    handle: Handler


class Gate:
    """One for all routes of a process."""

    def __init__(
        self, tokens: Tokens, rate: Rate, metrics: Metrics, *, most_under_way: int
    ) -> None:
        self._tokens = tokens
        self._rate = rate
        self._metrics = metrics
        self._most_under_way = most_under_way
        self._under_way = 0
        metrics.under_way.set_function(lambda: self._under_way)

    def serve(self, behind: Behind) -> ASGIApp:
        """The route as an ASGI application."""
        observe = {
            status: self._metrics.requests.labels(behind.route, f"{status}xx").observe
            for status in range(1, 6)
        }

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            began = time.perf_counter()
            self._under_way += 1
            try:
                reply = await self._reply(behind, scope, receive)
            except ClientGone:
                return
            finally:
                self._under_way -= 1
            observe[reply.status // 100](time.perf_counter() - began)
            await answer(reply, send)

        return app

    async def _reply(self, behind: Behind, scope: Scope, receive: Receive) -> Reply:
        headers = dict(scope["headers"])
        language = language_of(headers)
        try:
            caller = self._admitted(headers, behind.permission)
            path = _typed(behind.parameters, scope["path_params"])
            exchange = Exchange(scope, receive, headers, caller, language)
            return await behind.handle(exchange, path)
        except Problem as problem:
            return of_problem(problem, language)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - nobody sees a stack trace but the log
            return self.fault(error, behind.route, language)

    def _admitted(self, headers: Mapping[bytes, bytes], permission: Permission) -> Caller:
        caller = self.caller(headers)
        if not caller.may_use(permission):
            raise Problem("scope_missing", {"permission": permission})
        if self._under_way > self._most_under_way:
            raise retry_later("overloaded")
        seconds = self._rate.take(caller.id)
        if seconds:
            raise retry_later("rate_limited", seconds)
        return caller

    def caller(self, headers: Mapping[bytes, bytes]) -> Caller:
        """Who calls; 401 without a token that counts."""
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Problem("unauthenticated", headers=[_CHALLENGE])
        try:
            return self._tokens.caller(token.strip())
        except Forged as forged:
            log.info("a token was turned away: %s", forged)
            challenge = (_CHALLENGE[0], _CHALLENGE[1] + b', error="invalid_token"')
            raise Problem("unauthenticated", headers=[challenge]) from None

    def fault(self, error: Exception, where: str, language: Language) -> Reply:
        """The 500 for what nobody expected: a number, under which the log tells the rest."""
        number = token_hex(4)
        self._metrics.faults.labels(where).inc()
        log.error("fault %s at %s", number, where, exc_info=error)
        return of_problem(Problem("internal_error", {"fault": number}), language)


def language_of(headers: Mapping[bytes, bytes]) -> Language:
    """The language that the caller prefers."""
    asked = headers.get(b"accept-language")
    return DEFAULT if asked is None else preferred(asked.decode("latin-1"))


def of_problem(problem: Problem, language: Language) -> Reply:
    """A problem as an answer."""
    headers = [(b"content-language", language.encode()), *problem.headers]
    return Reply(
        problem.status, render(problem, language), headers, (b"content-type", CONTENT_TYPE)
    )


async def answer(reply: Reply, send: Send) -> None:
    """Send a whole answer."""
    headers = [
        reply.content_type,
        (b"content-length", str(len(reply.body)).encode()),
        *SECURITY,
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def _typed(
    parameters: Mapping[str, TypeAdapter[Any] | None], given: Mapping[str, str]
) -> dict[str, Any]:
    """The path's parameters by their types; what does not fit one names nothing: 404."""
    typed: dict[str, Any] = {}
    for name, adapter in parameters.items():
        value = given[name]
        if adapter is None:
            if _UUID.fullmatch(value) is None:
                raise Problem("not_found")
            typed[name] = value
            continue
        try:
            typed[name] = adapter.validate_strings(value)
        except ValidationError:
            raise Problem("not_found") from None
    return typed
