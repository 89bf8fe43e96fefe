"""The import file `okr-import/1`: what may stand in it, and how large it may be.

The frame is checked as a whole; each row is read by itself, so that one bad row is refused with
its number while the others go in.
"""

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from shared.events.objectives import Commitment
from shared.events.organization import CycleKind
from shared.okr.calendar import Day, Due
from shared.okr.figures import Quantity
from shared.okr.health import Confidence
from shared.okr.measures import Measure
from shared.okr.readings import Reading
from shared.runtime.http.fields import LONGEST_TEXT, Body, Title
from shared.runtime.http.problems import pointer

FORMAT: Final = "okr-import/1"
MOST_ROWS: Final = 200_000
MOST_KEY_RESULTS: Final = 100

Key = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\n]+$")]
Rows = Annotated[tuple[Any, ...], Field(max_length=MOST_ROWS)]


class Row(Body):
    """Something a file tells; what it does not know is refused."""


class CycleRow(Row):
    """A cycle; `key` only where a file holds several."""

    key: Key | None = None
    name: Key
    start: Day
    end: Day
    kind: CycleKind = "custom"


class MemberRow(Row):
    """A member of the department that the row stands in."""

    key: Key
    name: Title
    title: Title | None = None
    email: Annotated[str, StringConstraints(max_length=320, pattern=r"^\S+@\S+$")] | None = None
    external_id: Key | None = None


class KeyResultRow(Row):
    """A key result; `mentions` name departments by key, name or alias."""

    key: Key
    title: Title
    measure: Annotated[Measure, Field(discriminator="kind")]
    weight: Quantity | None = None
    owner: Key | None = None
    due: Due | None = None
    mentions: tuple[Key, ...] = ()


class ObjectiveRow(Row):
    """An objective with its key results; `owner` is a member's key, `department` or `company`."""

    key: Key
    owner: Key
    title: Title
    cycle: Key | None = None
    description: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] | None = None
    commitment: Commitment = "committed"
    confidential: bool = False
    key_results: Annotated[tuple[KeyResultRow, ...], Field(max_length=MOST_KEY_RESULTS)] = ()


class AlignmentRow(Row):
    """An accepted alignment between two objectives of the file; `cycle` is that of `from`.

    `to_cycle` is named only where that of `to` is another one.
    """

    kind: Literal["contributes", "supports"]
    from_: Key = Field(alias="from")
    to: Key
    key_result: Key | None = None
    weight: Quantity | None = None
    cycle: Key | None = None
    to_cycle: Key | None = None

    @property
    def cycles(self) -> tuple[str | None, str | None]:
        """The cycles of both ends, as the file names them."""
        return self.cycle, self.to_cycle or self.cycle


class ReadingRow(Row):
    """A measurement of a key result of the file."""

    objective: Key
    key_result: Key
    observed_on: Day
    reading: Reading
    confidence: Confidence | None = None
    cycle: Key | None = None


class CompanyFrame(Row):
    """The company and its objectives."""

    name: Title
    objectives: Rows = ()


class DepartmentFrame(Row):
    """A department, its members and objectives; `parent` null is below the company."""

    key: Key
    name: Title
    aliases: Annotated[tuple[Title, ...], Field(max_length=50)] = ()
    parent: Key | None = None
    head: Key | None = None
    members: Rows = ()
    objectives: Rows = ()


class ImportFile(Row):
    """A whole file: its frame, with rows still to be read one by one."""

    format: Literal["okr-import/1"]
    cycle: CycleRow | None = None
    cycles: tuple[CycleRow, ...] = ()
    company: CompanyFrame | None = None
    departments: Annotated[tuple[DepartmentFrame, ...], Field(max_length=MOST_ROWS)] = ()
    alignments: Rows = ()
    readings: Rows = ()


R = TypeVar("R", bound=Row)


def read_row(model: type[R], given: object) -> R | tuple[str, str, dict[str, Any]]:
    """Read one row, or say (code, pointer inside the row, facts) of the first thing wrong."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        facts = dict(first.get("ctx", {}))
        where = pointer(first["loc"], given, missing=first["type"] == "missing")
        return first["type"], where + facts.get("at", ""), facts
