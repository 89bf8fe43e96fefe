"""The two catalogues, read once; a sentence is looked up by section and code."""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, Literal

Language = Literal["zh-CN", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")
DEFAULT: Final[Language] = "zh-CN"

_CODES: Final = frozenset({"state", "needed", "kind", "wanted"})

Catalogue = Mapping[str, Mapping[str, str]]


@cache
def catalogue(language: Language) -> Catalogue:
    """Section → code → sentence of one language."""
    text = files("shared.runtime.texts").joinpath(f"{language}.json").read_text("utf-8")
    found: Catalogue = json.loads(text)
    return found


def sentence(
    section: str, code: str, language: Language, facts: Mapping[str, Any] | None = None
) -> str | None:
    """The sentence of a code with its facts filled in; None when the catalogue has none."""
    template = catalogue(language).get(section, {}).get(code)
    if template is None:
        return None
    words = catalogue(language).get("words", {})
    told = {name: _worded(name, value, words) for name, value in (facts or {}).items()}
    return template.format_map(_Facts(told))


@lru_cache(maxsize=256)
def preferred(accept_language: str) -> Language:
    """The language that an `Accept-Language` header prefers among ours; Chinese when none fits."""
    best: Language = DEFAULT
    best_weight = 0.0
    for part in accept_language[:200].lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _ours(tag.strip())
        weight = _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def _worded(name: str, value: Any, words: Mapping[str, str]) -> Any:  # noqa: ANN401 - as facts are
    """A fact that is one of our own codes, as a word; what people wrote stays as it is."""
    return words.get(value, value) if name in _CODES and isinstance(value, str) else value


def _ours(tag: str) -> Language | None:
    primary = tag.split("-", 1)[0]
    return {"zh": "zh-CN", "en": "en", "*": DEFAULT}.get(primary)  # type: ignore[return-value]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


class _Facts(dict[str, Any]):
    """What a sentence names and nobody told stands there as a dash."""

    def __missing__(self, _: str) -> str:
        return "—"

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - facts are of any type
        value = super().__getitem__(key)
        return "、".join(map(str, value)) if isinstance(value, list | tuple) else value
