"""Cursors: where a list goes on, opaque to the client and bound to what it asked for."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from typing import Any, Final

_CHECK_BYTES: Final = 8
_LONGEST: Final = 2_000


class BadCursor(ValueError):
    """A cursor that we did not make, or that belongs to another question."""


def encode(place: Sequence[Any], route: str, filters: Mapping[str, str]) -> str:
    """The cursor behind `place` (values that JSON can hold) of this route and these filters."""
    payload = json.dumps(list(place), separators=(",", ":"), default=str).encode()
    return urlsafe_b64encode(_check(payload, route, filters) + payload).rstrip(b"=").decode()


def decode(cursor: str, route: str, filters: Mapping[str, str]) -> list[Any]:
    """The place that `encode` was given; raises `BadCursor`.

    The check finds accidents and mix-ups. It is no secret: a place grants nothing that the route
    would not answer anyway.
    """
    if len(cursor) > _LONGEST:
        raise BadCursor("too long")
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (NotBase64, ValueError) as error:
        raise BadCursor("not ours") from error
    check, payload = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
    if check != _check(payload, route, filters):
        raise BadCursor("of another list")
    place: list[Any] = json.loads(payload)
    return place


def _check(payload: bytes, route: str, filters: Mapping[str, str]) -> bytes:
    asked = json.dumps([route, sorted(filters.items())]).encode()
    return hashlib.blake2b(
        payload + b"\x00" + asked, digest_size=_CHECK_BYTES, person=b"okr-cursor"
    ).digest()
