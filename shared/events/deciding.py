"""What a decider is: the pure heart of a write service, and the words it is asked and answers in.

`decide(asked, state, reference)` sees nothing else: no clock, no randomness, no IO. It answers with
events, or with one `Refused`. Asked twice, it says nothing new (an empty sequence).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

from shared.events.event import Event
from shared.okr.calendar import day_of

NOT_YET: Final = "not_yet"
"""The one refusal that is no answer: what the command names has not been heard of here yet.

It is recorded, never remembered as the command's answer, and the edge asks again for a while.
"""

S = TypeVar("S")
R = TypeVar("R")

AuthType = Literal["user", "service_account", "system"]


class Command(BaseModel):
    """A wish, named in the imperative; the data of a command record.

    `stream` says which stream it is for; new ids are in it; free text in it is sealed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: ClassVar[int] = 1

    @property
    def stream(self) -> str:
        """The stream the command is for: its key, and what `If-Match` is compared with."""
        raise NotImplementedError(type(self).__name__)


class Patch(Command):
    """A wish that changes only the fields it names: null is a value, a field left out is none.

    Its record holds what was named and nothing else, so `names` says the same when it is read.
    """

    def names(self, field: str) -> bool:
        """Whether the wish says anything about the field."""
        return field in self.model_fields_set

    @model_serializer(mode="wrap")
    def _only_what_is_named(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in whole(self).items() if self.names(name)}


C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


def command_type(command: type[Command] | Command) -> str:
    """`okr.command.<Name>.v<N>`, the `ce_type` of a command record."""
    cls = command if isinstance(command, type) else type(command)
    return f"okr.command.{cls.__name__}.v{cls.version}"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: an opaque id and what their token itself says of them.

    `roles` are those of the token (an operator's `administrator`, `auditor`), not those granted
    to a member in the log: `Organization.roles_of` knows both.
    """

    id: str
    type: AuthType = "user"
    roles: frozenset[str] = frozenset()


SYSTEM: Final = Actor("system", "system")
"""The suite itself: reactions and the scheduler."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[C]):
    """A command as a decider sees it; `at` is the organization's instant, clock offset included."""

    id: str
    data: C
    at: datetime
    actor: Actor
    correlation: str
    recorded_at: datetime
    """The command's own broker time, without the organization's clock offset."""

    log_opened_at: datetime | None = None
    """The broker time at which this partition's log was opened: what is older is history."""

    def today(self, zone: str) -> date:
        """The day of `at` in the organization's zone."""
        return day_of(self.at, zone)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E]):
    """An event as the log holds it: its data, and who and when from its headers."""

    id: str
    event: E
    stream: str
    sequence: int
    at: datetime
    actor: Actor
    correlation: str
    causation: str
    recorded_at: datetime | None = None
    """The record's own broker time; unknown (None) between the decision and its append."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was refused by a rule: its code, and the facts of its sentence (ids, numbers).

    `code` is mapped to a sentence in zh-CN and en and to an HTTP status by shared/runtime/problems.
    `pointer` names the field of the body that is to blame, where one is.
    """

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    pointer: str | None = None


Answer: TypeAlias = Sequence[Event] | Refused


class Decider(Protocol[S, R]):
    """The pure rules of one write service; shared/eventing carries it."""

    service: str
    """The name in the topics: `okr.<service>.commands`, `okr.<service>.events`."""

    hears: tuple[str, ...]
    """The services whose events make up the reference view."""

    commands: Mapping[str, type[Command]]
    """Wire type → class, every command this service understands."""

    state_type: type[S]
    """For snapshots: a pydantic-serializable dataclass or model."""

    def initial(self, scope: str) -> S:
        """The state of a scope (see `scopes`) before anything happened."""

    def evolve(self, state: S, recorded: Recorded[Any]) -> S:
        """The state after an event; never changes the state it is given."""

    def decide(self, asked: Asked[Any], state: S, reference: R) -> Answer:
        """Events, nothing new (empty), or `Refused`."""

    def reference(self) -> R:
        """An empty reference view; `observe` fills it."""

    def observe(self, reference: R, service: str, recorded: Recorded[Any]) -> None:
        """Fold one event of a service that is heard into the view, in place."""

    def clock_offset(self, state: S, reference: R) -> timedelta:
        """What the organization's clock adds to broker time, as this decider knows it."""
