"""The write path as a model: its words, and each of its rules as one function.

The names below are those of ARCHITECTURE's write path, and the running code in
`shared/eventing` uses the same ones, so that a rule is found by its name in both:

    rule 2   as_one_batch · may_append · is_durable
    rule 3   claim_holds · decides_again_after_void · folds_to_the_end_after_unknown
             refusals_wait_for_the_append
    rule 4   follows_previous · stands_where_it_stood · stands_before_its_claim
             compares_checkpoints · folds_from_the_start_and_agrees
    rule 5   resume_point · resume_command_is_the_same
    rule 6   first_answer · not_yet_is_no_answer
    rule 7   may_decide_at · views_of_run · names_its_deciders
    rule 10  owner_may_read · edge_may_read

Nothing in the product can switch a rule off. Here a planted fault (see `faults`) is a subclass
of `Rules` that overrides one function.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias

View: TypeAlias = tuple[int, ...]
"""Positions of the reference logs that a view was folded to."""

Log: TypeAlias = tuple[int, ...]
"""Numbers of batches in the order in which they landed; a number is the batch's random id."""


class Answer(IntEnum):
    """What a client can be told of a command."""

    NONE = 0
    ACCEPTED = 1
    REFUSED = 2
    UNCHANGED = 3
    NOT_YET = 4


class Event(NamedTuple):
    """One event of an accepted command; its `ce_id` is derived from command and part."""

    command: int
    part: int
    stream: int
    version: int


class Outcome(NamedTuple):
    """What a run said of one command; `again`: a repeat, with its first answer."""

    command: int
    answer: Answer
    again: bool


class Decided(NamedTuple):
    """Ends a batch. `first` and the accepted `outcomes` are notes of the model, not on the wire."""

    first: int
    upto: int
    command: str
    outcomes: tuple[Outcome, ...]
    view: View
    code: int


class LogOpened(NamedTuple):
    """The first valid record of a partition; its batch's number is the random log id."""

    partitions: int = 12


class Batch(NamedTuple):
    """A RecordBatch: `claim` is `okr_at` of its first record, `previous` its `okr_prev`."""

    claim: int
    previous: int
    records: tuple[Event | Decided | LogOpened, ...]
    copy: int

    @property
    def decided(self) -> Decided | None:
        last = self.records[-1]
        return last if isinstance(last, Decided) else None


class Life(IntEnum):
    """How a process is: a paused or deposed one is awake and merely slow."""

    DOWN = 0
    AWAKE = 1
    STOPPED = 2


class Owner(NamedTuple):
    """A process that believes it owns the partition. What it knows is the fold of `held`."""

    code: int
    life: Life = Life.DOWN
    held: Log = ()
    pending: tuple[int, ...] = ()
    passed: int = 0


class Reader(NamedTuple):
    """An edge, or the projector whose checkpoint is compared after a restore."""

    life: Life = Life.AWAKE
    held: Log = ()


class State(NamedTuple):
    """The whole world at one moment."""

    log: Log
    high: int
    """The high watermark: so many batches of the log are committed."""
    flight: tuple[int, ...]
    """Appends that are sent and may still land, whatever became of their senders."""
    owners: tuple[Owner, ...]
    edges: tuple[Reader, ...]
    told: tuple[Answer, ...]
    """What a client was told of each command; nothing can take it back."""
    commands: int = 0
    """0, or 1 after the command topic was cut and grew again."""
    committed: int = 0
    """The consumer group's committed offset: a hint."""
    cuts: int = 0
    open: bool = True
    """False between an unclean election or a restore and the comparison with the checkpoints."""
    projector: Reader = Reader()
    verdict: str = ""
    """A promise that this very step broke."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A small world to be explored whole. Commands are letters; a repeated letter is a retry."""

    name: str
    commands: str = "ab"
    owners: tuple[int, ...] = (0, 1)
    """The code version each owner runs."""
    views: tuple[View, ...] = ((0,), (1,))
    longest_run: int = 2
    appends: int = 3
    """So many batches are ever sent, `LogOpened` included."""
    edges: int = 1
    two_events: str = "a"
    second_stream: str = ""
    asks_early: str = ""
    """Commands that are refused `not_yet` until the newest view."""
    opened: bool = True
    stale_ends: bool = False
    """An end that is read may be an old leader's: behind the high watermark."""
    duplicates: bool = False
    """An append may land twice: a producer without idempotence, a late retry."""
    follows_group: bool = False
    """The group's committed offset is part of the state."""
    cuts: int = 0
    """So often is the tail of the log cut below the high watermark."""
    cut_from: int = 0
    """So many batches are never cut."""
    restore: bool = False
    """The cut is known, and the partition is opened by comparison only."""
    strict: bool = False
    """An exact regrowth, which no reader can see, counts as a wrong history too."""
    counts_unseen: bool = False
    """A command that was answered, but lay behind every checkpoint when the log was cut, counts."""
    live_owners: bool = False
    """Owners are not restarted when the command topic is cut."""
    calm: bool = False
    """Nobody crashes, no answer is late and no leader changes: other faults reach deeper."""
    regrown: str = ""
    """What the command topic holds after it was cut and grew again."""


