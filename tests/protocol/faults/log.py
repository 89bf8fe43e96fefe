"""The log's own rules, each left out: the batch, the claim, the high watermark, the ack."""

from tests.protocol.model import Decided, Event, Log, LogOpened, Rules


class RecordByRecord(Rules):
    """Every record of a run is an append of its own."""

    def as_one_batch(
        self, records: tuple[Event | Decided | LogOpened, ...]
    ) -> tuple[tuple[Event | Decided | LogOpened, ...], ...]:
        return tuple((record,) for record in records)


class NoClaim(Rules):
    """Whatever lands counts, wherever it lands, and whatever it says was before it."""

    def claim_holds(self, claim: int, offset: int) -> bool:
        return True

    def follows_previous(self, previous: int, last: int) -> bool:
        return True


class AcknowledgedByTheLeaderAlone(Rules):
    """`acks=1`: the leader's word is enough."""

    def is_durable(self, landed: int, high: int) -> bool:
        return True


class EdgesReadToTheEnd(Rules):
    """An edge answers from records that are not committed yet."""

    def edge_may_read(self, log: Log, high: int) -> Log:
        return log


class OwnersReadToTheEnd(Rules):
    """An owner folds, and builds on, records that are not committed yet."""

    def owner_may_read(self, log: Log, high: int) -> Log:
        return log
