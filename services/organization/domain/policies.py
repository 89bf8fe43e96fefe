"""Policies: versioned rules of the house, and the two that make a training organization.

Each change is an event with its revision, in force from there on. Saying what is in force already,
the default included, says nothing new.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from shared.events.deciding import Answer, Asked, Command, Refused
from shared.events.folds.organization import Organization
from shared.events.organization import PolicyChanged, PolicyName
from shared.okr.calendar import DEFAULT_ZONE, FIRST_YEAR, LAST_YEAR, WorkingDays
from shared.okr.duty import Cadence
from shared.okr.figures import quantity_text
from shared.okr.health import DEFAULT_HEALTH_POLICY, HealthPolicy
from shared.okr.holidays import DEFAULT_CALENDAR
from shared.okr.words import refusal

ORDINARY: Final = {"training": False, "time_zone": DEFAULT_ZONE}
"""What an organization is that nothing was said about."""


def read_zone(name: str) -> str:
    """Read the name of a time zone, or refuse with `time_zone_unknown`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refusal("time_zone_unknown", "a zone such as Asia/Shanghai is expected") from None
    return name


def read_instant(instant: datetime) -> datetime:
    """Read an instant that a clock may show: days before and after it must exist."""
    if not FIRST_YEAR < instant.year < LAST_YEAR:
        raise refusal("date_out_of_range", "a year from 1900 to 2999 is expected")
    return instant


TrainingInstant = Annotated[AwareDatetime, AfterValidator(read_instant)]


class ApprovalPolicy(BaseModel):
    """The policy `approval`: what may be switched on beside the usual way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    next_level_up: Annotated[bool, Field(strict=True)] = False
    two_person_close: Annotated[bool, Field(strict=True)] = False


USUAL: Final[Mapping[PolicyName, BaseModel]] = {
    "health": DEFAULT_HEALTH_POLICY,
    "cadence": Cadence(),
    "calendar": DEFAULT_CALENDAR,
    "approval": ApprovalPolicy(),
}
"""What holds until an administrator says otherwise."""


class PolicyCommand(Command):
    """A wish about a policy."""

    policy: PolicyName

    @property
    def stream(self) -> str:
        """One stream a policy."""
        return f"policy-{self.policy}"


class EstablishOrganization(PolicyCommand):
    """Say, before anything else, what kind of organization this is, for ever."""

    policy: Literal["organization"] = "organization"
    training: bool
    time_zone: Annotated[str, AfterValidator(read_zone)] = DEFAULT_ZONE


class MoveClock(PolicyCommand):
    """Move the clock of a training organization to an instant."""

    policy: Literal["clock"] = "clock"
    to: TrainingInstant


class ChangeHealthPolicy(PolicyCommand):
    """Change when a key result is at risk or off track."""

    policy: Literal["health"] = "health"
    value: HealthPolicy


class ChangeCadence(PolicyCommand):
    """Change when reports are due."""

    policy: Literal["cadence"] = "cadence"
    value: Cadence


class ChangeCalendar(PolicyCommand):
    """Change which days are worked."""

    policy: Literal["calendar"] = "calendar"
    value: WorkingDays


class ChangeApproval(PolicyCommand):
    """Change who approves, and how many it takes to close a cycle."""

    policy: Literal["approval"] = "approval"
    value: ApprovalPolicy


AnyPolicyCommand = (
    EstablishOrganization
    | MoveClock
    | ChangeHealthPolicy
    | ChangeCadence
    | ChangeCalendar
    | ChangeApproval
)


def decide(command: AnyPolicyCommand, asked: Asked[Any], org: Organization) -> Answer:
    """Answer a command of an administrator, or of the suite itself at its first start."""
    match command:
        case EstablishOrganization():
            return _establish(command, org)
        case MoveClock():
            return _move_clock(command, asked, org)
        case ChangeHealthPolicy() | ChangeCadence() | ChangeCalendar() | ChangeApproval():
            return _changed(command.policy, command.value, org)
        case _:
            assert_never(command)


def _establish(command: EstablishOrganization, org: Organization) -> Answer:
    value = {"training": command.training, "time_zone": command.time_zone}
    known = org.policies.get("organization")
    if known is None and org == Organization():
        return (PolicyChanged(policy="organization", revision=1, value=value),)
    if value == (known.value if known else ORDINARY):
        return ()
    return Refused("organization_established")


def _move_clock(command: MoveClock, asked: Asked[Any], org: Organization) -> Answer:
    """The first move goes anywhere while nothing else is recorded, every later one forward."""
    if not org.training:
        return Refused("not_training")
    to = command.to.isoformat()
    known = org.policies.get("clock")
    if known is not None and datetime.fromisoformat(known.value["to"]) == command.to:
        return ()
    untouched = not (org.departments or org.cycles or org.policies.keys() - {"organization"})
    if command.to < asked.at and not untouched:
        return Refused("clock_backwards", {"now": asked.at.isoformat()}, "/to")
    offset = (command.to - asked.recorded_at) / timedelta(microseconds=1)
    seconds = quantity_text(Decimal(int(offset)).scaleb(-6))
    value = {"to": to, "offset_seconds": seconds}
    return (PolicyChanged(policy="clock", revision=_next(org, "clock"), value=value),)


def _changed(policy: PolicyName, value: BaseModel, org: Organization) -> Answer:
    known = org.policies.get(policy)
    told = value.model_dump(mode="json")
    if told == (known.value if known else USUAL[policy].model_dump(mode="json")):
        return ()
    return (PolicyChanged(policy=policy, revision=_next(org, policy), value=told),)


def _next(org: Organization, policy: PolicyName) -> int:
    known = org.policies.get(policy)
    return known.revision + 1 if known else 1
