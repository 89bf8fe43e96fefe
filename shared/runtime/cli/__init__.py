"""The command line, `okr`: every command in a room of its own, imported when it is typed."""

from shared.runtime.cli.program import main

__all__ = ["main"]
