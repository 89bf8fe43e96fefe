"""One request and its answer, as every route here sees them: thin, because it is the hot path."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from shared.eventing.positions import Position
from shared.runtime.auth.callers import Caller
from shared.runtime.http.bodies import Receive, malformed
from shared.runtime.http.problems import Problem
from shared.runtime.texts.catalogues import Language

Header = tuple[bytes, bytes]

MOST_POSITIONS: Final = 64
_LONGEST_HEADER: Final = 8_192
_LONGEST_QUERY: Final = 8_192
_JSON: Final = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, body, and headers beside content type and length."""

    status: int
    body: bytes
    headers: list[Header] = field(default_factory=list)
    content_type: Header = _JSON


def json_bytes(value: Any) -> bytes:  # noqa: ANN401 - JSON is what it is
    """JSON as answers are written: compact, UTF-8, decimals and days as text."""
    return _ENCODER.encode(value).encode()


@dataclass(slots=True)
class Exchange:
    """A request by a known caller; of a header that comes twice the last counts."""

    scope: Mapping[str, Any]
    receive: Receive
    headers: Mapping[bytes, bytes]
    caller: Caller
    language: Language

    @property
    def method(self) -> str:
        """The method, in capitals."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The path as it was sent, percent-decoded."""
        path: str = self.scope["path"]
        return path

    def header(self, name: bytes) -> str | None:
        """A header's text; None when it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value[:_LONGEST_HEADER].decode("latin-1").strip()

    def query(self) -> dict[str, str]:
        """The query parameters; one that comes twice is refused: nobody knows which counts."""
        raw: bytes = self.scope["query_string"]
        if not raw:
            return {}
        if len(raw) > _LONGEST_QUERY:
            raise Problem("query_invalid", {"name": "?"})
        try:
            pairs = parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=64
            )
        except ValueError:
            raise malformed("query") from None
        found: dict[str, str] = {}
        for name, value in pairs:
            if name in found or "\x00" in value:
                raise Problem("query_invalid", {"name": name})
            found[name] = value
        return found

    def after(self) -> tuple[Position, ...]:
        """The positions that the caller wants to have been heard: `OKR-After`."""
        text = self.header(b"okr-after")
        if not text:
            return ()
        parts = text.split(",")
        if len(parts) > MOST_POSITIONS:
            raise malformed("okr_after")
        try:
            return tuple(Position.parse(part.strip()) for part in parts)
        except ValueError:
            raise malformed("okr_after") from None


Handler = Callable[[Exchange, dict[str, Any]], Any]


def truth(query: Mapping[str, str], name: str) -> bool:
    """A yes or no of the query; left out it is no."""
    value = query.get(name, "false")
    if value not in {"true", "false"}:
        raise Problem("query_invalid", {"name": name})
    return value == "true"


def only(query: Mapping[str, str], *names: str) -> None:
    """422 for a parameter that is not known here: misspelt, it would be silently without effect."""
    for name in query:
        if name not in names:
            raise Problem("query_invalid", {"name": name})


_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=str, check_circular=False
)
