"""The figures at `/metrics`; each has its sentence, from which alerts and docs are derived."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.5, 1.0, 5.0, 10.0)


class Metrics:
    """All figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self.requests = Histogram(
            "okr_http_request_seconds",
            "How long HTTP requests took, by route and status class.",
            ("route", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.under_way = Gauge(
            "okr_http_requests_under_way",
            "HTTP requests under way now.",
            registry=self.registry,
        )
        self.faults = Counter(
            "okr_faults",
            "Exceptions that nobody expected; each has a fault number in the log.",
            ("where",),
            registry=self.registry,
        )
        self.reactions = Counter(
            "okr_reactions",
            "Events that a reaction or an effect has dealt with, by outcome.",
            ("reaction", "outcome"),
            registry=self.registry,
        )
        self.ready = Gauge(
            "okr_component_ready",
            "Whether a component of this process is ready (1) or not (0).",
            ("component",),
            registry=self.registry,
        )
