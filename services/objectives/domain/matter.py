"""What a command is about: one objective, who asks, and what that person may do with it."""

from dataclasses import dataclass
from typing import assert_never

from shared.events.deciding import NOT_YET, Actor, Command, Refused
from shared.events.event import Id
from shared.events.folds.objective import KeyResult, Objective
from shared.events.folds.organization import Cycle, Organization
from shared.events.folds.permissions import approves, owns, sees
from shared.events.objectives import Owner


class ObjectiveCommand(Command):
    """A wish about an objective."""

    objective_id: Id

    @property
    def stream(self) -> str:
        """One stream an objective, its key results included."""
        return f"objective-{self.objective_id}"


class KeyResultCommand(ObjectiveCommand):
    """A wish about a key result of an objective."""

    key_result_id: Id


@dataclass(frozen=True, slots=True)
class Matter:
    """An objective that exists, and who asks."""

    objective: Objective
    actor: Actor
    org: Organization

    @property
    def is_owner(self) -> bool:
        """Whether the objective is the actor's own."""
        return owns(self.org, self.actor, self.objective)

    @property
    def is_approver(self) -> bool:
        """Whether it is the actor who approves it."""
        return approves(self.org, self.actor, self.objective)

    @property
    def is_administrator(self) -> bool:
        """Whether the actor may do what owner and approver may; it shows as overridden."""
        return self.org.is_administrator(self.actor)

    @property
    def exists(self) -> bool:
        """Whether the actor may know that there is such an objective."""
        return sees(self.org, self.actor, self.objective)

    @property
    def cycle(self) -> Cycle:
        """The objective's cycle; it was known when the objective was made."""
        return self.org.cycles[self.objective.cycle_id]

    def as_owner(self) -> bool | Refused:
        """Refuse who may not do what the owner does; else whether it is overridden."""
        return self._acting_as(party=self.is_owner)

    def as_approver(self) -> bool | Refused:
        """Refuse who may not do what the approver does; else whether it is overridden."""
        return self._acting_as(party=self.is_approver)

    def as_editor(self) -> bool | Refused:
        """Refuse who may not change the objective as it stands; else whether it is overridden.

        Owners edit drafts; what was handed in or published changes by its approver.
        """
        match self.objective.state:
            case "draft":
                return self.as_owner()
            case "submitted":
                overridden = self.as_approver()
                if isinstance(overridden, Refused) and self.as_owner() is False:
                    return Refused("objective_submitted")
                return overridden
            case "published":
                return self.as_approver()
            case "closed":
                overridden = self.as_approver()
                if isinstance(overridden, Refused) and self.as_owner() is not False:
                    return overridden
                return Refused("objective_closed")
            case _:
                assert_never(self.objective.state)

    def _acting_as(self, *, party: bool) -> bool | Refused:
        if not self.org.may_write(self.actor) or not (party or self.is_administrator):
            return Refused("not_allowed")
        return not party

    def live(self, key_result_id: str) -> KeyResult | Refused:
        """The key result, unless there is none or it was cancelled."""
        key_result = self.objective.key_results.get(key_result_id)
        if key_result is None:
            return Refused("not_found")
        if key_result.state == "cancelled":
            return Refused("key_result_cancelled")
        return key_result


def open_cycle(cycle: Cycle) -> Refused | None:
    """A cycle takes objectives while it is planned or active."""
    if cycle.state in {"planning", "active"}:
        return None
    return Refused("cycle_not_open", {"cycle": cycle.name, "state": cycle.state})


def department_of(owner: Owner, org: Organization) -> str | Refused:
    """The department that the owner belongs to, or why nothing can be owned there."""
    pointer = "/owner/id"
    match owner.type:
        case "member":
            member = org.members.get(owner.id)
            if member is None:
                return Refused(NOT_YET, pointer=pointer)
            if not member.serves:
                return Refused("member_left", pointer=pointer)
            return member.department_id
        case "department" | "company":
            department = org.departments.get(owner.id)
            if department is None:
                return Refused(NOT_YET, pointer=pointer)
            if owner.type == "company" and owner.id != org.company_id:
                return Refused("not_the_company", {"department": department.name}, pointer)
            if department.closed:
                return Refused("department_closed", {"department": department.name}, pointer)
            return department.id
        case _:
            assert_never(owner.type)
