"""What an owner does: takes over, decides runs, and learns what became of its appends."""

from collections.abc import Iterator
from itertools import count

from tests.protocol.folding import Known
from tests.protocol.model import (
    Answer,
    Batch,
    Decided,
    Life,
    Log,
    LogOpened,
    Owner,
    State,
    View,
)
from tests.protocol.promises import COMMANDS_CUT
from tests.protocol.reading import Reading, Step


class Owners(Reading):
    """An owner's steps, rules 2, 3, 5, 6 and 7."""

    def _takes_over(self, s: State, index: int, owner: Owner) -> Iterator[tuple[Step, State]]:
        for held in self._ends(s):
            known = self.fold(held)
            life = Life.STOPPED if known.alarm else Life.AWAKE
            if s.commands and not self._resumes(known, s.commands):
                life = Life.STOPPED
            after = self._with_owner(s, index, Owner(owner.code, life, held))
            if s.cuts and known.broken:
                after = after._replace(verdict=known.broken)
            yield ("takes over", index, len(held), int(life)), after

    def _resumes(self, known: Known, commands: int) -> bool:
        """The command topic still reaches the resume point and names the same command there."""
        if not known.resume:
            return True
        log = (self.configuration.commands, self.configuration.regrown)[commands]
        if known.resume > len(log):
            return False
        return self.rules.resume_command_is_the_same(known.resume_command, log[known.resume - 1])

    def _decides(self, s: State, index: int, owner: Owner) -> Iterator[tuple[Step, State]]:
        if len(s.log) + len(s.flight) >= self.configuration.appends:
            return
        held = owner.held + owner.pending
        known = self.fold(held)
        if not known.last:
            yield from self._opens(s, index, owner, known)
            return
        commands = self.folding.commands[s.commands]
        first = max(self.rules.resume_point(known.resume, s.committed), owner.passed) + 1
        longest = min(self.configuration.longest_run, len(commands) - first + 1)
        for view in self.configuration.views:
            if not self.rules.may_decide_at(view, known.view):
                continue
            for length in range(1, longest + 1):
                yield self._sends(s, index, owner, known, first, view, length)

    def _opens(
        self, s: State, index: int, owner: Owner, known: Known
    ) -> Iterator[tuple[Step, State]]:
        number = self._new(s, Batch(known.end, 0, (LogOpened(),), 0))
        yield (
            ("opens the log", index, number),
            self._with_owner(s, index, owner._replace(pending=(number,)))._replace(
                flight=tuple(sorted((*s.flight, number)))
            ),
        )

    def _sends(
        self,
        s: State,
        index: int,
        owner: Owner,
        known: Known,
        first: int,
        view: View,
        length: int,
    ) -> tuple[Step, State]:
        """Decides a run and puts its append in flight."""
        run = self.folding.commands[s.commands][first - 1 : first - 1 + length]
        views = self.rules.views_of_run(view, self.folding.newest, length)
        outcomes, events = self.folding.decide(known, run, views, owner.code)
        upto = first + length - 1
        decided = Decided(
            first=first,
            upto=upto,
            command=self.folding.letters[run[-1]],
            outcomes=outcomes,
            view=view,
            code=self.rules.names_its_deciders(owner.code),
        )
        claim, previous, sent = known.end, known.last, []
        for records in self.rules.as_one_batch((*events, decided)):
            number = self._new(s, Batch(claim, previous, records, 0))
            claim, previous = claim + len(records), number
            sent.append(number)
        after = self._with_owner(
            s, index, owner._replace(pending=(*owner.pending, *sent))
        )._replace(flight=tuple(sorted((*s.flight, *sent))))
        if self.configuration.follows_group:
            after = after._replace(committed=upto)
        if not self.rules.refusals_wait_for_the_append():
            refused = (o for o in outcomes if o.answer is Answer.REFUSED)
            after = self._tells(after, ((o.command, o.answer) for o in refused))
        if s.commands and Answer.NONE in (
            known.answers[command] for command in self.folding.commands[s.commands][: first - 1]
        ):
            after = after._replace(verdict=COMMANDS_CUT)
        return ("decides", index, length, *sent), after

    def _new(self, s: State, batch: Batch) -> int:
        """A batch with an id that no other batch in the world has."""
        for copy in count():
            number = self.folding.numbered(batch._replace(copy=copy))
            if number not in s.log and number not in s.flight:
                return number
        raise AssertionError

    def _waits(self, s: State, index: int, owner: Owner) -> Iterator[tuple[Step, State]]:
        """An answer arrives, or none does in time."""
        landed = [s.log.index(n) if n in s.log else len(s.log) for n in owner.pending]
        if all(at < len(s.log) and self.rules.is_durable(at, s.high) for at in landed):
            if all(
                self.rules.claim_holds(self.folding.batch(n).claim, self.folding.offset(s.log, at))
                for n, at in zip(owner.pending, landed, strict=True)
            ):
                yield self._appended(s, index, owner, landed[0])
            else:
                yield self._void(s, index, owner)
        if self.configuration.calm:
            return
        if self.rules.folds_to_the_end_after_unknown():
            for readable in self._ends(s):
                stale = len(readable) < s.high
                if stale and self._finds_position(owner.held, readable) is None:
                    continue
                after = self._folds(s, index, owner, owner.passed, readable)
                yield ("times out", index, len(readable)), after
        else:
            assumed = owner._replace(held=owner.held + owner.pending, pending=())
            yield ("times out and assumes", index), self._with_owner(s, index, assumed)

    def _appended(self, s: State, index: int, owner: Owner, at: int) -> tuple[Step, State]:
        if not self._stands(owner.held, s.log[:at]):
            stopped = Owner(owner.code, Life.STOPPED)
            return ("finds another record before", index), self._with_owner(s, index, stopped)
        held = owner.held + owner.pending
        after = self._with_owner(s, index, owner._replace(held=held, pending=()))
        return ("hears of its append", index), self._watched(after, owner.held, held)

    def _stands(self, held: Log, before: Log) -> bool:
        """Is what lies before an append that is acknowledged what its writer held?"""
        if held == before:
            return True
        place = self._finds_position(held, before)
        return self.rules.stands_before_its_claim(
            last_valid=place is not None,
            void_between=place is None or not self._any_valid(before, place),
            directly_before=held[-1:] == before[-1:],
        )

    def _any_valid(self, log: Log, start: int) -> bool:
        return any(
            self.rules.claim_holds(
                self.folding.batch(log[index]).claim, self.folding.offset(log, index)
            )
            for index in range(start, len(log))
        )

    def _void(self, s: State, index: int, owner: Owner) -> tuple[Step, State]:
        passed = owner.passed
        if not self.rules.decides_again_after_void():
            passed = max(d.upto for n in owner.pending if (d := self.folding.batch(n).decided))
        readable = self.rules.owner_may_read(s.log, s.high)
        return ("finds itself void", index), self._folds(s, index, owner, passed, readable)

    def _ends(self, s: State) -> Iterator[Log]:
        """The log as far as an owner may find it; an old leader's end lies lower."""
        readable = self.rules.owner_may_read(s.log, s.high)
        if self.configuration.stale_ends:
            yield from (readable[:length] for length in range(1, len(readable)))
        yield readable

    def _folds(self, s: State, index: int, owner: Owner, passed: int, readable: Log) -> State:
        """Folds to the end, from the last valid record held."""
        held = self._fetch(owner.held, readable)
        if held is None:
            return self._with_owner(s, index, Owner(owner.code, Life.STOPPED))
        after = self._with_owner(s, index, Owner(owner.code, Life.AWAKE, held, (), passed))
        return self._watched(after, owner.held, held)
