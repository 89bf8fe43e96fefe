"""Which port each program listens on: given, remembered from the last start, or a free one."""

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

HOST = "127.0.0.1"

# Below the range that the kernel takes for outgoing connections (32768 up on Linux): a client that
# tries again and again to reach a closed port of that range can end up connected to itself.
FREE_PORTS = range(20000, 32000)


class PortTaken(Exception):
    """A port that was asked for belongs to another program."""


class Ports:
    """The ports of one data directory, kept in its `ports.json`."""

    def __init__(self, data: Path) -> None:
        self._file = data / "ports.json"

    def take(self, name: str, wanted: int | None = None) -> int:
        """The port for `name`, the same as last time where that is still free.

        Raises `PortTaken` when a port that was asked for is in use.
        """
        if wanted is not None and not is_free(wanted):
            raise PortTaken(
                f"Port {wanted} for {name} is in use by another program. Choose another one.",
            )
        known = self.known()
        port = wanted or known.get(name)
        if port is None or not is_free(port):
            port = free_port(but=known.values())
        self._remember(known | {name: port})
        return port

    def known(self) -> dict[str, int]:
        """What was taken before, by name; empty where nothing was."""
        try:
            told: dict[str, int] = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return told

    def _remember(self, ports: dict[str, int]) -> None:
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(ports), encoding="utf-8")
        beside.replace(self._file)


def is_free(port: int) -> bool:
    """Could a program listen on this port of the loopback address now?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(but: Iterable[int] = ()) -> int:
    """Some port that nobody listens on, and none of `but`."""
    draw = random.SystemRandom()
    taken = set(but)
    while True:
        port = draw.choice(FREE_PORTS)
        if port not in taken and is_free(port):
            return port
