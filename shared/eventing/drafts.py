"""Drafts: records that are ready to be appended, in the form that wire.py reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any, Final, TypeAlias

from shared.eventing.positions import Position
from shared.events.catalogue import encode
from shared.events.deciding import Recorded
from shared.events.event import wire_type
from shared.events.internal import DECIDED, LOG_OPENED, Decided, LogOpened

Headers: TypeAlias = list[tuple[str, bytes]]

JSON_TYPE: Final = ("content-type", b"application/json")
SPEC_VERSION: Final = ("ce_specversion", b"1.0")

_VARIANT: Final = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
"""The 17th hex digit of a UUID, with the two bits that say how the rest is to be read."""


# Not frozen: one is made for every event, and freezing costs more than all its fields.
@dataclass(slots=True)
class Draft:
    """A record that is ready to be appended at the place it claims."""

    key: bytes
    value: bytes
    headers: Headers
    id: str


@lru_cache(maxsize=1024)
def instant_text(at: datetime) -> bytes:
    """`ce_time`; the events of a run mostly share theirs."""
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def event_id(command: str, index: int) -> str:
    """`uuid5(command, str(index))`, as in shared/okr/identity, in a quarter of the time."""
    name = bytes.fromhex(command.replace("-", "")) + b"%d" % index
    text = sha1(name, usedforsecurity=False).hexdigest()
    variant = _VARIANT[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


@lru_cache(maxsize=1024)
def source(service: str) -> tuple[str, bytes]:
    """`ce_source` of a service."""
    return ("ce_source", f"/okr/{service}".encode())


@lru_cache(maxsize=1024)
def _typed(name: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    return ("ce_type", name.encode()), ("ce_dataschema", f"/schemas/{name}.json".encode())


def event_draft(
    service: str, said: Recorded[Any], *, at: int, prev: str, src: int, extras: Headers
) -> Draft:
    """An event that claims offset `at` behind the record `prev`; `src` is its command's offset."""
    kind, schema = _typed(wire_type(said.event))
    key = said.stream.encode()
    headers = [
        SPEC_VERSION,
        ("ce_id", said.id.encode()),
        kind,
        source(service),
        ("ce_subject", key),
        ("ce_time", instant_text(said.at)),
        ("ce_sequence", b"%020d" % said.sequence),
        ("ce_correlationid", said.correlation.encode()),
        ("ce_causationid", said.causation.encode()),
        ("ce_authtype", said.actor.type.encode()),
        ("ce_authid", said.actor.id.encode()),
        schema,
        JSON_TYPE,
        ("okr_at", b"%d" % at),
        ("okr_prev", prev.encode()),
        ("okr_src", b"%d" % src),
        *extras,
    ]
    return Draft(key, encode(said.event), headers, said.id)


def internal_draft(
    service: str, record: Decided | LogOpened, *, partition: int, at: int, prev: str, new_id: str
) -> Draft:
    """A `Decided` or `LogOpened` that claims offset `at` behind the record `prev`."""
    key = b"%d" % partition
    headers = [
        SPEC_VERSION,
        ("ce_id", new_id.encode()),
        ("ce_type", (DECIDED if isinstance(record, Decided) else LOG_OPENED).encode()),
        source(service),
        ("ce_subject", key),
        JSON_TYPE,
        ("okr_at", b"%d" % at),
        ("okr_prev", prev.encode()),
    ]
    value = record.model_dump_json(exclude_defaults=True).encode()
    return Draft(key, value, headers, new_id)


def positions_text(positions: Sequence[Position]) -> bytes:
    """`okr_after`: positions, comma between."""
    return ",".join(map(str, positions)).encode()
