"""The index of the language: which event classes there are, by service and by wire type."""

from typing import Final

from shared.events import alignment, checkins, notifications, objectives, organization
from shared.events.event import Event, wire_type
from shared.events.upcasts import upcast

_MODULES: Final = {
    "organization": organization,
    "objectives": objectives,
    "checkins": checkins,
    "alignment": alignment,
    "notifications": notifications,
}


def _leaves(service: str) -> tuple[type[Event], ...]:
    """The event classes a module defines: those that no other class of it refines."""
    module = _MODULES[service]
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Event) and value is not Event
    ]
    parents = {base for cls in found for base in cls.__mro__[1:]}
    return tuple(cls for cls in found if cls not in parents)


EVENTS: Final[dict[str, tuple[type[Event], ...]]] = {name: _leaves(name) for name in _MODULES}
"""Service → its event classes, in the order of the file."""

BY_WIRE_TYPE: Final[dict[str, type[Event]]] = {
    wire_type(cls): cls for classes in EVENTS.values() for cls in classes
}
"""`ce_type` → class, for the versions that are written today."""


class UnknownEventTypeError(ValueError):
    """A record carries a type that this release cannot read."""


def decode(ce_type: str, data: bytes) -> Event:
    """Read an event of any version ever written; unknown fields are ignored.

    Raises `UnknownEventTypeError` for a type of a newer release and `ValueError` for data that
    does not fit its type.
    """
    cls = BY_WIRE_TYPE.get(ce_type)
    if cls is not None:
        return cls.model_validate_json(data, extra="ignore")
    today, lifted = upcast(ce_type, data)
    cls = BY_WIRE_TYPE.get(today)
    if cls is None:
        message = f"{ce_type} is not an event that this release can read"
        raise UnknownEventTypeError(message)
    return cls.model_validate(lifted, extra="ignore")


def encode(event: Event) -> bytes:
    """The event's data as plain JSON, quantities as decimal strings."""
    return event.model_dump_json().encode()
