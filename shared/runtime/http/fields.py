"""The fields that bodies are made of: bounded texts, dates and instants read strictly.

A body is closed (an unknown field is refused) and every text in it has a length.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from shared.okr.calendar import Day

__all__ = ["Body", "Day", "FreeText", "Instant", "NoBody", "Reason", "Title", "Truth"]

LONGEST_TEXT: Final = 10_000
MOST_ITEMS: Final = 200

_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Body(BaseModel):
    """What a request brings. `body.model_fields_set` tells a field left out from a null one."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=LONGEST_TEXT)

    def stated(self) -> dict[str, Any]:
        """The fields that the request brought, null ones too: what a `Patch` names."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NoBody(Body):
    """A request that says everything by its path; `{}` and no body at all are both fine."""


def read_instant(value: object) -> datetime:
    """An instant with an offset from RFC 3339 text; refuses all else with `instant_expected`."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise PydanticCustomError("instant_expected", "an instant is RFC 3339 with an offset")


Instant = Annotated[
    datetime,
    BeforeValidator(read_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant, RFC 3339 with offset."""

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
"""One line that everybody sees: a title, a name."""

FreeText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)]
"""What people write: a narrative, a note, a reason. Seal it (`call.seal`) before it travels."""

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
"""Why; sealed like all free text."""

Truth = Annotated[bool, Field(strict=True)]
"""true or false, no words for them."""
