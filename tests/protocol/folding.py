"""What a process knows: the fold of the log it has read, and where that fold breaks a promise.

A process is nothing but the log it holds, so its state, its window, its resume point and its
position are all computed from that, once per distinct log.
"""

from typing import NamedTuple

from tests.protocol.model import (
    Answer,
    Batch,
    Configuration,
    Decided,
    Event,
    Log,
    LogOpened,
    Outcome,
    Rules,
    View,
)
from tests.protocol.promises import (
    BACK,
    BOTH,
    DECIDED_TWICE,
    GAP,
    PART,
    PASSED,
    REPLAY,
    TWICE,
)


class Known(NamedTuple):
    """The fold of a log that was read."""

    end: int
    """The offset behind the last record read: where the next append is claimed to land."""
    last: int
    """The batch of the last valid record, 0 before `LogOpened`."""
    place: int
    """So many batches lie before the position, which is behind a valid `Decided` or `LogOpened`."""
    place_end: int
    """The offset of that position."""
    resume: int
    resume_command: str
    view: View
    versions: tuple[int, ...]
    parts: tuple[int, ...]
    """Events seen of each command."""
    answers: tuple[Answer, ...]
    valid: tuple[int, ...]
    """The valid batches in order: the history."""
    alarm: bool = False
    """A right claim with a wrong `okr_prev` was met: acknowledged history is gone."""
    broken: str = ""


