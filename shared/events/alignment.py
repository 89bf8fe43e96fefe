"""What the alignment service says: who contributes to what, who supports it, and who was asked.

An alignment is a link between two objectives, proposed by one side and answered by the other. A
dependency request (@部门) asks a department to help an objective; once it is promised, a link of
the same id keeps the promise.
"""

from datetime import datetime
from typing import Literal

from shared.events.event import Event, Id, Sealed
from shared.okr.figures import Quantity

Kind = Literal["contributes", "supports"]
Side = Literal["from", "to"]
HelpSide = Literal["asker", "helper"]


class AlignmentLogEvent(Event):
    """Something happened between objectives.

    `overridden`: an administrator did what is a party's to do.
    """

    alignment_id: Id
    overridden: bool = False

    @property
    def stream(self) -> str:
        """One stream for the organization: a loop check needs all links."""
        return "alignment"


class AlignmentEvent(AlignmentLogEvent):
    """Something happened to a link from one objective up to, or across to, another."""

    from_objective_id: Id
    to_objective_id: Id


class AlignmentProposed(AlignmentEvent):
    """One side proposed that an objective contribute to another, or support it.

    `weight` is in percent points; null counts as much as one key result of the parent more.
    """

    to_key_result_id: Id | None = None
    kind: Kind
    weight: Quantity | None = None
    message: Sealed | None = None
    by: Side


class AlignmentCountered(AlignmentEvent):
    """The side whose turn it was named other terms: what they are now; the turn passed."""

    kind: Kind
    weight: Quantity | None
    message: Sealed | None
    by: Side


class AlignmentLinked(AlignmentEvent):
    """An alignment was accepted, and holds from now on on these terms.

    `imported`: a file brought it. `promised`: it keeps the promise of a dependency request.
    """

    to_key_result_id: Id | None = None
    kind: Kind
    weight: Quantity | None = None
    imported: bool = False
    promised: bool = False


class AlignmentDeclined(AlignmentEvent):
    """The side whose turn it was declined an alignment, with a reason."""

    reason: Sealed


class AlignmentWithdrawn(AlignmentEvent):
    """The side that had proposed an alignment withdrew it."""


class AlignmentExpired(AlignmentEvent):
    """A proposal was still open when a cycle of its objectives was over.

    `unfinished`: more is over than one decision can say; the next one goes on.
    """

    unfinished: bool = False


class AlignmentUnlinked(AlignmentEvent):
    """An accepted alignment was ended by either side, with a reason (null: an import changed it).

    `promised`: it kept the promise of a dependency request, which is taken back with it.
    """

    reason: Sealed | None
    promised: bool = False


class HelpEvent(AlignmentLogEvent):
    """Something happened to a dependency request (@部门): a department is asked to help."""

    objective_id: Id
    department_id: Id


class HelpRequested(HelpEvent):
    """A department was asked to help an objective, by its owner or by a mention in a key result.

    `kind` and `weight` are the terms of the link that would keep the promise.
    """

    key_result_id: Id | None = None
    kind: Kind
    weight: Quantity | None = None
    message: Sealed | None = None
    mentioned: bool = False


class HelpAnswered(HelpEvent):
    """A dependency request moved on; `since` is the instant from which it waited for that."""

    since: datetime


class HelpCountered(HelpAnswered):
    """The side whose turn it was named other terms for the help: what they are now."""

    kind: Kind
    weight: Quantity | None
    helper_objective_id: Id | None
    message: Sealed | None
    by: HelpSide


class HelpPromised(HelpAnswered):
    """A department promised to help with one of its objectives, on these terms."""

    helper_objective_id: Id
    kind: Kind
    weight: Quantity | None


class HelpDelivered(HelpAnswered):
    """Promised help was delivered: by the asker's word, or as the helper's objective was achieved.

    `achieved`: the helper's objective closed as achieved.
    """

    helper_objective_id: Id
    achieved: bool


class HelpDeclined(HelpAnswered):
    """The side whose turn it was declined a dependency request, with a reason."""

    reason: Sealed


class HelpWithdrawn(HelpAnswered):
    """The asking side withdrew a dependency request."""


class HelpExpired(HelpAnswered):
    """A dependency request was still open when the asking objective's cycle was over.

    `unfinished`: as in AlignmentExpired.
    """

    unfinished: bool = False
