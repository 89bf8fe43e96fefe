"""Readings: what somebody reports about a key result, in the shape that its measure asks for.

A reading says nothing about its measure; `check_reading` holds the two against each other. What the
reading alone shows to be wrong (shares that miss 100, a negative count) never becomes a reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from shared.okr.figures import HUNDRED, ZERO, Quantity
from shared.okr.words import MOST_PARTS, Name, refusal

if TYPE_CHECKING:
    from shared.okr.measures import Measure

OrdinalZone = Literal["below", "commit", "target", "stretch"]


class _Reading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ValueReading(_Reading):
    """A number: of a metric, relative, threshold, band or discovery."""

    value: Quantity


class DoneReading(_Reading):
    """The names of all the stages of a milestone that are done; an empty list says: none yet."""

    done: Annotated[tuple[Name, ...], Field(max_length=MOST_PARTS)]

    @model_validator(mode="after")
    def _each_stage_once(self) -> Self:
        if len(set(self.done)) != len(self.done):
            raise refusal("stage_repeated", "a stage is named twice", "/done")
        return self


class CountReading(_Reading):
    """How often it happened on the day observed: of a recurring measure; counts add up."""

    count: Quantity

    @model_validator(mode="after")
    def _whole_and_not_negative(self) -> Self:
        if self.count < ZERO:
            raise refusal("count_negative", "a count is 0 or more", "/count")
        if self.count % 1:
            raise refusal("count_not_whole", "a count is a whole number", "/count")
        return self


class SharesReading(_Reading):
    """The actual mix of a distribution, in percent points that sum to 100."""

    shares: Annotated[dict[Name, Quantity], Field(min_length=1, max_length=MOST_PARTS)]

    @model_validator(mode="after")
    def _sum_to_100(self) -> Self:
        if any(share < ZERO for share in self.shares.values()):
            raise refusal("share_negative", "a share is 0 or more", "/shares")
        if sum(self.shares.values()) != HUNDRED:
            raise refusal("shares_not_100", "shares sum to 100", "/shares")
        return self


class ZoneReading(_Reading):
    """The zone that an ordinal has reached; below its commit text it is `below`."""

    zone: OrdinalZone


def _shape(given: object) -> str | None:
    """Say which reading a body means, by the one name that each shape alone has."""
    # Every reading comes through here more than once: a plain loop is the quickest way.
    if isinstance(given, dict):
        for name in _SHAPES:
            if name in given:
                return name
        return None
    return _SHAPE_OF.get(type(given))


_SHAPES = ("value", "done", "count", "shares", "zone", "parts")

SimpleReading = Annotated[
    Annotated[ValueReading, Tag("value")]
    | Annotated[DoneReading, Tag("done")]
    | Annotated[CountReading, Tag("count")]
    | Annotated[SharesReading, Tag("shares")]
    | Annotated[ZoneReading, Tag("zone")],
    Discriminator(_shape),
]


class PartsReading(_Reading):
    """Readings of some or all of a composite's parts, by the part's name."""

    parts: Annotated[dict[Name, SimpleReading], Field(min_length=1, max_length=MOST_PARTS)]


Reading = Annotated[
    Annotated[ValueReading, Tag("value")]
    | Annotated[DoneReading, Tag("done")]
    | Annotated[CountReading, Tag("count")]
    | Annotated[SharesReading, Tag("shares")]
    | Annotated[ZoneReading, Tag("zone")]
    | Annotated[PartsReading, Tag("parts")],
    Discriminator(_shape),
]

_SHAPE_OF: dict[type, str] = {
    ValueReading: "value",
    DoneReading: "done",
    CountReading: "count",
    SharesReading: "shares",
    ZoneReading: "zone",
    PartsReading: "parts",
}


@dataclass(frozen=True, slots=True)
class ReadingProblem:
    """Why a reading does not fit its measure.

    `code` is stable: `reading_kind_mismatch`, `unknown_stage`, `unknown_part`. `pointer` is a JSON
    pointer inside the reading; `facts` are for the sentence.
    """

    code: str
    pointer: str
    facts: Mapping[str, str] = field(default_factory=dict)


def check_reading(measure: "Measure", reading: Reading) -> ReadingProblem | None:
    """Return why `measure` cannot take `reading`, or None when it can."""
    return measure.problem_with(reading)


def value_of(reading: Reading) -> Decimal:
    """Return the number of a `ValueReading`; any other is a defect of the caller (TypeError)."""
    if not isinstance(reading, ValueReading):
        raise TypeError(type(reading).__name__)
    return reading.value
