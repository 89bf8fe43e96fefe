"""The two internal records of every event log: how it opened, and what was decided."""

from typing import Any

from pydantic import BaseModel, ConfigDict

LOG_OPENED = "okr.internal.LogOpened.v1"
DECIDED = "okr.internal.Decided.v1"
INTERNAL_PREFIX = "okr.internal."


class Internal(BaseModel):
    """A record for the machinery, never for people."""

    model_config = ConfigDict(frozen=True)


class LogOpened(Internal):
    """The first valid record of a partition: a random log id and the partition count."""

    log_id: str
    partitions: int


class RefusedEntry(Internal):
    """A command that was refused, with the facts of its sentence."""

    command: str
    code: str
    detail: dict[str, Any] | None = None
    pointer: str | None = None
    body: str | None = None


class RepeatEntry(Internal):
    """A command that was answered before, and where its first answer begins."""

    command: str
    position: str


class TriedEntry(Internal):
    """A dry run: what the owner would have decided."""

    command: str
    code: str | None = None
    detail: dict[str, Any] | None = None
    pointer: str | None = None
    events: tuple[dict[str, Any], ...] = ()
    version: int = 0


class Decided(Internal):
    """Ends every batch: up to which command offset was decided, and what had no event.

    `command` is the id of the command at `upto`; `versions` gives the stream version that the
    answer to an `unchanged` command reports, `bodies` its body digest, both by command id;
    `reactions` the highest source position decided of each reaction and source partition.
    """

    upto: int
    command: str
    refused: tuple[RefusedEntry, ...] = ()
    repeats: tuple[RepeatEntry, ...] = ()
    unchanged: tuple[str, ...] = ()
    versions: dict[str, int] = {}
    bodies: dict[str, str] = {}
    tried: tuple[TriedEntry, ...] = ()
    reactions: dict[str, int] = {}
    views: dict[str, dict[str, int]] = {}
    fingerprint: str
