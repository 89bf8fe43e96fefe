"""Whether a process is ready, part by part, with the reasons of those that are not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.runtime.metrics import Metrics

Reason = str | None
"""Why a component is not ready; None when it is."""


@dataclass(slots=True)
class Light:
    """A component's state, switched by the component itself."""

    reason: Reason = "starting"

    def ready(self) -> None:
        """It works."""
        self.reason = None

    def not_ready(self, reason: str) -> None:
        """It does not, and why; people read this."""
        self.reason = reason


class Readiness:
    """The components of a process; it is ready when all of them are."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._components: dict[str, Callable[[], Reason]] = {}
        self._metrics = metrics

    def watch(self, name: str, reason: Callable[[], Reason]) -> None:
        """Ask `reason` whenever somebody wants to know; for what knows its own state."""
        if name in self._components:
            raise ValueError(f"two components are called {name}")
        self._components[name] = reason
        if self._metrics is not None:
            gauge = self._metrics.ready.labels(name)
            gauge.set_function(lambda: float(reason() is None))

    def component(self, name: str) -> Light:
        """A light for a component that tells when its state changes."""
        light = Light()
        self.watch(name, lambda: light.reason)
        return light

    def states(self) -> Mapping[str, Reason]:
        """Component → why it is not ready (None: it is)."""
        return {name: reason() for name, reason in self._components.items()}

    @property
    def ready(self) -> bool:
        """Whether every component is."""
        return all(reason is None for reason in self.states().values())
