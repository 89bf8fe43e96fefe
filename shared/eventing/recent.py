"""A bounded mapping that keeps what was used lately."""

from typing import Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class Recent(Generic[K, V]):
    """Two generations of entries: what is used moves to the younger, `trim` drops the older.

    Trimmed often it holds about `limit` entries, among them the `limit // 2` used last. It never
    drops anything by itself, and a lookup costs one or two plain dict lookups.
    """

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __getitem__(self, key: K) -> V:
        """The value, which counts as used now. Raises `KeyError`."""
        try:
            return self._young[key]
        except KeyError:
            value = self._old[key]
            self[key] = value
            return value

    def __setitem__(self, key: K, value: V) -> None:
        """Keep a value, which counts as used now."""
        self._young[key] = value

    def trim(self) -> None:
        """Drop what has not been used for long, if there is too much."""
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}

    def __contains__(self, key: object) -> bool:
        """Whether it is here; does not count as use."""
        return key in self._young or key in self._old

    def __len__(self) -> int:
        """How many different keys are here."""
        return len(self._young.keys() | self._old.keys())

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: D | None = None) -> V | D | None:
        """The value, which counts as used now, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def pop(self, key: K) -> V | None:
        """Remove and give the value, if it is here."""
        old = self._old.pop(key, None)
        return self._young.pop(key, old)

    def clear(self) -> None:
        """Drop everything."""
        self._young = {}
        self._old = {}
