"""Repeats (rule 6): where the first answers of the last seven days begin, refusals included.

Rebuilt from the log: an event at index 0 is known by its id, which derives from its command's; what
had no event is in `Decided`. Times are broker times only, so equal logs give equal windows.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

from shared.events.deciding import NOT_YET
from shared.events.internal import Decided

KEEP_MS: Final = 7 * 24 * 3600 * 1000

_NO_UUID: Final = b""


def key_of(text: str) -> bytes:
    """A UUID in 16 bytes; empty for anything else, which is never remembered."""
    try:
        return bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return _NO_UUID


def not_yet_is_no_answer(code: str) -> bool:
    """Whether a refusal is only recorded: the edge asks again, so it is never a first answer."""
    return code == NOT_YET


class Window:
    """First answers by command: those with events under the id of their first event."""

    def __init__(self) -> None:
        self._answers: dict[bytes, tuple[int, int]] = {}
        self._order: deque[tuple[int, bytes]] = deque()
        self._reactions: dict[str, int] = {}

    def first_answer(self, command: str, first_event: str, now_ms: int) -> int | None:
        """The offset at which the first answer to a command begins; None where there is none."""
        found = self._answers.get(key_of(first_event)) or self._answers.get(key_of(command))
        if found is None or now_ms - found[1] > KEEP_MS:
            return None
        return found[0]

    def is_older_reaction(self, reaction: str | None) -> bool:
        """Whether a later event of the same source partition was reacted to before."""
        if reaction is None:
            return False
        name, position = reaction_source(reaction)
        return position < self._reactions.get(name, -1)

    def accepted(self, first_event: str, offset: int, timestamp_ms: int) -> None:
        """Remember an answer that begins with an event."""
        self._remember(first_event, offset, timestamp_ms)

    def closed(self, decided: Decided, offset: int, timestamp_ms: int) -> None:
        """Remember what a `Decided` at `offset` answers by itself, and forget what is too old."""
        for entry in decided.refused:
            if not not_yet_is_no_answer(entry.code):
                self._remember(entry.command, offset, timestamp_ms)
        for command in decided.unchanged:
            self._remember(command, offset, timestamp_ms)
        for name, position in decided.reactions.items():
            self._reactions[name] = max(position, self._reactions.get(name, -1))
        self._forget(timestamp_ms)

    def dumped(self) -> tuple[list[tuple[str, int, int]], dict[str, int]]:
        """Everything, for a snapshot."""
        answers = [
            (key.hex(), self._answers[key][0], timestamp_ms)
            for timestamp_ms, key in self._order
            if self._answers.get(key, (0, -1))[1] == timestamp_ms
        ]
        return answers, dict(self._reactions)

    @classmethod
    def loaded(
        cls, answers: Iterable[tuple[str, int, int]], reactions: Mapping[str, int]
    ) -> "Window":
        """What `dumped` gave."""
        window = cls()
        for key, offset, timestamp_ms in answers:
            window._remember(key, offset, timestamp_ms)
        window._reactions.update(reactions)
        return window

    def _remember(self, text: str, offset: int, timestamp_ms: int) -> None:
        key = key_of(text)
        if key:
            self._answers[key] = (offset, timestamp_ms)
            self._order.append((timestamp_ms, key))

    def _forget(self, now_ms: int) -> None:
        # A margin of a day: broker time may step back, and lookups compare the age themselves.
        while self._order and now_ms - self._order[0][0] > KEEP_MS + KEEP_MS // 7:
            timestamp_ms, key = self._order.popleft()
            if self._answers.get(key, (0, timestamp_ms))[1] == timestamp_ms:
                self._answers.pop(key, None)


def reaction_source(reaction: str) -> tuple[str, int]:
    """`<reaction>@<topic>/<partition>@<offset>` → what is counted, and its position."""
    name, _, position = reaction.rpartition("@")
    return (name, int(position)) if position.isdigit() else (reaction, 0)
