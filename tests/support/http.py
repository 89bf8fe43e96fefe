"""HTTP without a socket: an application is asked directly, a fake edge answers for the owner."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.eventing.answers import Accepted, Answer, SaidEvent, Tried
from shared.eventing.commands import CommandRecord
from shared.eventing.positions import Position
from shared.events.deciding import Command
from shared.runtime.auth.issuing import LocalIssuer
from shared.runtime.auth.tokens import Tokens
from shared.runtime.http.answering import Answering
from shared.runtime.http.app import public_app
from shared.runtime.http.dispatch import Application
from shared.runtime.http.gate import Gate
from shared.runtime.http.limits import Rate
from shared.runtime.http.looking import Looking
from shared.runtime.http.operations import read_operation, write_operation
from shared.runtime.http.reads import Models, Reads
from shared.runtime.http.representation import fetch_by
from shared.runtime.http.writes import Writes
from shared.runtime.metrics import Metrics
from shared.runtime.people.sealing import AuthorKey
from shared.runtime.people.store import Taken

ISSUER: Final = LocalIssuer("okr-local", "okr", Ed25519PrivateKey.generate())
MEMBER: Final = "3f0c1a52-7b0e-5d6c-9a39-2f7c5f7f3a10"
POSITION: Final = Position("okr.things.events", 3, 1042)


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Asker:
    """Asks an application as one caller."""

    def __init__(self, app: Any, token: str | None = None) -> None:
        self.app = app
        self._token = ISSUER.mint(MEMBER) if token is None else token

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | Sequence[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Told:
        """Send one request; `raw` goes as it is, in as many pieces as it has."""
        pieces = [raw] if isinstance(raw, bytes) else list(raw or [])
        if body is not None:
            pieces = [json.dumps(body, ensure_ascii=False).encode()]
        given = {"content-type": "application/json", "authorization": f"Bearer {self._token}"}
        if not self._token:
            del given["authorization"]
        given.update(headers or {})
        path, _, query = path.partition("?")
        sent: list[dict[str, Any]] = []
        waiting = pieces or [b""]

        async def receive() -> dict[str, Any]:
            piece = waiting.pop(0) if waiting else b""
            return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = scope_of(method, path, query, given)
        await self.app(scope, receive, send)
        found = {k.decode().lower(): v.decode("latin-1") for k, v in sent[0]["headers"]}
        return Told(sent[0]["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))


def scope_of(method: str, path: str, query: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A request as a server hands it to an application."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }


class FakeKeys:
    """Every author has a key, and it is at hand."""

    def __init__(self) -> None:
        self.made: dict[str, AuthorKey] = {}

    def at_hand(self, principal: str) -> AuthorKey:
        return self.made.setdefault(principal, AuthorKey(principal, principal.encode()))

    async def author(self, principal: str) -> AuthorKey:
        return self.at_hand(principal)


@dataclass
class FakePeople:
    """A people store in memory; `log` says what was done, in order."""

    keys: Any = field(default_factory=FakeKeys)
    staged: dict[str, Mapping[str, str | None]] = field(default_factory=dict)
    settled: dict[str, Mapping[str, str | None]] = field(default_factory=dict)
    taken: str | None = None
    log: list[str] = field(default_factory=list)

    async def stage(self, command_id: str, person_id: str, details: Any) -> None:
        if self.taken:
            raise Taken(self.taken)
        self.log.append("stage")
        if command_id not in self.settled:
            self.staged.setdefault(command_id, {"id": person_id, **details})

    async def settle(self, command_id: str) -> None:
        self.log.append("settle")
        if command_id in self.staged:
            self.settled[command_id] = self.staged.pop(command_id)

    async def drop(self, command_id: str) -> None:
        self.log.append("drop")
        self.staged.pop(command_id, None)


Decide = Callable[[CommandRecord], Answer]


class FakeEdge:
    """Remembers answers by command id as the owner's window does; `decide` answers what is new."""

    def __init__(self, decide: Decide | None = None) -> None:
        self.decide = decide or said
        self.asked: list[CommandRecord] = []
        self.fails: Exception | None = None
        self._answers: dict[str, Answer] = {}

    async def ask(self, record: CommandRecord, *, wait: float = 10.0) -> Answer:
        self.asked.append(record)
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        answer = self.decide(record)
        if record.dry:
            return tried(answer)
        known = self._answers.get(record.id)
        if known is not None:
            return as_repeat(known)
        self._answers[record.id] = with_body(answer, record.body)
        return self._answers[record.id]


def said(record: CommandRecord) -> Accepted:
    """Accepts whatever is asked, with one event that repeats the command's data."""
    command = record.command
    data = command.model_dump(mode="json") if isinstance(command, Command) else {}
    event = SaidEvent("ThingSaid", "e", record.stream, {**data, "n": 7})
    return Accepted((event,), 4, POSITION)


def as_repeat(answer: Answer) -> Answer:
    """The answer to a second asking."""
    assert not isinstance(answer, Tried)
    return type(answer)(**{**_fields(answer), "repeat": True})


def with_body(answer: Answer, body: str | None) -> Answer:
    """The answer as the log keeps it."""
    assert not isinstance(answer, Tried)
    return type(answer)(**{**_fields(answer), "body": body})


def tried(answer: Answer) -> Tried:
    """The answer of a dry run."""
    if isinstance(answer, Accepted):
        return Tried(None, {}, None, answer.events, answer.version)
    assert not isinstance(answer, Tried)
    return Tried(answer.code, answer.facts, answer.pointer, (), 0)


def _fields(answer: Any) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in answer.__dataclass_fields__}


def application(
    *writes: Writes,
    reads: Sequence[Reads] = (),
    edge: Any = None,
    people: Any = None,
    models: Models | None = None,
    rate: Rate | None = None,
    most_under_way: int = 100,
) -> Application:
    """The application of these routes, with a fake edge where none is given."""
    built: list[Application] = []
    answering = Answering(
        edge or FakeEdge(),
        people or FakePeople(),
        wait=1.0,
        fetch=fetch_by(lambda: built[0], None),
    )
    gate = Gate(
        Tokens([ISSUER.trusted]),
        rate or Rate(1e9, 10**9),
        Metrics(),
        most_under_way=most_under_way,
    )
    operations = [write_operation(write, answering) for each in writes for write in each.declared]
    if models is not None:
        looking = Looking(models)
        operations += [read_operation(route, looking) for each in reads for route in each.declared]
    built.append(public_app(operations, gate))
    return built[0]
