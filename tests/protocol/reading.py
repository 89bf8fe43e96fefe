"""How a log is read on: from where one stood, compared, and with what clients are told of it."""

from collections.abc import Iterator
from typing import TypeAlias

from tests.protocol.folding import Folding, Known
from tests.protocol.model import Answer, Configuration, Log, Owner, Reader, Rules, State
from tests.protocol.promises import CHECKPOINT_GONE, CONTRADICTED, LOST, REGROWN, UNNOTICED

Step: TypeAlias = tuple[str | int | tuple[int, ...], ...]


class Reading:
    """What owners, edges and the projector have in common."""

    def __init__(self, configuration: Configuration, rules: Rules) -> None:
        self.configuration = configuration
        self.rules = rules
        self.folding = Folding(configuration, rules)
        self.fold = self.folding.fold

    def _finds_position(self, held: Log, readable: Log) -> int | None:
        """So many batches of `readable` lie before the position of `held`, None if cut."""
        known = self.fold(held)
        if readable[: known.place] == held[: known.place]:
            return known.place
        if self.folding.offset(readable, len(readable)) < known.place_end:
            return None
        end = at = 0
        while end < known.place_end:
            end += len(self.folding.batch(readable[at]).records)
            at += 1
        mine = held[known.place - 1]
        found = readable[at - 1] if end == known.place_end else 0
        return at if self.rules.stands_where_it_stood(mine, found) else None

    def _fetch(self, held: Log, readable: Log) -> Log | None:
        """What is held after reading on; None when the log is not the one that was held."""
        at = self._finds_position(held, readable)
        if at is None:
            return None
        after = held[: self.fold(held).place] + readable[at:]
        return None if self.fold(after).alarm else after

    def _watched(self, s: State, before: Log, after: Log) -> State:
        """After a cut: does this process go on from a history that the log does not have?"""
        if not s.cuts:
            return s
        known = self.fold(after)
        verdict = known.broken
        lies_there = self.folding.physical(s.log)
        if not verdict and known.valid != lies_there[: len(known.valid)]:
            verdict = UNNOTICED
            if self._grew_again_exactly(self.fold(before), known, lies_there):
                verdict = REGROWN if self.configuration.strict else ""
        if not verdict and self.configuration.restore:
            checkpoint = self.fold(s.projector.held).valid
            if checkpoint != lies_there[: len(checkpoint)]:
                verdict = CHECKPOINT_GONE
        if not verdict and self.configuration.counts_unseen:
            verdict = self._untrue(s.told, self.fold(s.log).answers)
        return s._replace(verdict=verdict) if verdict else s

    @staticmethod
    def _grew_again_exactly(before: Known, after: Known, lies_there: tuple[int, ...]) -> bool:
        """The very record held lies where it lay, and what was read since lies behind it."""
        if before.last not in lies_there:
            return False
        since = after.valid[len(before.valid) :]
        at = lies_there.index(before.last) + 1
        return lies_there[at : at + len(since)] == since

    def _tells(self, s: State, answers: Iterator[tuple[int, Answer]]) -> State:
        """An edge answers clients; what is said stays said."""
        told, verdict = list(s.told), s.verdict
        for command, answer in answers:
            said = answer
            if answer is Answer.NOT_YET:
                if self.rules.not_yet_is_no_answer():
                    continue
                said = Answer.REFUSED
            if told[command] not in {Answer.NONE, said} and not s.cuts:
                verdict = verdict or CONTRADICTED
            told[command] = said
        return s._replace(told=tuple(told), verdict=verdict)

    def _untrue(self, told: tuple[Answer, ...], answers: tuple[Answer, ...]) -> str:
        for said, found in zip(told, answers, strict=True):
            if said and found != said:
                if found:
                    return CONTRADICTED
                if said is not Answer.REFUSED:
                    return LOST
        return ""

    @staticmethod
    def _with_owner(s: State, index: int, owner: Owner) -> State:
        return s._replace(owners=(*s.owners[:index], owner, *s.owners[index + 1 :]))

    @staticmethod
    def _with_edge(s: State, index: int, edge: Reader) -> State:
        return s._replace(edges=(*s.edges[:index], edge, *s.edges[index + 1 :]))
