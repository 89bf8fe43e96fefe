"""What checkins knows of the other services: the organization, and every objective."""

from dataclasses import dataclass, field
from typing import Any

from services.checkins.domain.judging import Policies
from shared.events.deciding import Actor, Recorded, Refused
from shared.events.folds import objective as objectives
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization
from shared.events.folds.permissions import reports, sees
from shared.events.folds.views import learn


@dataclass(slots=True)
class Reference:
    """The reference view; `policies` are read once for each change, not for each command."""

    organization: Organization = field(default_factory=Organization)
    objectives: dict[str, Objective] = field(default_factory=dict)
    policies: Policies = field(default_factory=lambda: Policies.of(Organization()))

    def observe(self, service: str, recorded: Recorded[Any]) -> None:
        """Fold one event of organization or objectives in."""
        if service == "organization":
            before = self.organization.policies
            self.organization = learn(self.organization, recorded)
            if self.organization.policies is not before:
                self.policies = Policies.of(self.organization)
        else:
            key = recorded.event.objective_id
            self.objectives[key] = objectives.evolve(self.objectives.get(key), recorded)

    def admit(
        self, actor: Actor, objective: Objective, key_result_id: str | None
    ) -> Refused | None:
        """Refuse who may not report on the objective; a secret one does not exist."""
        if reports(self.organization, actor, objective, key_result_id):
            return None
        if not sees(self.organization, actor, objective):
            return Refused("not_found")
        return Refused("not_allowed")
