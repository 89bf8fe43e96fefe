"""Reads a write request into the command record that its owner will be asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from pydantic import ValidationError

from shared.eventing.commands import CommandRecord
from shared.okr import identity
from shared.runtime.http.bodies import (
    BODY_LIMIT,
    canonical,
    malformed,
    parse,
    read_body,
    require_json,
)
from shared.runtime.http.exchange import Exchange, only, truth
from shared.runtime.http.problems import Problem, invalid, retry_later
from shared.runtime.http.writes import Call, Named, Write
from shared.runtime.people.keyring import KeyDestroyed, Keyring
from shared.runtime.people.postgres import PeopleAway
from shared.runtime.people.sealing import AuthorKey

_VERSION: Final = re.compile(rb'"(0|[1-9][0-9]{0,17})"')
_KEY: Final = re.compile(rb"[\x21-\x7e]{1,255}")
_TRACE: Final = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Request:
    """A write as it will be asked; `names` where details of a person travel beside the command."""

    record: CommandRecord
    command_id: str
    idempotency_key: str
    names: Named | None


async def read_write(
    write: Write, exchange: Exchange, path: Mapping[str, Any], keys: Keyring
) -> Request:
    """Read the request whole; raises the `Problem` of whatever is wrong with it."""
    dry = False
    if exchange.scope["query_string"]:
        query = exchange.query()
        only(query, "dry_run")
        dry = truth(query, "dry_run")
    caller, headers = exchange.caller, exchange.headers
    key = idempotency_key(headers.get(b"idempotency-key"))
    command_id = identity.command_id(caller.id, write.method, exchange.path, key)
    expect = _expected_version(headers.get(b"if-match"))
    after = exchange.after()
    value = await _json_body(exchange)
    spelling = canonical(value)
    author = await author_key(keys, caller.id)
    said = _command(write, Call(command_id, caller, author.seal), value, path)
    record = CommandRecord(
        id=command_id,
        service=write.service,
        command=said.command if isinstance(said, Named) else said,
        actor=caller.actor,
        expect=expect,
        after=after,
        body=author.digest(spelling),
        dry=dry,
        traceparent=_traceparent(headers.get(b"traceparent")),
    )
    return Request(record, command_id, key, said if isinstance(said, Named) else None)


async def author_key(keys: Keyring, principal: str) -> AuthorKey:
    """The caller's key; 503 while it cannot be had, 403 once they were erased."""
    try:
        return keys.at_hand(principal) or await keys.author(principal)
    except PeopleAway:
        raise retry_later("people_away") from None
    except KeyDestroyed:
        raise Problem("not_allowed") from None


def _command(write: Write, call: Call, value: Any, path: Mapping[str, Any]) -> Any:  # noqa: ANN401
    try:
        if not write.takes_body:
            write.body.model_validate(value)
            return write.command(call, **path)
        return write.command(call, write.body.model_validate(value), **path)
    except ValidationError as error:
        raise invalid(error, value) from None


async def _json_body(exchange: Exchange) -> Any:  # noqa: ANN401 - JSON is what it is
    body = await read_body(exchange.receive, exchange.headers, BODY_LIMIT)
    if not body:
        return {}
    require_json(exchange.headers)
    return parse(body)


def idempotency_key(given: bytes | None) -> str:
    """The key that was sent, or one made for this request only; 400 for one that is none."""
    if given is None:
        return str(uuid4())
    if _KEY.fullmatch(given) is None:
        raise malformed("idempotency_key")
    return given.decode()


def _expected_version(given: bytes | None) -> int | None:
    if given is None:
        return None
    match = _VERSION.fullmatch(given.strip())
    if match is None:
        raise malformed("if_match")
    return int(match[1])


def _traceparent(given: bytes | None) -> str | None:
    # A broken one is no reason to refuse a write; it is left out.
    return given.decode() if given is not None and _TRACE.fullmatch(given) else None
