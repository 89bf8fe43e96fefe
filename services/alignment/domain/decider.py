"""The decider of alignment: which rule answers which command."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, assert_never, get_args

from services.alignment.domain import evolving, expiring, handshake, helping, importing, promising
from services.alignment.domain.commands import (
    AcceptAlignment,
    AnyAnswer,
    AnyChore,
    AnyCommand,
    CounterAlignment,
    DeclineAlignment,
    DeliverAchieved,
    DeliverHelp,
    ExpireOpen,
    ImportAlignment,
    ProposeAlignment,
    RequestHelp,
    RequestMentioned,
    UnlinkAlignment,
    WithdrawAlignment,
)
from services.alignment.domain.reference import Reference
from services.alignment.domain.state import Alignments, Link, Request
from shared.events.deciding import Answer, Asked, Command, Recorded, Refused, command_type


class AlignmentDecider:
    """Decides about all links and requests of the organization against one state."""

    service = "alignment"
    hears: tuple[str, ...] = ("organization", "objectives")
    commands: Mapping[str, type[Command]] = {command_type(c): c for c in get_args(AnyCommand)}
    state_type: Any = Alignments

    def initial(self, _scope: str) -> Alignments:
        """Nothing is linked, nobody was asked."""
        return Alignments()

    def evolve(self, state: Alignments, recorded: Recorded[Any]) -> Alignments:
        """The state after an event."""
        return evolving.evolve(state, recorded)

    def decide(self, asked: Asked[AnyCommand], state: Alignments, reference: Reference) -> Answer:
        """Events, nothing new, or a refusal."""
        command = asked.data
        match command:
            case ProposeAlignment():
                return handshake.propose(command, asked, state, reference)
            case RequestHelp():
                return helping.request_help(command, asked, state, reference)
            case ImportAlignment():
                return importing.import_alignment(command, asked, state, reference)
            case RequestMentioned():
                return helping.request_mentioned(command, state, reference)
            case DeliverAchieved() | ExpireOpen():
                if asked.actor.type != "system":
                    return Refused("not_allowed")
                return _keep_up(command, asked, state, reference)
            case _:
                return _answer(command, asked, state, reference)

    def reference(self) -> Reference:
        """An empty view of organization and objectives."""
        return Reference()

    def observe(self, reference: Reference, service: str, recorded: Recorded[Any]) -> None:
        """Fold an event of another service in."""
        reference.observe(service, recorded)

    def clock_offset(self, _state: Alignments, reference: Reference) -> timedelta:
        """The organization's clock, as the reference view knows it."""
        return reference.organization.clock_offset


def _answer(
    command: AnyAnswer, asked: Asked[Any], state: Alignments, reference: Reference
) -> Answer:
    """A link that keeps the promise of a request has the request's id: it can only be ended."""
    request, link = state.requests.get(command.alignment_id), state.links.get(command.alignment_id)
    if request is not None and (link is None or not isinstance(command, UnlinkAlignment)):
        return _answer_request(command, asked, request, state, reference)
    if link is not None:
        return _answer_link(command, asked, link, state, reference)
    return Refused("not_found")


def _answer_link(
    command: AnyAnswer, asked: Asked[Any], link: Link, state: Alignments, reference: Reference
) -> Answer:
    match command:
        case AcceptAlignment():
            return handshake.accept_link(command, asked, link, state, reference)
        case CounterAlignment():
            return handshake.counter_link(command, asked, link, state, reference)
        case DeclineAlignment():
            return handshake.decline_link(command, asked, link, reference)
        case WithdrawAlignment():
            return handshake.withdraw_link(asked, link, reference)
        case UnlinkAlignment():
            return handshake.unlink(command, asked, link, reference)
        case DeliverHelp():
            return handshake.not_a_request(asked, link, reference)
        case _:
            assert_never(command)


def _answer_request(
    command: AnyAnswer,
    asked: Asked[Any],
    request: Request,
    state: Alignments,
    reference: Reference,
) -> Answer:
    match command:
        case AcceptAlignment():
            return promising.promise(command, asked, request, state, reference)
        case CounterAlignment():
            return helping.counter_request(command, asked, request, state, reference)
        case DeclineAlignment():
            return helping.decline_request(command, asked, request, reference)
        case WithdrawAlignment():
            return helping.withdraw_request(asked, request, reference)
        case DeliverHelp():
            return helping.deliver(asked, request, reference)
        case UnlinkAlignment():
            return helping.not_linked(asked, request, reference)
        case _:
            assert_never(command)


def _keep_up(
    command: AnyChore, asked: Asked[Any], state: Alignments, reference: Reference
) -> Answer:
    """What the suite itself asks, because something happened elsewhere."""
    match command:
        case DeliverAchieved():
            return helping.deliver_achieved(command, state, reference)
        case ExpireOpen():
            return expiring.expire_open(command, asked, state, reference)
        case _:
            assert_never(command)


DECIDER: Final = AlignmentDecider()
