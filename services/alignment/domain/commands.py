"""What alignment can be asked."""

from shared.events.alignment import Kind
from shared.events.deciding import Command, Patch
from shared.events.event import Id, Sealed
from shared.okr.calendar import Day
from shared.okr.figures import Quantity


class AlignmentCommand(Command):
    """A wish about what stands between objectives."""

    @property
    def stream(self) -> str:
        """One stream for the organization."""
        return "alignment"


class ProposeAlignment(AlignmentCommand):
    """Propose that an objective contribute to another, or support it."""

    alignment_id: Id
    kind: Kind
    from_objective_id: Id
    to_objective_id: Id
    to_key_result_id: Id | None = None
    weight: Quantity | None = None
    message: Sealed | None = None


class RequestHelp(AlignmentCommand):
    """Ask a department to help an objective (@部门)."""

    alignment_id: Id
    objective_id: Id
    department_id: Id
    kind: Kind = "supports"
    weight: Quantity | None = None
    message: Sealed | None = None


class ImportAlignment(AlignmentCommand):
    """Have a link as a file tells it, accepted at once; `update` applies what differs."""

    alignment_id: Id
    kind: Kind
    from_objective_id: Id
    to_objective_id: Id
    to_key_result_id: Id | None = None
    weight: Quantity | None = None
    update: bool = False


class AlignmentAnswer(AlignmentCommand):
    """A wish about an alignment or a request that is there already."""

    alignment_id: Id


class AcceptAlignment(AlignmentAnswer):
    """Accept what the other side offers; a request is promised with one of the helper's own."""

    objective_id: Id | None = None


class CounterAlignment(AlignmentAnswer, Patch):
    """Offer other terms; what is not named stays as it was offered."""

    message: Sealed
    kind: Kind = "supports"
    weight: Quantity | None = None
    objective_id: Id | None = None


class DeclineAlignment(AlignmentAnswer):
    """Decline what the other side offers."""

    reason: Sealed


class WithdrawAlignment(AlignmentAnswer):
    """Take back what one's own side proposed or requested."""


class UnlinkAlignment(AlignmentAnswer):
    """End a link that was accepted."""

    reason: Sealed


class DeliverHelp(AlignmentAnswer):
    """Say that the promised help was delivered: the asker's word."""


class RequestMentioned(AlignmentCommand):
    """Ask the departments that a published objective's key results mention.

    Asked in the name of who published it; nobody can ask for more than what is mentioned.
    """

    objective_id: Id


class DeliverAchieved(AlignmentCommand):
    """Deliver what was promised with an objective that was achieved. The suite asks this."""

    objective_id: Id


class ExpireOpen(AlignmentCommand):
    """Let expire what is open in cycles that are over; `day` has begun. The suite asks this."""

    day: Day | None = None


AnyAnswer = (
    AcceptAlignment
    | CounterAlignment
    | DeclineAlignment
    | WithdrawAlignment
    | UnlinkAlignment
    | DeliverHelp
)
"""What is asked about an alignment or a request that is there already."""

AnyChore = DeliverAchieved | ExpireOpen
"""What the suite itself asks."""

AnyCommand = (
    ProposeAlignment | RequestHelp | RequestMentioned | ImportAlignment | AnyAnswer | AnyChore
)
