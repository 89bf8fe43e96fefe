"""The decider of the organization: one state for all of it, folded as everybody folds it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, assert_never, get_args

from services.organization.domain import cycles, departments, members, policies
from services.organization.domain.cycles import AnyCycleCommand, CycleCommand
from services.organization.domain.departments import AnyDepartmentCommand, DepartmentCommand
from services.organization.domain.members import AnyMemberCommand, MemberCommand
from services.organization.domain.policies import (
    AnyPolicyCommand,
    EstablishOrganization,
    PolicyCommand,
)
from shared.events.deciding import Answer, Asked, Command, Recorded, Refused, command_type
from shared.events.folds import organization
from shared.events.folds.organization import Organization

AnyCommand = AnyDepartmentCommand | AnyMemberCommand | AnyCycleCommand | AnyPolicyCommand


class OrganizationDecider:
    """Decides everything about the organization; hears nobody."""

    service = "organization"
    hears: tuple[str, ...] = ()
    commands: Mapping[str, type[Command]] = {command_type(c): c for c in get_args(AnyCommand)}
    state_type = Organization

    def initial(self, _scope: str) -> Organization:
        """An organization of which nothing was said."""
        return Organization()

    def evolve(self, state: Organization, recorded: Recorded[Any]) -> Organization:
        """The organization after one of its events."""
        return organization.evolve(state, recorded)

    def decide(self, asked: Asked[AnyCommand], state: Organization, _reference: None) -> Answer:
        """Administrators may do everything here; the suite itself establishes the organization."""
        command = asked.data
        if asked.actor.type == "system":
            allowed = isinstance(command, EstablishOrganization)
        else:
            allowed = state.is_administrator(asked.actor)
        if not allowed:
            return Refused("not_allowed")
        match command:
            case DepartmentCommand():
                return departments.decide(command, state)
            case MemberCommand():
                return members.decide(command, state)
            case CycleCommand():
                return cycles.decide(command, asked.actor.id, state)
            case PolicyCommand():
                return policies.decide(command, asked, state)
            case _:
                assert_never(command)

    def reference(self) -> None:
        """Nothing is heard."""

    def observe(self, reference: None, service: str, _recorded: Recorded[Any]) -> None:
        """Fold nothing: nobody is heard."""
        raise ValueError(f"organization does not hear {service}: {reference}")

    def clock_offset(self, state: Organization, _reference: None) -> timedelta:
        """The clock is the organization's own policy."""
        return state.clock_offset


DECIDER: Final = OrganizationDecider()
