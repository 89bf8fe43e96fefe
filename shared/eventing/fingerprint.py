"""The fingerprint of the code that decides and folds: equal code, equal fingerprint."""

import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from shared.events.deciding import Decider

_LANGUAGE: Final = ("shared.events", "shared.okr")
_DIGITS: Final = 16


def fingerprint_of(decider: Decider[Any, Any]) -> str:
    """A digest over the language, the arithmetic and the decider's own domain modules.

    What lies beside the decider's module counts if it is the service's domain folder.
    """
    module = type(decider).__module__
    digest = hashlib.sha256()
    for path in _sources((*_LANGUAGE, _domain(module))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:_DIGITS]


def _domain(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: parts.index("domain") + 1]) if "domain" in parts else module


def _sources(modules: Iterable[str]) -> Iterator[Path]:
    for module in modules:
        spec = importlib.util.find_spec(module)
        if spec is None:
            continue
        if spec.submodule_search_locations:
            for folder in spec.submodule_search_locations:
                yield from sorted(Path(folder).rglob("*.py"))
        elif spec.origin:
            yield Path(spec.origin)
