"""What a request brings, read exactly: bounded, UTF-8, JSON without doubles or surprises.

Numbers become `int` or `Decimal`, never a binary float. A name given twice, NaN, a lone surrogate,
a NUL (no database text can hold one) and nesting beyond 32 levels are malformed.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from shared.runtime.http.problems import Problem

BODY_LIMIT: Final = 256 * 1024
IMPORT_LIMIT: Final = 20 * 1024 * 1024
DEEPEST: Final = 32

_LONGEST_WHOLE: Final = 64

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class ClientGone(Exception):
    """The client hung up before its request had arrived whole."""


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """Return the whole body; 413 as soon as it is known to be longer than `limit` bytes."""
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit():
        raise malformed("content_length")
    if int(announced) > limit:
        raise Problem("too_large", {"limit": limit})
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts, length = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            if length > limit:
                raise Problem("too_large", {"limit": limit})
        body = b"".join(parts)
    if message["type"] == "http.disconnect":
        raise ClientGone
    if len(body) > limit:
        raise Problem("too_large", {"limit": limit})
    return body


def require_json(headers: Mapping[bytes, bytes]) -> None:
    """415 unless the content type is JSON (in UTF-8, where it says)."""
    given = headers.get(b"content-type", b"")
    if given == b"application/json":
        return
    kind, *parameters = given.decode("latin-1").lower().split(";")
    is_json = kind.strip() == "application/json" or (
        kind.startswith("application/") and kind.strip().endswith("+json")
    )
    charset = [p.strip().removeprefix("charset=").strip('"') for p in parameters if "charset" in p]
    if not is_json or charset not in ([], ["utf-8"], ["utf8"]):
        raise Problem("not_json")


def parse(body: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    """Return the JSON value of `body`, or raise the 400 that says what is wrong with it."""
    try:
        value = _DECODER.decode(body.decode())
    except UnicodeDecodeError:
        raise malformed("not_utf8") from None
    except RecursionError:
        raise malformed("too_deep") from None
    except InvalidOperation:
        raise malformed("not_a_number") from None
    except ValueError:
        raise malformed("not_json_text") from None
    # Most bodies have fewer brackets than the limit, and need no walk.
    if body.count(b"{") + body.count(b"[") > DEEPEST and _deeper_than(value, DEEPEST):
        raise malformed("too_deep")
    # Raw control characters are no JSON; only an escape can smuggle one in.
    if b"\\u" in body:
        _refuse_unstorable(value)
    return value


def canonical(value: Any) -> bytes:  # noqa: ANN401 - JSON is what it is
    """Return the one spelling of a JSON value: names sorted, no blanks, `0.50` the same as `0.5`.

    Two bodies with equal spellings are the same request; its digest travels with the command.
    """
    return _ENCODER.encode(value).encode()


def malformed(why: str) -> Problem:
    """The 400 for what cannot be read at all; `why` picks the sentence."""
    return Problem(f"malformed_{why}")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("name_twice")
    return found


def _no_constant(_: str) -> Any:  # noqa: ANN401 - never returns
    raise malformed("not_a_number")


def _number(value: Any) -> Any:  # noqa: ANN401 - what json.dumps hands over
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    sign, digits, exponent = value.as_tuple()
    significant = "".join(map(str, digits)).rstrip("0") or "0"
    power = int(exponent) + len(digits) - len(significant) if significant != "0" else 0
    minus = "-" if sign and significant != "0" else ""
    if 0 <= power <= _LONGEST_WHOLE:
        return int(f"{minus}{significant}{'0' * power}")
    return f"{minus}{significant}E{power}"


def _deeper_than(value: Any, levels: int) -> bool:  # noqa: ANN401 - JSON is what it is
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for node in layer
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
    return bool(layer)


def _refuse_unstorable(value: Any) -> None:  # noqa: ANN401 - JSON is what it is
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            stack.extend(node)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, str) and ("\x00" in node or _has_surrogate(node)):
            raise malformed("text_unstorable")


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


_DECODER: Final = json.JSONDecoder(
    parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_no_doubles
)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_number, check_circular=False
)
