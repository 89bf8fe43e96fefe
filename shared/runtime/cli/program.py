"""What can be typed: the commands of `okr` with their arguments; errors become sentences."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from shared.runtime.cli.said import Said

OUT: Final = Console(highlight=False)
ERR: Final = Console(stderr=True, highlight=False)

app: Final = typer.Typer(
    name="okr",
    help="Objectives and key results as a log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Data = Annotated[
    Path, typer.Option("--data", envvar="OKR_DATA_DIR", help="Where everything is kept.")
]
DATA: Final = Path(".okr")


@app.command()
def up(
    data: Data = DATA,
    port: Annotated[
        int | None, typer.Option(help="HTTP port; else the last one, 8080, or a free one.")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Begin with the six departments.")
    ] = True,
    training: Annotated[
        bool, typer.Option("--training", help="Begin as a training organization.")
    ] = False,
    kafka: Annotated[
        str | None, typer.Option(help="Use this broker instead of an own one.")
    ] = None,
    postgres: Annotated[
        str | None, typer.Option(help="Use this database instead of an own one.")
    ] = None,
) -> None:
    """Run everything on this machine: broker, database, every service."""
    from shared.runtime.cli.up import Wishes, run_up

    _run(run_up(Wishes(data, port, demo, training, kafka, postgres), OUT))


@app.command()
def run(
    services: Annotated[list[str], typer.Argument(help="Names of services, or `all`.")],
    part: Annotated[str, typer.Option(help="`web`, `work`, or `both`.")] = "both",
) -> None:
    """Run one service (or several) in this process; settings come from the environment."""
    import uvloop

    from shared.runtime.cli.running import run_services

    # Everything here waits for sockets, and this loop turns over faster.
    _run(run_services(tuple(services), part), uvloop.new_event_loop)


@app.command()
def topics(
    data: Data = DATA,
    ensure: Annotated[
        bool, typer.Option("--ensure", help="Create those that are missing.")
    ] = False,
    replicas: Annotated[int, typer.Option(help="Replicas of each new partition.")] = 1,
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the declared topics and whether the broker has them as declared."""
    from shared.runtime.cli.looking import show_topics

    _run(show_topics(data, OUT, ensure=ensure, replicas=replicas, as_json=json_))


@app.command()
def status(
    data: Data = DATA,
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say where everything is and how far it has come: addresses, owners, positions, lag."""
    from shared.runtime.cli.looking import show_status

    _run(show_status(data, OUT, as_json=json_))


@app.command()
def token(
    who: Annotated[str, typer.Option("--as", help="admin, auditor, or a member's id or e-mail.")],
    data: Data = DATA,
) -> None:
    """Print a token to sign in with on this installation."""
    from shared.runtime.cli.tokens import print_token

    _run(print_token(data, who, OUT))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file in the format okr-import/1.")],
    data: Data = DATA,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Apply rows that differ.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Import departments, members, cycles and objectives; importing again changes nothing."""
    from shared.runtime.cli.importing import import_file

    with _sentences():
        import_file(data, file, OUT, dry_run=dry_run, update=update, as_json=json_)


@app.command()
def rebuild(
    projection: Annotated[str | None, typer.Argument(help="Which one; all when left out.")] = None,
    data: Data = DATA,
    json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Fold read models again from the beginning, beside the old ones, and switch."""
    from shared.runtime.cli.rebuilding import rebuild_projections

    _run(rebuild_projections(data, projection, OUT, as_json=json_))


@app.command()
def bench(
    only: Annotated[str | None, typer.Argument(help="Part of a row's name.")] = None,
) -> None:
    """Measure this machine, each figure beside its baseline of the same run."""
    from shared.runtime.cli.measuring import measure

    with _sentences():
        raise typer.Exit(measure(only))


def main() -> None:
    """Run the command line; the exit code is 0 only when all is well."""
    app()


@contextmanager
def _sentences() -> Iterator[None]:
    """What went wrong is said in a sentence, and the exit code tells programs."""
    try:
        yield
    except Said as said:
        ERR.print(str(said), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(said.code) from None


def _run(
    what: Coroutine[Any, Any, None],
    make_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    with _sentences(), asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(what)
