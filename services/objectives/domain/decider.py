"""The decider of objectives: which rule answers which command."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, assert_never, get_args

from services.objectives.domain import (
    drafting,
    importing,
    key_results,
    measuring,
    publishing,
    weighing,
)
from services.objectives.domain.drafting import CreateObjective, EditObjective
from services.objectives.domain.importing import ImportObjective
from services.objectives.domain.key_results import AddKeyResult, CancelKeyResult, EditKeyResult
from services.objectives.domain.matter import Matter
from services.objectives.domain.measuring import Retarget
from services.objectives.domain.publishing import (
    CloseObjective,
    PublishObjective,
    ReopenObjective,
    ReturnObjective,
    SubmitObjective,
)
from services.objectives.domain.weighing import SetWeights
from shared.events.deciding import Answer, Asked, Command, Recorded, Refused, command_type
from shared.events.folds import objective
from shared.events.folds.objective import Objective
from shared.events.folds.organization import Organization
from shared.events.folds.views import learn

OnKnown = (
    EditObjective
    | AddKeyResult
    | EditKeyResult
    | CancelKeyResult
    | Retarget
    | SetWeights
    | SubmitObjective
    | ReturnObjective
    | PublishObjective
    | CloseObjective
    | ReopenObjective
)
"""The commands about an objective that is there already."""

AnyCommand = CreateObjective | ImportObjective | OnKnown


@dataclass(slots=True)
class Reference:
    """What objectives know of the organization."""

    organization: Organization = field(default_factory=Organization)


class ObjectivesDecider:
    """Decides objective by objective."""

    service = "objectives"
    hears: tuple[str, ...] = ("organization",)
    commands: Mapping[str, type[Command]] = {command_type(c): c for c in get_args(AnyCommand)}
    state_type: Any = Objective | None

    def initial(self, _scope: str) -> Objective | None:
        """No objective yet."""
        return None

    def evolve(self, state: Objective | None, recorded: Recorded[Any]) -> Objective | None:
        """The objective after one of its events."""
        return objective.evolve(state, recorded)

    def decide(
        self, asked: Asked[AnyCommand], state: Objective | None, reference: Reference
    ) -> Answer:
        """Events, nothing new, or a refusal; what one may not see does not exist."""
        command, org = asked.data, reference.organization
        match command:
            case CreateObjective():
                return drafting.create_objective(command, state, asked.actor, org)
            case ImportObjective():
                return importing.import_objective(command, state, asked.actor, org)
            case _:
                matter = None if state is None else Matter(state, asked.actor, org)
                if matter is None or not matter.exists:
                    return Refused("not_found")
                return _decide(command, matter)

    def reference(self) -> Reference:
        """An organization of which nothing was heard."""
        return Reference()

    def observe(self, reference: Reference, _service: str, recorded: Recorded[Any]) -> None:
        """Fold an event of the organization in."""
        reference.organization = learn(reference.organization, recorded)

    def clock_offset(self, _state: Objective | None, reference: Reference) -> timedelta:
        """The organization's clock, as far as it was heard."""
        return reference.organization.clock_offset


def _decide(command: OnKnown, matter: Matter) -> Answer:
    match command:
        case EditObjective():
            return drafting.edit_objective(command, matter)
        case AddKeyResult():
            return key_results.add_key_result(command, matter)
        case EditKeyResult():
            return key_results.edit_key_result(command, matter)
        case CancelKeyResult():
            return key_results.cancel_key_result(command, matter)
        case Retarget():
            return measuring.retarget(command, matter)
        case SetWeights():
            return weighing.set_weights(command, matter)
        case SubmitObjective():
            return publishing.submit_objective(command, matter)
        case ReturnObjective():
            return publishing.return_objective(command, matter)
        case PublishObjective():
            return publishing.publish_objective(command, matter)
        case CloseObjective():
            return publishing.close_objective(command, matter)
        case ReopenObjective():
            return publishing.reopen_objective(command, matter)
        case _:
            assert_never(command)


DECIDER: Final = ObjectivesDecider()
