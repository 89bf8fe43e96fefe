"""What the brokers do to a log, and to what is in flight to it, at their best and worst."""

from collections.abc import Iterator

from tests.protocol.model import Owner, Reader, State
from tests.protocol.reading import Reading, Step


class Brokers(Reading):
    """The log's own steps."""

    def _network(self, s: State) -> Iterator[tuple[Step, State]]:
        for index, number in enumerate(s.flight):
            rest = s.flight[:index] + s.flight[index + 1 :]
            yield ("lands", number), s._replace(log=(*s.log, number), flight=rest)
            if self.configuration.duplicates and len(s.log) <= self.configuration.appends:
                yield ("lands, and may again", number), s._replace(log=(*s.log, number))
        if s.high < len(s.log):
            yield ("is replicated", s.log[s.high]), s._replace(high=s.high + 1)
        for length in () if self.configuration.calm else range(s.high, len(s.log)):
            flight = tuple(sorted({*s.flight, *s.log[length:]}))
            yield (
                ("leader changes", s.log[length:]),
                s._replace(log=s.log[:length], flight=flight),
            )

    def _disasters(self, s: State) -> Iterator[tuple[Step, State]]:
        if s.cuts < self.configuration.cuts:
            for length in range(self.configuration.cut_from, s.high):
                flight = tuple(sorted({*s.flight, *s.log[length:]}))
                cut = s._replace(log=s.log[:length], high=length, flight=flight, cuts=s.cuts + 1)
                if self.configuration.restore and self.rules.compares_checkpoints():
                    cut = cut._replace(open=False)
                yield ("is cut", s.log[length:]), cut
        if self.configuration.regrown and not s.commands:
            owners = s.owners
            if not self.configuration.live_owners:
                owners = tuple(Owner(owner.code) for owner in s.owners)
            yield ("commands are cut",), s._replace(commands=1, owners=owners)

    def _comparison(self, s: State) -> Iterator[tuple[Step, State]]:
        """After a restore every process forgets, and the checkpoint must be found again."""
        readable = s.log[: s.high]
        agrees = self.rules.folds_from_the_start_and_agrees(
            readable=not self.fold(readable).alarm,
            in_place=self._finds_position(s.projector.held, readable) is not None,
        )
        if agrees:
            yield (
                ("is opened again",),
                s._replace(
                    open=True,
                    owners=tuple(Owner(owner.code) for owner in s.owners),
                    edges=(Reader(),) * len(s.edges),
                ),
            )
