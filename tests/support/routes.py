"""A declared write route, called as a request would call it, without the request."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from shared.events.deciding import Command, command_type
from shared.okr import identity
from shared.runtime.auth.callers import Caller
from shared.runtime.http.writes import Call, Named, Write, Writes
from tests.support.people import sealed

COMMAND_ID = identity.command_id("somebody", "POST", "/v1", "key")
CALL = Call(COMMAND_ID, Caller("somebody"), sealed)
"""What every route is given here; it seals as `people.sealed` does."""


def route(writes: Sequence[Writes], method: str, path: str) -> Write:
    """The route that is declared for a method and a path with its parameters in braces."""
    declared = [write for tag in writes for write in tag.declared]
    return next(write for write in declared if (write.method, write.path) == (method, path))


def said(write: Write, body: str | None, **path: Any) -> Command | Named:
    """What the route makes of a JSON body; raises `ValidationError` as a request would."""
    if not write.takes_body:
        return write.command(CALL, **path)
    told = json.loads(body or "{}", parse_float=Decimal)
    return write.command(CALL, write.body.model_validate(told), **path)


def carried(command: Command) -> Command:
    """The command as its record gives it back."""
    again = type(command).model_validate_json(command.model_dump_json())
    assert command_type(again) == command_type(command)
    return again


def faults(write: Write, body: str, **path: Any) -> list[tuple[str, str]]:
    """The (pointer, code) pairs that the body is refused with; none when it is not."""
    try:
        said(write, body, **path)
    except ValidationError as invalid:
        return [
            ("".join(f"/{step}" for step in e["loc"]) + e.get("ctx", {}).get("at", ""), e["type"])
            for e in invalid.errors(include_url=False)
        ]
    return []
