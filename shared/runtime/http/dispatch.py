"""Finds the route of a request by the parts of its path: steps in dicts, not a list of patterns.

A hundred routes tried one after the other cost more than all the rest of a request.
"""

from collections.abc import Iterable
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.runtime.http.routing import Route

_LONGEST_PATH: Final = 2_048


class _Node:
    __slots__ = ("fixed", "names", "open", "served")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.open: _Node | None = None
        self.served: dict[str, ASGIApp] = {}
        self.names: dict[str, tuple[str, ...]] = {}


class Table:
    """Routes by the parts of their paths; what is named wins over what is filled in."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for route in routes:
            self._add(route)

    def find(self, method: str, path: str) -> tuple[ASGIApp, dict[str, str]] | None:
        """The application that serves it, and the path's parameters; None when there is none."""
        if len(path) > _LONGEST_PATH:
            return None
        filled: list[str] = []
        node = _walk(self._root, path.split("/"), 0, filled)
        if node is None or method not in node.served:
            return None
        return node.served[method], dict(zip(node.names[method], filled, strict=True))

    def _add(self, route: Route) -> None:
        node, names = self._root, []
        for part in route.path.split("/"):
            if part.startswith("{"):
                names.append(part[1:-1])
                node.open = node.open or _Node()
                node = node.open
            else:
                node = node.fixed.setdefault(part, _Node())
        for method in route.methods or ():
            node.served[method] = route.app
            node.names[method] = tuple(names)


class Application(FastAPI):
    """FastAPI with our routes found first; it serves the rest: documents, 404, 405, lifespan."""

    table: Table | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] == "http" and self.table is not None:
            found = self.table.find(scope["method"], scope["path"])
            if found is not None:
                served, scope["path_params"] = found
                await served(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


def _walk(node: _Node, parts: list[str], at: int, filled: list[str]) -> _Node | None:
    if at == len(parts):
        return node if node.served else None
    part = parts[at]
    fixed = node.fixed.get(part)
    if fixed is not None:
        found = _walk(fixed, parts, at + 1, filled)
        if found is not None:
            return found
    if node.open is None or not part:
        return None
    filled.append(part)
    found = _walk(node.open, parts, at + 1, filled)
    if found is None:
        filled.pop()
    return found
