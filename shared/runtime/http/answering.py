"""Answers a write: asks the owner through the edge, and says what came of it."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol

from shared.eventing.answers import (
    Accepted,
    Answer,
    NotTailing,
    OutcomeUnknown,
    Overloaded,
    Rejected,
    SaidEvent,
    Tried,
)
from shared.eventing.commands import CommandRecord
from shared.runtime.http.asking import Request, read_write
from shared.runtime.http.exchange import Exchange, Header, Reply, json_bytes
from shared.runtime.http.problems import Problem, refused, retry_later
from shared.runtime.http.writes import Named, Write
from shared.runtime.people.keyring import Keyring
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.people.store import Taken

_REPRESENTATION: Final = b"return=representation"
_APPLIED: Final = (b"preference-applied", b"return=representation")

Fetch = Callable[[Exchange, str, str], Awaitable[Reply | None]]
"""(request, path, position) → the resource as its GET answers it; None when it cannot be had."""


class Asks(Protocol):
    """What answers commands: the edge of the service."""

    async def ask(self, record: CommandRecord, *, wait: float) -> Answer:
        """The owner's answer; raises `OutcomeUnknown` when there was none in time."""


class Stages(Protocol):
    """What keeps people's details until a command is answered: the people store."""

    keys: Keyring

    async def stage(
        self, command_id: str, person_id: str, details: Mapping[str, str | None]
    ) -> None:
        """Keep details under a command's id; raises `Taken`."""

    async def settle(self, command_id: str) -> None:
        """They are so now."""

    async def drop(self, command_id: str) -> None:
        """They are forgotten."""


class Answering:
    """Serves the write routes of one service."""

    def __init__(self, edge: Asks, people: Stages, *, wait: float, fetch: Fetch) -> None:
        self._edge = edge
        self._people = people
        self._wait = wait
        self._fetch = fetch

    async def answer(self, write: Write, exchange: Exchange, path: Mapping[str, Any]) -> Reply:
        """Answer one request; raises the `Problem` that ends it otherwise."""
        request = await read_write(write, exchange, path, self._people.keys)
        if request.names is None or request.record.dry:
            answer = await self._ask(request, request.record)
        else:
            answer = await self._ask_about_a_person(request, request.names)
        if isinstance(answer, Tried):
            return _tried(answer, write, path, request.command_id)
        if answer.repeat and answer.body is not None and answer.body != request.record.body:
            raise Problem("idempotency_key_reused")
        if isinstance(answer, Rejected):
            raise refused(answer.code, answer.facts, answer.pointer)
        reply, resource = _accepted(answer, write, path, request)
        if _REPRESENTATION in exchange.headers.get(b"prefer", b""):
            return await self._represented(reply, exchange, resource, str(answer.position))
        return reply

    async def _ask(self, request: Request, record: CommandRecord) -> Answer:
        try:
            return await self._edge.ask(record, wait=self._wait)
        except Overloaded:
            raise retry_later("overloaded") from None
        except NotTailing:
            raise retry_later("not_ready") from None
        except OutcomeUnknown:
            problem = retry_later("outcome_unknown")
            # Who sent no key can ask again only with the one that was made for them.
            key = (b"idempotency-key", request.idempotency_key.encode())
            raise Problem(problem.code, headers=[*problem.headers, key]) from None

    async def _ask_about_a_person(self, request: Request, names: Named) -> Answer:
        """Ask for a command whose names stand in the people store before it is sent.

        A dry run comes first, so that nothing is written, or told of e-mail addresses that are
        taken, for somebody who may not do this. What it refuses is asked nevertheless: it may be a
        repeat of what was accepted, and the refusal belongs into the log.
        """
        record = request.record
        tried = await self._ask(request, _as_dry_run(record))
        details = (record.id, names.person_id, names.details)
        try:
            if isinstance(tried, Tried) and tried.code is None:
                await self._people.stage(*details)
            answer = await self._ask(request, record)
            if not isinstance(answer, Accepted) or not answer.events:
                await self._people.drop(record.id)
                return answer
            if not isinstance(tried, Tried) or tried.code is not None:
                # Accepted after all: too late to refuse an address that somebody else has.
                with suppress(Taken):
                    await self._people.stage(*details)
            await self._people.settle(record.id)
        except Taken as taken:
            raise refused(taken.code, {}, f"/{taken.code.removesuffix('_taken')}") from None
        except PeopleAway:
            raise retry_later("people_away") from None
        return answer

    async def _represented(
        self, reply: Reply, exchange: Exchange, resource: str, position: str
    ) -> Reply:
        """The reply with the resource as its body; as it is where the resource cannot be had.

        The write has taken effect, so a read model that lags must not make a failure of it.
        """
        found = await self._fetch(exchange, resource, position)
        if found is None or found.status != 200:  # noqa: PLR2004 - OK
            return reply
        return Reply(reply.status, found.body, [*reply.headers, _APPLIED])


def _as_dry_run(record: CommandRecord) -> CommandRecord:
    # Without If-Match: a repeat is looked up before it is compared, a dry run is no repeat.
    return CommandRecord(
        id=record.id,
        service=record.service,
        command=record.command,
        actor=record.actor,
        after=record.after,
        dry=True,
    )


def _accepted(
    answer: Accepted, write: Write, path: Mapping[str, Any], request: Request
) -> tuple[Reply, str]:
    """The answer, and the path of the resource that it is about."""
    shown = _shown(answer.events, write.shows)
    made = write.makes(request.command_id)
    places = {**path, "id": made, **shown}
    headers: list[Header] = [
        (b"etag", b'"%d"' % answer.version),
        (b"okr-position", str(answer.position).encode()),
    ]
    if write.creates is not None and (shown or not write.shows):
        headers.append((b"location", write.creates.format_map(places).encode()))
    body = {
        "id": write.subject(path, made, request.record.stream),
        "version": answer.version,
        "events": [{"type": event.type, "data": event.data} for event in answer.events],
        **shown,
    }
    return Reply(write.status, json_bytes(body), headers), write.resource.format_map(places)


def _tried(answer: Tried, write: Write, path: Mapping[str, Any], command_id: str) -> Reply:
    if answer.code is not None:
        raise refused(answer.code, answer.facts, answer.pointer)
    stream = answer.events[0].stream if answer.events else ""
    body = {
        "id": write.subject(path, write.makes(command_id), stream),
        "version": answer.version,
        "events": [{"type": event.type, "data": event.data} for event in answer.events],
        "dry_run": True,
    }
    return Reply(200, json_bytes(body))


def _shown(events: tuple[SaidEvent, ...], names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that the answer shows, from the first event that has them all."""
    for event in events:
        if names and all(name in event.data for name in names):
            return {name: event.data[name] for name in names}
    return {}
