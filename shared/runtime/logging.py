"""Log lines: structured, with the context of what is under way; no names, no tokens, no bodies."""

import logging
import sys
from typing import Any, Final

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor

from shared.runtime.settings import Settings

_SECRET: Final = frozenset(
    {
        "authorization", "body", "cookie", "display_name", "email", "external_id", "key",
        "password", "secret", "text", "title", "token",
    }
)  # fmt: skip

_NOISY: Final = ("aiokafka", "asyncio", "uvicorn", "alembic", "faststream")


def configure(settings: Settings, *, process: str) -> None:
    """Send everything that is logged, ours and the libraries', to stderr in one form."""
    plain = settings.log_format == "plain" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_secrets,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_written(plain=plain),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def _written(*, plain: bool) -> list[Processor]:
    """How a line ends: for people, or for programs."""
    if plain:
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [
        # Without locals: they hold names, texts and tokens.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def without_secrets(_logger: Any, _method: str, line: EventDict) -> EventDict:  # noqa: ANN401
    """Drop what may never be in a log line, whoever put it there."""
    for name in _SECRET & line.keys():
        line[name] = "…"
    return line
