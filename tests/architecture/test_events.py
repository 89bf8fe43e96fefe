"""Every event ever written can be read for ever: its golden sample says so.

A sample is `tests/golden/events/<service>/<wire type>.json`, with further ones behind a `~`; they
are added, never edited.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.events.catalogue import EVENTS, UnknownEventTypeError, decode, encode
from shared.events.event import Event, wire_type

GOLDEN = Path(__file__).parents[1] / "golden" / "events"
SAMPLES = sorted(GOLDEN.rglob("*.json"))
CLASSES = [cls for classes in EVENTS.values() for cls in classes]


def sample(path: Path) -> tuple[str, Any]:
    """The wire type and the data of a sample."""
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told.keys() == {"type", "data"}
    return told["type"], told["data"]


@pytest.mark.parametrize("service", EVENTS)
def test_every_event_has_a_golden_sample(service: str) -> None:
    wanted = {wire_type(cls) for cls in EVENTS[service]}
    assert wanted - {path.stem for path in (GOLDEN / service).glob("*.json")} == set()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_golden_sample_can_still_be_read(path: Path) -> None:
    ce_type, data = sample(path)
    assert path.stem.partition("~")[0] == ce_type
    event = decode(ce_type, json.dumps(data).encode())
    assert type(event) in EVENTS[path.parent.name]
    if wire_type(event) == ce_type:
        written = json.loads(encode(event))
        assert {name: written[name] for name in data} == data


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_reader_ignores_what_it_does_not_know(path: Path) -> None:
    ce_type, data = sample(path)
    newer = json.dumps(_with_something_unknown(data)).encode()
    if not ce_type.startswith("okr.PolicyChanged."):
        assert decode(ce_type, newer) == decode(ce_type, json.dumps(data).encode())


def test_a_type_of_a_newer_release_is_refused_by_name() -> None:
    with pytest.raises(UnknownEventTypeError, match=r"okr\.MoonLanded\.v1"):
        decode("okr.MoonLanded.v1", b"{}")


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_event_is_told_as_a_sentence_of_the_past(cls: type[Event]) -> None:
    first_line = (cls.__doc__ or "").strip().splitlines()[0]
    assert first_line.endswith(".")


# What maps names of people's own to values takes any name; a schema does not close it.
_OPEN = {"weights", "shares", "baseline_shares", "parts", "value"}


def _with_something_unknown(data: Any) -> Any:
    """The data as a newer release might write it: one more field in every object."""
    if isinstance(data, dict):
        deeper = {
            name: value
            if name in _OPEN and isinstance(value, dict)
            else _with_something_unknown(value)
            for name, value in data.items()
        }
        return deeper | {"not_yet_known": 1}
    if isinstance(data, list):
        return [_with_something_unknown(item) for item in data]
    return data