class Folding:
    """Folds logs, by the rules given; holds every batch there ever was."""

    def __init__(self, configuration: Configuration, rules: Rules) -> None:
        self.configuration = configuration
        self.rules = rules
        letters = sorted(set(configuration.commands + configuration.regrown))
        self.letters = "".join(letters)
        self.commands = tuple(
            tuple(letters.index(letter) for letter in log)
            for log in (configuration.commands, configuration.regrown)
        )
        self.newest = configuration.views[-1]
        self.stream = tuple(int(letter in configuration.second_stream) for letter in letters)
        self.size = tuple(1 + (letter in configuration.two_events) for letter in letters)
        self.early = tuple(letter in configuration.asks_early for letter in letters)
        self.batches: list[Batch] = []
        self.number: dict[Batch, int] = {}
        nothing = (Answer.NONE,) * len(letters)
        none = (0,) * len(letters)
        view = configuration.views[0]
        start = Known(0, 0, 0, 0, 0, "", view, (0, 0), none, nothing, ())
        self.known: dict[Log, Known] = {(): start}
        self._physical: dict[Log, tuple[int, ...]] = {}

    def numbered(self, batch: Batch) -> int:
        """The number of a batch; batches are numbered from 1."""
        number = self.number.get(batch)
        if number is None:
            self.batches.append(batch)
            number = self.number[batch] = len(self.batches)
        return number

    def batch(self, number: int) -> Batch:
        return self.batches[number - 1]

    def offset(self, log: Log, index: int) -> int:
        """The offset of the first record of the batch at `index`."""
        return sum(len(self.batches[number - 1].records) for number in log[:index])

    def fold(self, held: Log) -> Known:
        """What the holder of `held` knows."""
        known = self.known.get(held)
        if known is None:
            known = self.known[held] = self._read(self.fold(held[:-1]), held)
        return known

    def physical(self, log: Log) -> tuple[int, ...]:
        """The batches that lie at their claims, whatever they say of the record before them."""
        found = self._physical.get(log)
        if found is None:
            found = self._physical[log] = tuple(
                number
                for index, number in enumerate(log)
                if self.rules.claim_holds(self.batch(number).claim, self.offset(log, index))
            )
        return found

    def judge(self, command: int, version: int, view: View, code: int) -> Answer:
        """The decision on a command: another one at another state, view or code version."""
        if self.early[command] and view != self.newest:
            return Answer.NOT_YET
        return Answer((version + sum(view) + code + command) % 3 + 1)

    def decide(
        self, known: Known, run: tuple[int, ...], views: tuple[View, ...], code: int
    ) -> tuple[tuple[Outcome, ...], tuple[Event, ...]]:
        """Decides a run of commands one after the other, each on what those before it did."""
        versions = list(known.versions)
        answers = known.answers
        outcomes, events = [], []
        for command, view in zip(run, views, strict=True):
            first = self.rules.first_answer(answers, command)
            if first:
                outcomes.append(Outcome(command, first, again=True))
                continue
            stream = self.stream[command]
            answer = self.judge(command, versions[stream], view, code)
            outcomes.append(Outcome(command, answer, again=False))
            if answer is Answer.ACCEPTED:
                for part in range(self.size[command]):
                    versions[stream] += 1
                    events.append(Event(command, part, stream, versions[stream]))
            if answer is not Answer.NOT_YET:
                answers = (*answers[:command], answer, *answers[command + 1 :])
        return tuple(outcomes), tuple(events)

    def _read(self, known: Known, held: Log) -> Known:
        """Reads one batch more. A void one leaves no trace but its length."""
        number = held[-1]
        batch = self.batch(number)
        end = known.end + len(batch.records)
        if known.alarm or not self.rules.claim_holds(batch.claim, known.end):
            return known._replace(end=end)
        if not self.rules.follows_previous(batch.previous, known.last):
            return known._replace(end=end, alarm=True)
        after = known._replace(end=end, last=number, valid=(*known.valid, number))
        for record in batch.records:
            match record:
                case LogOpened():
                    after = after._replace(place=len(held), place_end=end)
                case Event():
                    after = self._happen(after, record)
                case Decided():
                    after = self._conclude(known, after, batch, record)
                    after = after._replace(place=len(held), place_end=end)
        return after

    def _happen(self, known: Known, event: Event) -> Known:
        broken = known.broken
        if event.part != known.parts[event.command]:
            broken = broken or (TWICE if event.part < known.parts[event.command] else PART)
        elif known.answers[event.command] not in {Answer.NONE, Answer.ACCEPTED}:
            broken = broken or BOTH
        elif event.version != known.versions[event.stream] + 1:
            broken = broken or GAP
        return known._replace(
            broken=broken,
            versions=_put(known.versions, event.stream, event.version),
            parts=_put(known.parts, event.command, event.part + 1),
            answers=(
                *known.answers[: event.command],
                Answer.ACCEPTED,
                *known.answers[event.command + 1 :],
            ),
        )

    def _conclude(self, before: Known, after: Known, batch: Batch, decided: Decided) -> Known:
        broken = after.broken
        if decided.first != before.resume + 1:
            broken = broken or (PASSED if decided.first > before.resume + 1 else DECIDED_TWICE)
        if any(mine < last for mine, last in zip(decided.view, before.view, strict=True)):
            broken = broken or BACK
        answers = list(after.answers)
        for command, answer, _ in decided.outcomes:
            if answer is Answer.NOT_YET:
                continue
            if answers[command] not in {Answer.NONE, answer}:
                broken = broken or BOTH
            answers[command] = answer
            if answer is Answer.ACCEPTED and after.parts[command] != self.size[command]:
                broken = broken or PART
        if not broken and not self._replays(before, batch, decided):
            broken = REPLAY
        return after._replace(
            broken=broken,
            answers=tuple(answers),
            resume=decided.upto,
            resume_command=decided.command,
            view=decided.view,
        )

    def _replays(self, before: Known, batch: Batch, decided: Decided) -> bool:
        """An auditor's replay: the recorded view and code, the state before, the same events."""
        if len(batch.records) == 1 and any(
            o.answer is Answer.ACCEPTED and not o.again for o in decided.outcomes
        ):
            # Torn from its events by a fault: what it did is judged whole or in part elsewhere.
            return True
        run = tuple(outcome.command for outcome in decided.outcomes)
        views = (decided.view,) * len(run)
        outcomes, events = self.decide(before, run, views, decided.code)
        return outcomes == decided.outcomes and events == batch.records[:-1]


def _put(values: tuple[int, ...], at: int, value: int) -> tuple[int, ...]:
    return (*values[:at], value, *values[at + 1 :])
