"""The owner of one partition: recover, then decide run after run, until there is any doubt.

It reads like rules 2 to 9: fold to the end, resume behind the last `Decided`, decide on an overlay,
append once, and believe nothing before it has landed at its claim.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from uuid import uuid4

from shared.eventing.append import Landed, Outcome
from shared.eventing.commands import heard
from shared.eventing.committed import Committed
from shared.eventing.comparing import Comparison
from shared.eventing.drafts import internal_draft
from shared.eventing.eventlog import EventLog, LogUnavailable, OutOfRange
from shared.eventing.fold import NOTHING_BEFORE, UNOPENED, HistoryCut, PartitionFold
from shared.eventing.freezing import Keeper
from shared.eventing.inbox import CommandsCut, Inbox
from shared.eventing.reference import View, ViewStopped, may_decide_at
from shared.eventing.run import ClosedRun, Run
from shared.eventing.snapshots import Snapshots
from shared.eventing.topics import PARTITIONS, events_topic
from shared.eventing.wire import LogRecord, Unreadable
from shared.events.deciding import Decider
from shared.events.internal import LogOpened

log = logging.getLogger(__name__)

S = TypeVar("S")
R = TypeVar("R")

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 2.0


class Drained(Exception):
    """The partition is being handed over: its owner ends after the run in flight."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the owner of a partition stands; `why` says what keeps it from serving."""

    serving: bool
    why: str | None = None
    stopped: bool = False


def resume_command_is_the_same(decided: str, found: str) -> bool:
    """Rule 5: `Decided` names the command at its offset, compared on resume."""
    return decided == found


