"""Weights: unset they are equal; once set they are set together, and sum to 100.

So whatever changes who the siblings are brings the weights of all of them in the same command.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from services.objectives.domain.matter import Matter, ObjectiveCommand
from shared.events.deciding import Answer, Refused
from shared.events.event import Id, Sealed
from shared.events.objectives import Weights, WeightsSet
from shared.okr.figures import HUNDRED, ZERO, quantity_text
from shared.okr.words import refusal


def check_weights(weights: Iterable[Decimal], at: str = "/weights") -> None:
    """Refuse weights that are not above 0, or do not sum to 100: a body alone shows it."""
    together = tuple(weights)
    if any(weight <= ZERO for weight in together):
        raise refusal("weight_not_positive", "a weight is above 0", at)
    if sum(together) != HUNDRED:
        raise refusal("weights_not_100", "weights sum to 100", at)


class SetWeights(ObjectiveCommand):
    """Set the weights of all live key results."""

    weights: Weights
    reason: Sealed


def set_weights(command: SetWeights, matter: Matter) -> Answer:
    """The editor weighs what is there."""
    overridden = matter.as_editor()
    if isinstance(overridden, Refused):
        return overridden
    siblings = tuple(matter.objective.live)
    weights = weighed(matter.objective.weights, siblings, command.weights)
    if weights is None or isinstance(weights, Refused):
        return weights or ()
    return (
        WeightsSet(
            objective_id=matter.objective.id,
            overridden=overridden,
            weights=weights,
            reason=command.reason,
        ),
    )


def weighed(
    before: Mapping[str, Decimal], siblings: tuple[str, ...], given: Mapping[str, Decimal]
) -> Weights | Refused | None:
    """The weights that `siblings` have from now on, None where nothing changes.

    `before` are those set until now, none for equal ones; `given` those of the command.
    """
    if not given:
        if not before:
            return None
        return _needed(siblings, given) if siblings else {}
    if set(given) != set(siblings):
        return _needed(siblings, given)
    total = sum(given.values(), ZERO)
    if any(weight <= ZERO for weight in given.values()):
        return Refused("weight_not_positive", pointer="/weights")
    if total != HUNDRED:
        return Refused("weights_not_100", {"sum": quantity_text(total)}, "/weights")
    weights = {sibling: given[sibling] for sibling in siblings}
    return None if weights == dict(before) else weights


def joined(
    weights: Mapping[str, Decimal] | None, key_result_id: Id, weight: Decimal | None
) -> Weights:
    """The weights of a command that brings a new key result with a weight of its own."""
    own = {} if weight is None else {key_result_id: weight}
    return {**(weights or {}), **own}


def _needed(siblings: tuple[str, ...], given: Mapping[str, Decimal]) -> Refused:
    facts = {
        "missing": [sibling for sibling in siblings if sibling not in given],
        "unknown": [id_ for id_ in given if id_ not in siblings],
    }
    return Refused("weights_needed", facts, "/weights")
