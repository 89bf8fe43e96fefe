"""The rules that matter after the log was cut, each left out."""

from tests.protocol.model import Rules


class NoPrevious(Rules):
    """`okr_prev` is not looked at: a right claim is enough."""

    def follows_previous(self, previous: int, last: int) -> bool:
        return True


class ReadsOnWithoutLooking(Rules):
    """A fetch begins behind the last record held and compares nothing."""

    def stands_where_it_stood(self, held: int, found: int) -> bool:
        return True


class TrustsItsClaim(Rules):
    """An ack at the claim is enough; nothing before it is compared."""

    def stands_before_its_claim(
        self, *, last_valid: bool, void_between: bool, directly_before: bool
    ) -> bool:
        return True


class LooksAtTheRecordBeforeOnly(Rules):
    """After an ack the record directly before the claim is compared, void as it may be."""

    def stands_before_its_claim(
        self, *, last_valid: bool, void_between: bool, directly_before: bool
    ) -> bool:
        return directly_before


class LooksAtTheLastValidOnly(Rules):
    """After an ack the last valid record held is compared, not what lies behind it."""

    def stands_before_its_claim(
        self, *, last_valid: bool, void_between: bool, directly_before: bool
    ) -> bool:
        return last_valid


class GoesOnAfterARestore(Rules):
    """After a restore every process goes on from what it holds."""

    def compares_checkpoints(self) -> bool:
        return False


class OpensWithoutComparing(Rules):
    """After a restore everybody folds from offset 0, and no checkpoint is compared."""

    def folds_from_the_start_and_agrees(self, *, readable: bool, in_place: bool) -> bool:
        return readable
