"""Repeats (rule 6): where the first answers of the last seven days begin, refusals included.

Rebuilt from the log. A command is known by the id that its first event has, or would have had: that
derives from the command's, and it is what the log shows of a command that was accepted. Times are
broker times only, so equal logs give equal windows.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from shared.eventing.drafts import event_id
from shared.events.deciding import NOT_YET
from shared.events.internal import Decided

KEEP_MS: Final = 7 * 24 * 3600 * 1000


def key_of(first_event: str) -> bytes:
    """The id in 16 bytes: there are many of them."""
    return bytes.fromhex(first_event.replace("-", ""))


def not_yet_is_no_answer(code: str) -> bool:
    """Whether a refusal is only recorded: the edge asks again, so it is never a first answer."""
    return code == NOT_YET


class Window:
    """First answers, by the id of the first event that the command has or would have had."""

    def __init__(self) -> None:
        self._answers: dict[bytes, tuple[int, int]] = {}
        self._order: deque[tuple[int, bytes]] = deque()
        self._reactions: dict[str, int] = {}

    def first_answer(self, first_event: str, now_ms: int) -> int | None:
        """The offset at which the first answer to a command begins; None where there is none."""
        found = self._answers.get(key_of(first_event))
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
        self._remember(key_of(first_event), offset, timestamp_ms)

    def closed(self, decided: Decided, offset: int, timestamp_ms: int) -> None:
        """Remember what a `Decided` at `offset` answers by itself, and forget what is too old."""
        for entry in decided.refused:
            if not not_yet_is_no_answer(entry.code):
                self._answered(entry.command, offset, timestamp_ms)
        for command in decided.unchanged:
            self._answered(command, offset, timestamp_ms)
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
            window._remember(bytes.fromhex(key), offset, timestamp_ms)
        window._reactions.update(reactions)
        return window

    def _answered(self, command: str, offset: int, timestamp_ms: int) -> None:
        # What has no proper id was refused as unreadable, and is unreadable when it comes again.
        with suppress(ValueError):
            self._remember(key_of(event_id(command, 0)), offset, timestamp_ms)

    def _remember(self, key: bytes, offset: int, timestamp_ms: int) -> None:
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
