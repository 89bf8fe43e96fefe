"""Secrets are files that only their owner reads; what is missing is made once, by the first."""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class SecretIsOpen(Exception):
    """A secret file can be read by others than its owner."""


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the secret at `path`; made by `make` (mode 0600) when nobody has made it yet.

    Two processes that start at once end with the same secret: the file appears whole or not at
    all, and the later one reads what the earlier one wrote.
    """
    try:
        return read(path)
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return read(path)


def read(path: Path) -> bytes:
    """Return the secret at `path`; refuses one that the world can read."""
    secret = path.read_bytes()
    if stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO:
        raise SecretIsOpen(f"{path} can be read by anybody on this machine; chmod 600 it")
    return secret
