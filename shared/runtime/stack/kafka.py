"""A single-node Apache Kafka (KRaft: broker and controller in one) on this machine."""

import asyncio
import base64
import shutil
import sys
import uuid
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from shared.runtime.stack.child import ChildFailed
from shared.runtime.stack.java import find_java
from shared.runtime.stack.ports import HOST
from shared.runtime.stack.program import Program

JARS = Path(sys.prefix) / "share" / "okr" / "kafka"
ARCHIVE = "broker.jsa"  # the JVM's classes, ready to map: halves the start

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
log.dirs={logs}

# A topic is made by `okr topics` as it is declared, or not at all; an undeclared one loses nothing.
auto.create.topics.enable=false
log.retention.ms=-1

# One node holds every replica.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
auto.leader.rebalance.enable=false
# After a kill the controller waits for so long until it lets the broker register again.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500

# A laptop: a group is complete at once, few threads, little memory set aside.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
background.threads=2
group.coordinator.threads=1
log.cleaner.dedupe.buffer.size=16777216
"""

_LOGGING = """\
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c{1})%n
logger.settings.name = org.apache.kafka.common.config.AbstractConfig
logger.settings.level = warn
"""


class Kafka:
    """The broker of one directory: its settings, its format, its program."""

    def __init__(self, home: Path, port: int, controller_port: int, jars: Path = JARS) -> None:
        self._home = home
        self._port = port
        self._controller_port = controller_port
        self._jars = jars

    @property
    def address(self) -> str:
        """Where clients bootstrap: host and port."""
        return f"{HOST}:{self._port}"

    async def program(self, *, write_archive: bool = False) -> Program:
        """Formats the directory once, writes the settings, and says what to run.

        With `write_archive` the process writes the archive of its classes when it stops.
        """
        if not any(self._jars.glob("kafka_*.jar")):
            raise ChildFailed(f"The broker's jars are not in {self._jars}. Type: make install")
        logs = self._home / "logs"
        if not logs.exists():
            await self._format(logs)
        archive = f"-XX:{'ArchiveClassesAtExit' if write_archive else 'SharedArchiveFile'}"
        return Program(
            name="kafka",
            argv=(
                *self._java(f"{archive}={self._jars / ARCHIVE}"),
                "kafka.Kafka",
                str(self._settings(logs)),
            ),
            answers=self._answers,
            stop_within=30.0,
            orphaned=Program.stop,  # it closes its log when it is asked: no recovery next time
        )

    async def _format(self, logs: Path) -> None:
        """Formats beside and renames, so that a directory is formatted or is not there."""
        beside = self._home / "logs.new"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        formatting = await asyncio.create_subprocess_exec(
            *self._java(f"-XX:SharedArchiveFile={self._jars / ARCHIVE}", "-XX:TieredStopAtLevel=1"),
            *("kafka.tools.StorageTool", "format"),
            # An id that begins with a dash would read as an option.
            *("--cluster-id", f"o{identity[1:]}", "--config", str(self._settings(beside))),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        words, _ = await formatting.communicate()
        if formatting.returncode:
            raise ChildFailed(f"Kafka's directory cannot be formatted:\n{words.decode()}")
        beside.rename(logs)

    def _settings(self, logs: Path) -> Path:
        file = logs.with_suffix(f"{logs.suffix}.properties")
        text = _PROPERTIES.format(
            host=HOST, port=self._port, controller_port=self._controller_port, logs=logs
        )
        file.write_text(text, encoding="utf-8")
        return file

    def _java(self, *options: str) -> tuple[str, ...]:
        logging = self._home / "log4j2.properties"
        logging.write_text(_LOGGING, encoding="utf-8")
        return (
            str(find_java()),
            *("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"),
            # Java 17 would leave a file per process under /tmp.
            *("-XX:-UsePerfData", "-Djava.awt.headless=true"),
            *options,
            f"-Dlog4j2.configurationFile={logging}",
            # Sorted, since the archive holds only for the same class path.
            *("-cp", ":".join(str(jar) for jar in sorted(self._jars.glob("*.jar")))),
        )

    async def _answers(self) -> bool:
        """Does it name itself in its metadata? It does once it may lead partitions."""
        try:
            _, writer = await asyncio.open_connection(HOST, self._port)
        except OSError:
            return False
        writer.close()
        client = AIOKafkaClient(bootstrap_servers=self.address, request_timeout_ms=5000)
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()
