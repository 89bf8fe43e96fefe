"""Which streams share one consistency boundary, and so one partition and one state.

Most services decide stream by stream. The organization is one boundary, because its tree is; so is
alignment, because a loop check needs all links. A command's partition is that of its scope.
"""

from typing import Final

ONE_BOUNDARY: Final = frozenset({"organization", "alignment"})


def scope_of(service: str, stream: str) -> str:
    """The scope a stream is decided in: the service's name, or the stream itself."""
    return service if service in ONE_BOUNDARY else stream
