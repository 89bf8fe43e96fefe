"""What an event is: a frozen model with a version, a stream, and a docstring that is its sentence.

The class name is the name on the wire and never changes. Writers are closed (unknown fields are
refused when an event is made); readers are open (`catalogue.decode` ignores what it does not know).
"""

from abc import abstractmethod
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$")]
"""A UUID in its canonical lower-case text."""

Sealed = Annotated[str, StringConstraints(pattern=r"^sealed:1:[^:]+:[A-Za-z0-9_-]+$")]
"""Free text under its author's key: `sealed:1:<author id>:<base64url of nonce and ciphertext>`.

Only the people store can open it; once the author's key is destroyed nobody can.
"""


class Event(BaseModel):
    """A fact of the past. Subclasses are named in the past tense and say their sentence here."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    version: ClassVar[int] = 1

    @property
    @abstractmethod
    def stream(self) -> str:
        """The stream this event belongs to, for example `objective-<id>`."""


def wire_type(event: type[Event] | Event) -> str:
    """`okr.<EventName>.v<N>`, the `ce_type` of an event."""
    cls = event if isinstance(event, type) else type(event)
    return f"okr.{cls.__name__}.v{cls.version}"
