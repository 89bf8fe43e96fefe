"""One supervisor a data directory."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class AlreadyRunning(Exception):
    """Another process holds the data directory."""


class DataLock:
    """Held while its `with` block runs; the kernel gives it back however the process ends."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file = data / "lock"
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Takes the lock, or raises `AlreadyRunning` with what to do."""
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise AlreadyRunning(
                f"Process {holder or 'of another user'} is already running on {self._data}. "
                "Stop it, or choose another directory with --data.",
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Gives the lock back; the file stays, since removing it would race with the next one."""
        os.close(self._descriptor)
