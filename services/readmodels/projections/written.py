"""Values as rows and answers hold them: exact JSON text, and measures and readings read back."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import to_json

from shared.eventing.rows import Rows
from shared.events.deciding import Recorded
from shared.okr.figures import Progress, quantity_text
from shared.okr.measures import Measure
from shared.okr.readings import Reading

_MEASURES: Final[TypeAdapter[Measure]] = TypeAdapter(Measure)
_READINGS: Final[TypeAdapter[Reading]] = TypeAdapter(Reading)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False
)


def json_text(value: Any) -> str:  # noqa: ANN401 - JSON is what it is
    """Compact JSON; quantities, days and instants are texts already."""
    return _ENCODER.encode(value)


def object_text(value: dict[str, Any], **written: str) -> str:
    """The same of an object, with further members whose JSON is written already."""
    text = to_json(value).decode()
    if not written:
        return text
    further = ",".join(f'"{name}":{member}' for name, member in written.items())
    return f"{text[:-1]},{further}}}"


def measure_text(measure: Measure) -> str:
    """A measure as answers hold it, quantities as decimal strings."""
    return measure.model_dump_json()


# Most key results keep their measure for weeks, and derivations ask for it again and again.
@lru_cache(maxsize=16_384)
def measure_of(text: str) -> Measure:
    """The measure that was written."""
    return _MEASURES.validate_json(text)


def reading_text(reading: Reading) -> str:
    """A reading as answers hold it."""
    return reading.model_dump_json()


@lru_cache(maxsize=32_768)
def reading_of(text: str) -> Reading:
    """The reading that was written."""
    return _READINGS.validate_json(text)


def figure(value: Decimal | None) -> str | None:
    """A figure as answers hold it; unknown is null."""
    return None if value is None else quantity_text(value)


def progress(raw: Decimal | None, shown: Decimal | None) -> dict[str, str] | None:
    """A progress as answers hold it; unknown is null."""
    return None if raw is None or shown is None else Progress(raw, shown).texts()


def instant(at: datetime | None) -> str | None:
    """An instant as answers hold it: RFC 3339, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def stamp(recorded: Recorded[Any]) -> dict[str, Any]:
    """The version that a fact has with this event, and since when it is so."""
    return {"version": recorded.sequence, "valid_from": recorded.at}


def place(rows: Rows) -> int:
    """Where the record in hand stands in its partition: an order that nothing ever changes."""
    if rows.record is None:
        raise ValueError("only a record has a place")
    return rows.record.offset
