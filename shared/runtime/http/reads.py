"""How a service declares its GET routes, and the habits that all of them share.

A read waits until the read model has reached `OKR-After` (5 s, else 504 `not_yet`) and knows as of
when it is asked; its answer says as of when it is, with the position that it has reached::

    reads = Reads("readmodels", tag="cycles")


    class CycleQuery(Query):
        state: CycleState | None = None


    @reads.item("/v1/cycles/{cycle_id}", permission="okrs.read")
    async def cycle(read: Read[Models, Query], cycle_id: Id) -> Item:
        \"\"\"One cycle.\"\"\"
        row = await read.models.pool.fetchrow(ONE, cycle_id)
        if row is None:
            raise Problem("not_found")
        return Item(row["document"], version=row["version"])


    @reads.list("/v1/cycles", permission="okrs.read", query=CycleQuery)
    async def cycles(read: Read[Models, CycleQuery]) -> Page:
        \"\"\"The cycles, the latest first.\"\"\"
        rows = await read.models.pool.fetch(MANY, read.query.state, read.cursor, read.limit + 1)
        return Page.of(rows, read.limit, item=..., place=lambda row: [row["start"], row["id"]])

In `app.py`: `Service(..., reads=(cycles.reads,), models=open_models)`.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Protocol, Self, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict

from shared.eventing.positions import Position
from shared.runtime.auth.callers import Caller
from shared.runtime.auth.permissions import PERMISSIONS, Permission
from shared.runtime.texts.catalogues import Language

MOST_ITEMS: Final = 200
USUAL_ITEMS: Final = 50


class Query(BaseModel):
    """The query parameters of a route besides the shared ones; read from text, closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=500)


M = TypeVar("M")
Q = TypeVar("Q", bound=Query)


@dataclass(frozen=True, slots=True)
class Moment:
    """How far the read model is: `now` on the organization's clock, its zone, and the position.

    `position` is the text of `OKR-Position`. Rows read after the moment may be newer, never older.
    """

    now: datetime
    zone: str
    position: str


class Models(Protocol):
    """The read side of a service, as far as every route needs it."""

    @property
    def trouble(self) -> str | None:
        """Why it cannot answer now, in words; None when it can."""

    async def start(self) -> None:
        """Begin to connect; never waits for the database."""

    async def stop(self) -> None:
        """Let go of everything."""

    async def reached(self, after: Sequence[Position], patience: float) -> bool:
        """Wait until all positions have been folded; False after `patience` seconds."""

    async def moment(self) -> Moment:
        """How far the read model is now."""


@dataclass(frozen=True, slots=True)
class Read(Generic[M, Q]):
    """One read: who asks for what, as of when (`as_of` None: now), and from where on in a list."""

    caller: Caller
    language: Language
    models: M
    query: Q
    moment: Moment
    as_of: datetime | None = None
    observed: bool = False
    limit: int = USUAL_ITEMS
    cursor: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One resource: a JSON object, as a mapping or already written, and its version for `ETag`."""

    body: Mapping[str, Any] | bytes
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list: JSON objects, and the place of the last one when there are more."""

    items: Sequence[Mapping[str, Any] | bytes]
    following: Sequence[Any] | None = None

    @classmethod
    def of(
        cls,
        rows: Sequence[Any],
        limit: int,
        *,
        item: Callable[[Any], Mapping[str, Any] | bytes],
        place: Callable[[Any], Sequence[Any]],
    ) -> Self:
        """The page of rows of which one more than `limit` were asked for.

        `place` names where a row stands, by values that writes never change: the next page is
        everything behind the last row, so no page moves under writes.
        """
        shown = rows[:limit]
        more = len(rows) > limit
        return cls([item(row) for row in shown], place(shown[-1]) if more else None)


@dataclass(frozen=True, slots=True)
class ReadRoute:
    """One declared GET route; see `Reads` for the meaning of each field."""

    service: str
    tag: str
    path: str
    permission: Permission
    answer: Callable[..., Awaitable[Item | Page]]
    query: type[Query]
    parameters: Mapping[str, Any]
    listing: bool
    history: bool
    shape: Any

    @property
    def name(self) -> str:
        """The function's name, which is the operation's id in OpenAPI."""
        return self.answer.__name__


F = TypeVar("F", bound=Callable[..., Awaitable["Item | Page"]])


@dataclass(frozen=True)
class Reads:
    """The GET routes of one tag of one service, in the order they were declared."""

    service: str
    tag: str
    declared: list[ReadRoute] = field(default_factory=list)

    def item(
        self,
        path: str,
        *,
        permission: Permission,
        query: type[Query] = Query,
        history: bool = False,
        shape: Any = None,  # noqa: ANN401 - a type, for the document
    ) -> Callable[[F], F]:
        """Declare a route that answers with one object.

        `history` says that it can be asked `as_of` an earlier day; `shape` is the answer's type
        in OpenAPI; `query` the parameters besides the shared ones.
        """
        return self._declare(path, permission, query, shape, listing=False, history=history)

    def list(
        self,
        path: str,
        *,
        permission: Permission,
        query: type[Query] = Query,
        history: bool = False,
        shape: Any = None,  # noqa: ANN401 - as above
    ) -> Callable[[F], F]:
        """Declare a route that answers with a page: it takes `limit` and `cursor` too."""
        return self._declare(path, permission, query, shape, listing=True, history=history)

    def _declare(
        self,
        path: str,
        permission: Permission,
        query: type[Query],
        shape: Any,  # noqa: ANN401 - as above
        *,
        listing: bool,
        history: bool,
    ) -> Callable[[F], F]:
        if permission not in PERMISSIONS:
            raise ValueError(f"GET {path} names no known permission: {permission!r}")

        def declare(function: F) -> F:
            hints = get_type_hints(function, include_extras=True)
            names = list(inspect.signature(function).parameters)
            in_path = [part[1:-1] for part in path.split("/") if part.startswith("{")]
            if names[:1] not in (["read"], ["_read"]) or set(names[1:]) != set(in_path):
                raise TypeError(f"{function.__name__} must take read and {in_path}")
            parameters = {name: hints[name] for name in in_path}
            self.declared.append(
                ReadRoute(
                    service=self.service,
                    tag=self.tag,
                    path=path,
                    permission=permission,
                    answer=function,
                    query=query,
                    parameters=parameters,
                    listing=listing,
                    history=history,
                    shape=shape,
                )
            )
            return function

        return declare
