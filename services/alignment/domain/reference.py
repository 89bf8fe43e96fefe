"""What alignment knows of the other services: the organization, and every objective."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.events.deciding import NOT_YET, Actor, Recorded, Refused
from shared.events.folds import objective as objectives
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Cycle, Organization
from shared.events.folds.permissions import sees
from shared.events.folds.views import learn


@dataclass(slots=True)
class Reference:
    """The reference view."""

    organization: Organization = field(default_factory=Organization)
    objectives: dict[str, Objective] = field(default_factory=dict)

    def observe(self, service: str, recorded: Recorded[Any]) -> None:
        """Fold one event of organization or objectives in."""
        if service == "organization":
            self.organization = learn(self.organization, recorded)
        else:
            key = recorded.event.objective_id
            self.objectives[key] = objectives.evolve(self.objectives.get(key), recorded)

    def cycle_of(self, objective: Objective) -> Cycle | None:
        """The cycle of an objective; None while it has not been heard of."""
        return self.organization.cycles.get(objective.cycle_id)

    def seen_by(self, actor: Actor, objective_id: str, pointer: str) -> Objective | Refused:
        """The objective as somebody may name it: unheard of is not yet, secret does not exist."""
        objective = self.objectives.get(objective_id)
        if objective is None or self.cycle_of(objective) is None:
            return Refused(NOT_YET, pointer=pointer)
        if not sees(self.organization, actor, objective):
            return Refused("not_found", pointer=pointer)
        return objective


def over(cycle: Cycle, today: date) -> bool:
    """Whether nothing can be agreed in a cycle any more: it is closed, or its last day is past."""
    return cycle.state == "closed" or cycle.end < today
