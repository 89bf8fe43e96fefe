"""Words: the bounded texts of a body, and how a body is refused by a rule of its own.

A refusal is a `PydanticCustomError` whose type is a stable code. Its context always has `at`, the
JSON pointer, relative to the refused model, of what is wrong.
"""

from typing import Annotated, Final

from pydantic import Field, StringConstraints
from pydantic_core import PydanticCustomError

MOST_PARTS: Final = 200

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
"""The name of a stage, a category or a part; unique among its siblings, and never blank."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"\S")]
"""A sentence of the body, such as what an ordinal's target means."""

Unit = Annotated[str, Field(max_length=40)]
"""What a number counts (人, %, 万元); empty for a bare number."""


def refusal(code: str, message: str, at: str = "", **facts: str) -> PydanticCustomError:
    """Return the error for what a body alone shows to be wrong; English is for logs only."""
    # The message is fixed text; braces in it would be read as a template.
    return PydanticCustomError(code, message, {"at": at, **facts})
