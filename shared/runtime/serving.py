"""HTTP servers inside a process that has more to do than serve: no signals, no log set-up."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final, Literal

import uvicorn
from starlette.types import ASGIApp

_BACKLOG: Final = 2048
_KEEP_ALIVE: Final = 65


class CannotListen(Exception):
    """A port that we were told to use cannot be had."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process handles signals; a server that took them would stop only itself."""
        yield


@contextlib.asynccontextmanager
async def served(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    drain_seconds: float,
    lifespan: Literal["on", "off"] = "off",
) -> AsyncIterator[int]:
    """Serve `app` while the block runs; gives the port (of one's own choice where 0 was asked).

    Leaving the block closes the socket, lets what is under way end for at most `drain_seconds`,
    and ends the lifespan.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=round(drain_seconds),
    )
    server = _Server(config)
    serving = asyncio.create_task(_serve(server, host, port), name=f"http {host}:{port}")
    try:
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait({serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if serving.done():
            serving.result()
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await asyncio.wait([serving])


async def _serve(server: uvicorn.Server, host: str, port: int) -> None:
    try:
        await server.serve()
    except SystemExit as exit_:
        # How uvicorn says that it could not start; its reason is in the log.
        raise CannotListen(f"{host}:{port} cannot be served") from exit_
