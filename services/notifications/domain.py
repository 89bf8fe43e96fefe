"""The rules of notifications: one inbox a member, one notice per (cause, recipient, rule). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, assert_never
from uuid import NAMESPACE_URL, uuid5

from shared.events import notifications as said
from shared.events.deciding import Answer, Asked, Command, Recorded, Refused, command_type
from shared.events.event import Id
from shared.events.folds import objective as objectives
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization
from shared.events.folds.views import learn
from shared.events.notifications import NoticeRule
from shared.okr.health import Health

RANK: Final = (
    Health.ON_TRACK,
    Health.PENDING,
    Health.AT_RISK,
    Health.OUTDATED,
    Health.OFF_TRACK,
)
"""From best to worst; closed is neither."""

TOLD_ON_WORSENING: Final[Mapping[Health, NoticeRule]] = {
    Health.AT_RISK: "at_risk",
    Health.OUTDATED: "outdated",
    Health.OFF_TRACK: "off_track",
}


class InboxCommand(Command):
    """A wish about a member's inbox."""

    member_id: Id

    @property
    def stream(self) -> str:
        """One stream a member's inbox."""
        return f"inbox-{self.member_id}"


class TellHealth(InboxCommand):
    """Tell a member that the health of a key result changed, when that is news.

    `cause` is the event that says so, `recorded_at` its broker time, `caused_at` its instant.
    """

    objective_id: Id
    key_result_id: Id
    before: Health
    now: Health
    cause: Id
    caused_at: datetime
    recorded_at: datetime


class ReadNotice(InboxCommand):
    """Mark a notice as read."""

    notice_id: Id


COMMANDS: Final = {command_type(cls): cls for cls in (TellHealth, ReadNotice)}


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a member was told: notices with whether they were read, and levels by key result."""

    notices: Mapping[str, bool] = field(default_factory=dict)
    told: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Reference:
    """Who is who, and whose each objective is."""

    organization: Organization = field(default_factory=Organization)
    objectives: dict[str, Objective] = field(default_factory=dict)


def evolve(before: Inbox, event: said.NoticeQueued | said.NoticeRead) -> Inbox:
    """The inbox after one of its events."""
    match event:
        case said.NoticeQueued():
            levels = before.told.get(event.subject.id, frozenset())
            told = frozenset() if event.rule == "recovered" else levels | {event.rule}
            return replace(
                before,
                notices={**before.notices, event.notice_id: False},
                told={**before.told, event.subject.id: told},
            )
        case said.NoticeRead():
            return replace(before, notices={**before.notices, event.notice_id: True})
        case _:
            assert_never(event)


def tell_health(asked: Asked[TellHealth], inbox: Inbox) -> Answer:
    """A notice on worsening, once per level until recovery; of the recovery to who was told.

    What happened before this log was opened is history, of which nobody is told.
    """
    command = asked.data
    if asked.log_opened_at is not None and command.recorded_at < asked.log_opened_at:
        return []
    rule = _news(command, inbox.told.get(command.key_result_id, frozenset()))
    if rule is None:
        return []
    notice_id = str(uuid5(NAMESPACE_URL, f"{command.cause}\n{command.member_id}\n{rule}"))
    if notice_id in inbox.notices:
        return []
    return [
        said.NoticeQueued(
            member_id=command.member_id,
            notice_id=notice_id,
            rule=rule,
            subject=said.Subject(type="key_result", id=command.key_result_id),
            objective_id=command.objective_id,
            cause=command.cause,
            caused_at=command.caused_at,
        )
    ]


def _news(command: TellHealth, told: frozenset[str]) -> NoticeRule | None:
    if Health.CLOSED in {command.before, command.now}:
        return None
    if command.now is Health.ON_TRACK:
        return "recovered" if told else None
    if RANK.index(command.now) <= RANK.index(command.before):
        return None
    rule = TOLD_ON_WORSENING.get(command.now)
    return None if rule in told else rule


def read_notice(asked: Asked[ReadNotice], inbox: Inbox) -> Answer:
    """Read a notice of one's own inbox; to others it does not exist."""
    command = asked.data
    if asked.actor.id != command.member_id or command.notice_id not in inbox.notices:
        return Refused("not_found")
    if inbox.notices[command.notice_id]:
        return []
    return [said.NoticeRead(member_id=command.member_id, notice_id=command.notice_id)]


class Notifications:
    """Decides on inboxes."""

    service = "notifications"
    hears: tuple[str, ...] = ("organization", "objectives")
    commands: Mapping[str, type[Command]] = COMMANDS
    state_type: Any = Inbox

    def initial(self, _scope: str) -> Inbox:
        """An inbox in which nothing was ever put."""
        return Inbox()

    def evolve(self, state: Inbox, recorded: Recorded[Any]) -> Inbox:
        """The inbox after an event."""
        return evolve(state, recorded.event)

    def decide(self, asked: Asked[Any], state: Inbox, _reference: Reference) -> Answer:
        """Events, nothing new, or a refusal."""
        match asked.data:
            case TellHealth():
                if asked.actor.type != "system":
                    return Refused("not_allowed")
                return tell_health(asked, state)
            case ReadNotice():
                return read_notice(asked, state)
            case _:
                raise ValueError(f"{type(asked.data).__name__} is no command for an inbox")

    def reference(self) -> Reference:
        """An empty view of organization and objectives."""
        return Reference()

    def observe(self, reference: Reference, service: str, recorded: Recorded[Any]) -> None:
        """Fold an event of another service in."""
        if service == "organization":
            reference.organization = learn(reference.organization, recorded)
        else:
            key = recorded.event.objective_id
            reference.objectives[key] = objectives.evolve(reference.objectives.get(key), recorded)

    def clock_offset(self, _state: Inbox, reference: Reference) -> timedelta:
        """The organization's clock, as the reference view knows it."""
        return reference.organization.clock_offset


def recipients(reference: Reference, objective_id: str, key_result_id: str) -> tuple[str, ...]:
    """Who is told of a key result's health: its owner and the objective's, once each.

    A department's owner is its head, the company's the head of the company. Raises `LookupError`
    while the objective has not been heard of.
    """
    objective = reference.objectives[objective_id]
    department = reference.organization.departments.get(objective.owner.id)
    owner = department.head_id if department else objective.owner.id
    key_result = objective.key_results[key_result_id]
    found = (key_result.owner_id, owner)
    return tuple(dict.fromkeys(member for member in found if member is not None))


DECIDER: Final = Notifications()
