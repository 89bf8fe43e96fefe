"""The edge: writes commands and answers them from the log (rule 10 of ARCHITECTURE).

It tails all partitions of its service's events, whether or not this process owns any, and accepts
commands once it does. After a restart a client's retry is a repeat, and is answered as such.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.eventing.answered import Answered
from shared.eventing.answers import (
    Accepted,
    Answer,
    AnsweredAt,
    NotTailing,
    OutcomeUnknown,
    Overloaded,
    Question,
    Questions,
    Rejected,
    SaidEvent,
    Tried,
)
from shared.eventing.commands import CommandRecord, CommandWriter
from shared.eventing.drafts import event_id
from shared.eventing.first_answers import FirstAnswers
from shared.eventing.fold import HistoryCut
from shared.eventing.reader import Tail, places_of
from shared.eventing.topics import events_topic
from shared.eventing.wire import Unreadable
from shared.events.deciding import NOT_YET

__all__ = [
    "Accepted",
    "Answer",
    "Answered",
    "Edge",
    "NotTailing",
    "OutcomeUnknown",
    "Overloaded",
    "Rejected",
    "SaidEvent",
    "Tried",
]

log = logging.getLogger(__name__)

MOST_WAITING: Final = 4_096
"""Commands that may wait at once; further ones are turned away unwritten."""

ASKED_AGAIN_FOR: Final = 5.0
"""Seconds for which a `not_yet` is asked again."""

_FIRST_PAUSE: Final = 0.005


@dataclass(slots=True, eq=False)
class _Conversation:
    """One command and all who wait for its answer."""

    task: asyncio.Task[Answer]
    askers: int = 0


class Edge:
    """Asks the owner of a service's partitions; one for each service and process.

    `answered` is shared by the edges of a process: positions of other services' answers are
    stamped on commands, so that whoever talks to one process reads its own writes everywhere.
    `hears` are the services whose events this service's decisions rest on.
    """

    def __init__(
        self,
        service: str,
        *,
        bootstrap: str,
        writer: CommandWriter,
        answered: Answered | None = None,
        hears: tuple[str, ...] = (),
        most_waiting: int = MOST_WAITING,
        make_tail: Callable[..., Tail] = Tail,
    ) -> None:
        self.service = service
        self._writer = writer
        self._answered = answered or Answered()
        self._heard = frozenset(map(events_topic, hears))
        self._most_waiting = most_waiting
        self._make_tail = partial(
            make_tail,
            bootstrap,
            places_of([service]),
            client_id=f"okr-edge-{service}",
            from_end=True,
        )
        self._questions = Questions()
        self._waiting: dict[Question, asyncio.Future[Answer | AnsweredAt]] = {}
        self._conversations: dict[tuple[str, bool], _Conversation] = {}
        self._first_answers = FirstAnswers(bootstrap, client_id=f"okr-answers-{service}")
        self._loop: asyncio.Task[None] | None = None
        self._tail: Tail | None = None

    @property
    def ready(self) -> bool:
        """Whether it follows the log and so can answer."""
        return self._tail is not None and self._tail.trouble is None and not self._tail.broken

    @property
    def trouble(self) -> str | None:
        """Why it is not ready, in words."""
        if self._tail is None:
            return "not started, or waiting for the broker"
        return str(self._tail.broken) if self._tail.broken else self._tail.trouble

    async def start(self) -> None:
        """Begin to tail in the background; never waits for the broker."""
        self._loop = asyncio.create_task(self._follow(), name=f"edge {self.service}")

    async def stop(self) -> None:
        """Let go of everything; whoever still waits gets `OutcomeUnknown`."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.wait([self._loop])
        await self._first_answers.stop()

    async def watch(self) -> None:
        """Wait until the tail ends; raises the `HistoryCut` or `Unreadable` that ended it."""
        if self._loop is not None:
            await asyncio.shield(self._loop)

    async def ask(self, record: CommandRecord, *, wait: float = 10.0) -> Answer:
        """Write a command and wait for its answer, `wait` seconds at most.

        Whoever asks the same command while it waits shares its answer, as a repeat. A refusal
        `not_yet` is asked again for a while before it is given. Raises `OutcomeUnknown`.
        """
        if not self.ready:
            raise NotTailing(self.trouble)
        place = (record.id, record.dry)
        conversation = self._conversations.get(place)
        joined = conversation is not None
        if conversation is None:
            if len(self._conversations) >= self._most_waiting:
                raise Overloaded(f"{len(self._conversations)} commands wait for their answers")
            conversation = _Conversation(asyncio.create_task(self._converse(record)))
            conversation.task.add_done_callback(_seen)
            self._conversations[place] = conversation
        conversation.askers += 1
        try:
            await asyncio.wait([conversation.task], timeout=wait)
            if not conversation.task.done() or conversation.task.cancelled():
                raise OutcomeUnknown(f"no answer within {wait} s")
            answer = conversation.task.result()
        finally:
            conversation.askers -= 1
            if not conversation.askers:
                conversation.task.cancel()
                self._conversations.pop(place, None)
        if joined and not isinstance(answer, Tried):
            return replace(answer, repeat=True)
        return answer

    async def _converse(self, record: CommandRecord) -> Answer:
        loop = asyncio.get_running_loop()
        until = loop.time() + ASKED_AGAIN_FOR
        pause = _FIRST_PAUSE
        while True:
            answer = await self._ask_once(record)
            not_yet = not isinstance(answer, Accepted) and answer.code == NOT_YET
            if not not_yet or loop.time() + pause > until:
                break
            await asyncio.sleep(pause)
            pause *= 2
        if not isinstance(answer, Tried) and answer.position is not None:
            self._answered.note(answer.position)
        return answer

    async def _ask_once(self, record: CommandRecord) -> Answer:
        question = Question(
            record.id, event_id(record.id, 0).encode(), record.stream, dry=record.dry
        )
        future: asyncio.Future[Answer | AnsweredAt] = asyncio.get_running_loop().create_future()
        self._waiting[question] = future
        self._questions.add(question)
        try:
            landed = await self._writer.write(self._stamped(record))
            found = await future
        except MessageSizeTooLargeError:
            return Rejected("too_large", {}, None, None, body=record.body)
        except (KafkaError, OSError) as error:
            raise OutcomeUnknown(f"{type(error).__name__}: {error}") from error
        finally:
            self._questions.discard(question)
            del self._waiting[question]
        if isinstance(found, AnsweredAt):
            return await self._first_answers.read(record.id, record.stream, found.position)
        self._first_answers.keep(record.id, found)
        if question.events and question.events[0].src != landed.offset:
            # Another copy of the command was decided while this one was on its way.
            return replace(found, repeat=True) if isinstance(found, Accepted) else found
        return found

    def _stamped(self, record: CommandRecord) -> CommandRecord:
        """The command with the positions that its decision has to wait for.

        Positions of logs that this service does not hear cannot concern its decision.
        """
        after = {each for each in record.after if each.topic in self._heard}
        after.update(self._answered.of(self._heard))
        return replace(record, after=tuple(sorted(after)))

    async def _follow(self) -> None:
        tail = self._make_tail()
        try:
            await tail.open()
            self._tail = tail
            while True:
                for batch in await tail.next():
                    for question, answer in self._questions.take(batch):
                        future = self._waiting[question]
                        if not future.done():
                            future.set_result(answer)
        except (HistoryCut, Unreadable):
            log.exception("the edge of %s cannot go on", self.service)
            raise
        finally:
            self._tail = None if tail.broken is None else tail
            for conversation in self._conversations.values():
                conversation.task.cancel()
            await tail.close()


def _seen(task: asyncio.Task[Answer]) -> None:
    """An outcome that nobody waits for any more is no lost exception."""
    if not task.cancelled():
        task.exception()