class Rules:
    """The rules of the write path, each one named function."""

    def as_one_batch(
        self, records: tuple[Event | Decided | LogOpened, ...]
    ) -> tuple[tuple[Event | Decided | LogOpened, ...], ...]:
        """Rule 2: a run is appended as one RecordBatch, whole or not at all."""
        return (records,)

    def may_append(self, pending: tuple[int, ...]) -> bool:
        """Rule 2: never a second append in flight for a partition."""
        return not pending

    def is_durable(self, landed: int, high: int) -> bool:
        """Rule 2: an append is acknowledged when all in-sync replicas hold it (`acks=all`)."""
        return landed < high

    def claim_holds(self, claim: int, offset: int) -> bool:
        """Rule 3: a record whose offset is not its claim is void, for every reader, for ever."""
        return claim == offset

    def decides_again_after_void(self) -> bool:
        """Rule 3: the writer of a void batch folds the gap and decides again."""
        return True

    def folds_to_the_end_after_unknown(self) -> bool:
        """Rule 3: no answer in time is unknown: fold to the end, decide what is undecided."""
        return True

    def refusals_wait_for_the_append(self) -> bool:
        """Rule 3: refusals are inside the compare-and-set too."""
        return True

    def follows_previous(self, previous: int, last: int) -> bool:
        """Rule 4: every record names the valid record before it."""
        return previous == last

    def stands_where_it_stood(self, held: int, found: int) -> bool:
        """Rule 4: a fetch begins at the last valid record held and compares its `ce_id`."""
        return held == found

    def stands_before_its_claim(
        self, *, last_valid: bool, void_between: bool, directly_before: bool
    ) -> bool:
        """Rule 4: after an ack the owner reads again from the last valid record that it held.

        It finds that record, nothing valid behind it, then its own. (Comparing only the record
        directly before the claim is not enough: that one may be void.)
        """
        return last_valid and void_between

    def folds_from_the_start_and_agrees(self, *, readable: bool, in_place: bool) -> bool:
        """Rule 4: after an unclean election or a restore: fold from 0, compare checkpoints."""
        return readable and in_place

    def compares_checkpoints(self) -> bool:
        """Rule 4: after an unclean election or a restore nothing is served before that."""
        return True

    def resume_point(self, upto: int, committed: int) -> int:
        """Rule 5: the last valid `Decided`; the group's committed offset is a hint."""
        return upto

    def resume_command_is_the_same(self, decided: str, found: str) -> bool:
        """Rule 5: `Decided` names the command at its offset, compared on resume."""
        return decided == found

    def first_answer(self, answers: tuple[Answer, ...], command: int) -> Answer:
        """Rule 6: a repeat is answered from the window, never decided."""
        return answers[command]

    def not_yet_is_no_answer(self) -> bool:
        """Rule 6: `not_yet` is recorded, never told as a refusal: the edge asks again."""
        return True

    def may_decide_at(self, view: View, last: View) -> bool:
        """Rule 7: only at positions at or beyond those of the last valid `Decided`."""
        return all(mine >= theirs for mine, theirs in zip(view, last, strict=True))

    def views_of_run(self, view: View, newest: View, length: int) -> tuple[View, ...]:
        """Rule 7: a view does not move inside a run."""
        return (view,) * length

    def names_its_deciders(self, code: int) -> int:
        """Rule 2: `Decided` carries the fingerprint of the deciders."""
        return code

    def owner_may_read(self, log: Log, high: int) -> Log:
        """Rule 3: an owner folds what is committed, never what lies above the high watermark."""
        return log[:high]

    def edge_may_read(self, log: Log, high: int) -> Log:
        """Rule 10: an edge answers from what is committed."""
        return log[:high]