class PartitionOwner(Generic[S, R]):
    """Decides the commands of one partition. `run` may be called again after it ended."""

    def __init__(
        self,
        decider: Decider[S, R],
        partition: int,
        *,
        log: EventLog,
        inbox: Inbox,
        view: View[R],
        snapshots: Snapshots,
        fingerprint: str,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self.inbox = inbox
        self.standing = Standing(serving=False, why="not started")
        self.decided = 0
        """Commands whose decision landed, by this process."""
        self.doubts = 0
        """Appends that were void or unknown."""
        self._decider = decider
        self._partition = partition
        self._topic = events_topic(decider.service)
        self._log = log
        self._view = view
        self._fingerprint = fingerprint
        self._new_id = new_id
        self._keeper = Keeper(decider, partition, snapshots, fingerprint)
        self._comparison = Comparison(log, partition)
        self._committed: Committed[S] | None = None
        self._pause = _FIRST_PAUSE

    @property
    def upto(self) -> int:
        """The last command that is known to be decided; -1 where there is none."""
        return self._committed.resume.upto if self._committed else -1

    def drain(self) -> None:
        """Let `run` end after the run in flight."""
        self.inbox.close(Drained())

    async def run(self) -> None:
        """Serve until drained or cancelled; ends early where the log must not be served."""
        self.inbox.open()
        comparing = asyncio.create_task(self._comparison.run(self.inbox.close))
        try:
            while True:
                self.inbox.check()
                await self._once()
        except Drained:
            self._stand("handed over")
        except (HistoryCut, Unreadable, CommandsCut, ViewStopped) as error:
            log.critical("%s/%s is not served: %s", self._topic, self._partition, error)
            self.standing = Standing(serving=False, why=str(error), stopped=True)
        except BaseException:
            self._stand("ended")
            raise
        finally:
            comparing.cancel()
            await asyncio.wait([comparing])

    async def _once(self) -> None:
        """Recover and serve until there is doubt; then the next round recovers."""
        try:
            await self._recover()
            self._pause = _FIRST_PAUSE
            await self._serve()
        except (LogUnavailable, OutOfRange) as error:
            await self._wait(str(error))

    async def _recover(self) -> None:
        if self._pause == _FIRST_PAUSE:
            # Otherwise what was waited for last is still what it waits for.
            self._stand("recovering")
        if self._committed is None:
            self._committed = await self._keeper.restored()
        committed = self._committed
        while not await self._folded_to_the_end(committed):
            pass
        if not may_decide_at(self._view.vector, committed.resume.views):
            self._stand("waits for its reference views")
        await self._view.reached(committed.resume.views)
        await self._resume(committed)

    async def _folded_to_the_end(self, committed: Committed[S]) -> bool:
        """Fold what lies behind the last valid record held; False: look at the end again."""
        fold = committed.fold
        begin, end = await self._log.bounds(self._partition)
        if begin > max(fold.last_offset, 0):
            raise fold.cut(f"the log begins at {begin}")
        if fold.last_offset >= end:
            # No proof of a cut: the end may be an old leader's.
            await self._wait(f"the log ends at {end}, record {fold.last_offset} is held here")
            return False
        start = fold.begin()
        async with aclosing(self._log.read(self._partition, start, end)) as pieces:
            async for records in pieces:
                for record in records:
                    committed.take(record)
                self._keeper.folded(len(records))
                await asyncio.sleep(0)
        if fold.log_id == UNOPENED:
            await self._open(fold)
            return False
        return True

    async def _open(self, fold: PartitionFold) -> None:
        """Rule 4: an empty partition opens with `LogOpened`, by compare-and-set like any batch."""
        opening = internal_draft(
            self._decider.service,
            LogOpened(log_id=self._new_id(), partitions=PARTITIONS),
            partition=self._partition,
            at=fold.next_offset,
            prev=NOTHING_BEFORE,
            new_id=self._new_id(),
        )
        # Whatever became of it, the next look at the log tells.
        await self._log.append(self._partition, [opening], fold.next_offset)

    async def _resume(self, committed: Committed[S]) -> None:
        """Rule 5: go on behind the last valid `Decided`, if the commands are still the same."""
        resume = committed.resume
        begin, end = await self.inbox.bounds()
        if not begin <= max(resume.upto, 0) or end <= resume.upto:
            raise OutOfRange(
                f"the command topic holds {begin} to {end}, the resume point is {resume.upto + 1}"
            )
        self.inbox.seek(max(resume.upto, 0))
        if resume.upto < 0:
            return
        self._stand("reads the command it decided last")
        waiting = await self.inbox.waiting()
        if not resume_command_is_the_same(resume.command, waiting[0].id):
            raise CommandsCut(
                f"command {resume.upto} is {waiting[0].id}, decided was {resume.command}"
            )
        self.inbox.decided(1)

    async def _serve(self) -> None:
        """Decide run after run; returns when an append is in doubt."""
        committed = self._committed
        if committed is None:
            raise RuntimeError("a partition is served after it was recovered")
        self.standing = Standing(serving=True)
        while True:
            waiting = await self.inbox.waiting()
            run = self._decide(committed, waiting)
            outcome = await self._log.append(self._partition, run.drafts, run.claim)
            if not isinstance(outcome, Landed):
                self._doubt(run, outcome)
                return
            self._believe(committed, run, outcome)

    def _decide(self, committed: Committed[S], waiting: Sequence[LogRecord]) -> ClosedRun[S]:
        """Rule 7: one run at one vector of views; nothing is awaited, so no view can move."""
        run = Run(
            committed,
            self._partition,
            self._view.reference,
            self._view.vector,
            fingerprint=self._fingerprint,
        )
        understood = self._decider.commands
        for record in waiting:
            if run.full:
                break
            run.decide(heard(record, understood))
        return run.close(self._new_id())

    def _believe(self, committed: Committed[S], run: ClosedRun[S], landed: Landed) -> None:
        """The run landed at its claim: now it is true."""
        self._comparison.landed_behind(committed.fold.last_offset, committed.fold.last_id)
        committed.adopt(
            run.states, run.versions, run.firsts, run.closing,
            len(run.drafts), run.drafts[-1].id, landed.timestamp_ms,
        )  # fmt: skip
        self.inbox.decided(run.commands)
        self.decided += run.commands
        for fault in run.faults:
            log.error("fault %s: %s", fault.number, fault.reason, exc_info=fault.error)
        self._keeper.grown(committed, len(run.drafts))

    def _doubt(self, run: ClosedRun[S], outcome: Outcome) -> None:
        """The run is void, or may be: it is forgotten, and its commands are decided again."""
        self.doubts += 1
        log.warning(
            "%s/%s: the append claiming %s is in doubt: %s",
            self._topic, self._partition, run.claim, outcome,
        )  # fmt: skip

    async def _wait(self, why: str) -> None:
        self._stand(why)
        await asyncio.sleep(self._pause)
        self.inbox.check()
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _stand(self, why: str) -> None:
        if self.standing.why != why:
            log.info("%s/%s: %s", self._topic, self._partition, why)
        self.standing = Standing(serving=False, why=why)

    def figures(self) -> dict[str, Any]:
        """Figures for the status."""
        return {
            "serving": self.standing.serving,
            "why": self.standing.why,
            "upto": self.upto,
            "backlog": self.inbox.backlog,
            "decided": self.decided,
            "doubts": self.doubts,
        }
