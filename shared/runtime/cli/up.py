"""`okr up`: broker, database and every service on this machine, under one supervisor.

What it started as (the demo, an empty training organization, or the real thing) is decided at the
first start in a data directory and never changes.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

import shared
from shared.eventing.topics import ensure_topics
from shared.okr import identity
from shared.runtime.auth.issuing import local_issuer
from shared.runtime.cli.installation import Installation, Kind, Running
from shared.runtime.cli.said import Said
from shared.runtime.stack import (
    AlreadyRunning,
    ChildFailed,
    LocalStack,
    PortTaken,
    Program,
    Step,
    stop_requests,
)
from shared.runtime.story import Story, StoryStoppedError, play, read_story

USUAL_PORT: Final = 8080
PARTS: Final = ("work", "web")
STORY: Final = Path(shared.__file__).parent.parent / "demo" / "story.json"
REST_WITHIN: Final = 60.0
ASK_EVERY: Final = 0.01


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was typed."""

    data: Path
    port: int | None
    demo: bool
    training: bool
    kafka: str | None
    postgres: str | None

    @property
    def kind(self) -> Kind:
        """What a first start begins."""
        if self.demo and not self.training:
            return "demo"
        return "training" if self.training else "real"


async def run_up(wishes: Wishes, out: Console) -> None:
    """Start everything, say where it is, and stop everything in order when asked to."""
    installation = Installation(wishes.data)
    kind = installation.kind(wishes.kind)
    try:
        with stop_requests() as asked:
            await _up(wishes, installation, kind, out, asked)
    except AlreadyRunning as error:
        raise Said(str(error)) from None
    except (ChildFailed, PortTaken) as error:
        raise Said(str(error)) from None


async def _up(
    wishes: Wishes, installation: Installation, kind: Kind, out: Console, asked: asyncio.Event
) -> None:
    stack = LocalStack(
        wishes.data,
        kafka=wishes.kafka,
        postgres=wishes.postgres,
        tell=lambda step: _tell(step, out),
    )
    async with stack:
        await ensure_topics(stack.kafka)
        port = _http_port(stack, wishes.port)
        internal = {part: stack.ports.take(f"{part} internal") for part in PARTS}
        running = Running(
            http=f"http://127.0.0.1:{port}",
            kafka=stack.kafka,
            postgres=stack.postgres,
            internal={part: f"http://127.0.0.1:{at}" for part, at in internal.items()},
        )
        installation.note(running)
        programs = [
            _program(part, stack, installation, kind, port, internal[part]) for part in PARTS
        ]
        await stack.supervisor.start(*programs)
        if kind == "demo":
            playing = asyncio.create_task(_play(installation, running, out))
            stopping = asyncio.create_task(asked.wait())
            await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if asked.is_set():
                playing.cancel()
            else:
                stopping.cancel()
                playing.result()
        if not asked.is_set():
            _welcome(running, kind, wishes.data, out)
            await asked.wait()
        out.print("Stopping.")


def _http_port(stack: LocalStack, wanted: int | None) -> int:
    """The port that was asked for, the last one, the usual one, or a free one."""
    if wanted is None and "http" not in stack.ports.known():
        try:
            return stack.ports.take("http", USUAL_PORT)
        except PortTaken:
            pass
    return stack.ports.take("http", wanted)


def _program(
    part: str,
    stack: LocalStack,
    installation: Installation,
    kind: Kind,
    port: int,
    internal: int,
) -> Program:
    address = f"http://127.0.0.1:{internal}/readyz"
    env = {
        **os.environ,
        "OKR_BOOTSTRAP": stack.kafka,
        "OKR_POSTGRES": stack.postgres,
        "OKR_DATA_DIR": str(installation.data.absolute()),
        "OKR_PORT": str(port),
        "OKR_INTERNAL_PORT": str(internal),
        "OKR_TRAINING": "false" if kind == "real" else "true",
    }
    return Program(
        name=part,
        argv=(sys.executable, "-m", "shared.runtime.cli", "run", "all", "--part", part),
        answers=lambda: _answers(address),
        env=env,
        stop_within=20.0,
    )


async def _answers(address: str) -> bool:
    async with httpx2.AsyncClient(timeout=5.0) as client:
        try:
            return (await client.get(address)).is_success
        except httpx2.TransportError:
            return False


async def _play(installation: Installation, running: Running, out: Console) -> None:
    """Play what is left of the demo's autumn."""
    settings = installation.settings()
    issuer = local_issuer(settings)

    def token(who: str) -> str:
        if who == "admin":
            return issuer.mint_operator("admin")
        return issuer.mint(identity.import_id("member", who))

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=out,
        transient=True,
    )  # fmt: skip
    story: Story = await asyncio.to_thread(read_story, STORY)
    async with (
        httpx2.AsyncClient(base_url=running.http, timeout=60.0) as client,
        httpx2.AsyncClient(base_url=running.internal["work"], timeout=10.0) as work,
    ):
        with bar:
            task = bar.add_task("The six departments live through autumn 2021", total=None)
            try:
                await play(
                    story,
                    client,
                    token=token,
                    at_rest=lambda: _at_rest(work),
                    played=lambda done, of: bar.update(task, completed=done, total=of),
                )
            except StoryStoppedError as error:
                raise Said(f"{error} The demo stays as far as it came.") from None


async def _at_rest(work: httpx2.AsyncClient) -> None:
    """Wait until nothing that was caused so far is under way."""
    loop = asyncio.get_running_loop()
    until = loop.time() + REST_WITHIN
    while True:
        answer = await work.get("/restz")
        if answer.is_success:
            return
        if loop.time() > until:
            raise StoryStoppedError(f"The suite did not come to rest: {answer.text}")
        await asyncio.sleep(ASK_EVERY)


def _tell(step: Step, out: Console) -> None:
    styles: Mapping[str, str] = {"ready": "green", "died": "red"}
    if step.state == "starting":
        return
    out.print(f"  {step.name}: {step.state} {step.detail}".rstrip(), style=styles.get(step.state))


def _welcome(running: Running, kind: Kind, data: Path, out: Console) -> None:
    okr = Path(sys.executable).parent / "okr"
    program = okr.relative_to(Path.cwd()) if okr.is_relative_to(Path.cwd()) else okr
    where = "" if data == Path(".okr") else f" --data {data}"
    lines: list[Any] = [
        f"The suite answers at [bold]{running.http}[/bold]   (contract: {running.http}/docs)",
        f"Sign in with a token:  {program} token --as admin{where}",
        f"Kafka {running.kafka} · status: {program} status{where} · Ctrl-C stops everything",
    ]
    if kind != "real":
        lines.append("This is a training organization: its clock can be moved.")
    for line in lines:
        out.print(line, soft_wrap=True)
