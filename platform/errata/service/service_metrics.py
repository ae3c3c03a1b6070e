"""What Prometheus is told; no label holds a word of a talk, a title or a name."""

from __future__ import annotations

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errata.operations.canary_trial import CanaryState
from errata.service.live_models import LiveModels
from errata.service.shadow import ShadowCounts

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 20, 60, 300)
ELSEWHERE = "elsewhere"
"""The route of a path that there isn't: a client may name as many as it likes."""


class ServiceMetrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "errata_requests", "Requests that were answered", ("route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "errata_request_seconds",
            "From a request to its answer",
            ("route",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.commits = Histogram(
            "errata_commit_rows",
            "Requests that one transaction recorded",
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self._registry,
        )
        self.log_bytes = Gauge("errata_log_bytes", "Of SQLite's write-ahead log", registry=self._registry)
        self.log_moves = Counter("errata_log_moves", "That it was moved to the database", registry=self._registry)
        self._in_flight = Gauge("errata_in_flight", "Requests that wait for the model", registry=self._registry)
        self._jobs = Gauge("errata_jobs", "Jobs that wait", registry=self._registry)
        self._streams = Gauge("errata_streams", "Streams that run", registry=self._registry)
        self._listeners = Gauge("errata_stream_listeners", "Who listens to them", registry=self._registry)
        self._restarts = Gauge("errata_model_restarts", "Model processes that were replaced", registry=self._registry)
        self._speaks = Gauge("errata_model", "1 for the version that speaks", ("version",), registry=self._registry)
        self._canary_share = Gauge(
            "errata_canary_share",
            "Of the talks, those that the canary answers; 0 where none runs",
            ("version",),
            registry=self._registry,
        )
        self._canary_returned = Gauge(
            "errata_canary_returned",
            "1 where the last canary was returned, since it was corrected more",
            registry=self._registry,
        )
        self._canary_evidence = Gauge(
            "errata_canary_evidence",
            "The e-value of the last canary's reviews; it returns at 20",
            registry=self._registry,
        )
        self._canary_reviews = Gauge(
            "errata_canary_reviews",
            "Talks that the last canary is compared on",
            ("of", "outcome"),
            registry=self._registry,
        )
        self._shadow = Gauge(
            "errata_shadow_talks",
            "What became of talks that the challenger was to answer too",
            ("outcome",),
            registry=self._registry,
        )

    def observe(self, models: LiveModels, jobs: int) -> None:
        """How things stand now."""
        champion = models.champion.state
        self._in_flight.set(models.in_flight)
        self._jobs.set(jobs)
        self._restarts.set(champion.restarts + models.canary.state.restarts)
        self._speaks.clear()
        if champion.speaks:
            self._speaks.labels(champion.speaks[:16]).set(1)

    def observe_streams(self, running: int, listeners: int) -> None:
        self._streams.set(running)
        self._listeners.set(listeners)

    def observe_canary(self, state: CanaryState | None) -> None:
        self._canary_share.clear()
        if state is None:
            return
        canary, counts = state.canary, state.counts
        self._canary_share.labels(canary.model[:16]).set(canary.share if canary.is_running else 0.0)
        self._canary_returned.set(canary.end is not None and canary.end.how == "returned")
        self._canary_evidence.set(state.evidence)
        self._canary_reviews.labels("canary", "corrected").set(counts.canary_corrected)
        self._canary_reviews.labels("canary", "kept").set(counts.canary_kept)
        self._canary_reviews.labels("champion", "corrected").set(counts.champion_corrected)
        self._canary_reviews.labels("champion", "kept").set(counts.champion_kept)

    def observe_shadow(self, counts: ShadowCounts) -> None:
        self._shadow.labels("recorded").set(counts.recorded)
        self._shadow.labels("dropped").set(counts.dropped)
        self._shadow.labels("failed").set(counts.failed)

    def text(self) -> bytes:
        return generate_latest(self._registry)


class MeasuredRequests:
    """ASGI middleware that counts requests by route and status, and times them."""

    def __init__(self, app: ASGIApp, metrics: ServiceMetrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), [500]

        async def watched_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        finally:
            route = getattr(scope.get("route"), "path", ELSEWHERE)
            self._metrics.requests.labels(route, str(status[0])).inc()
            self._metrics.seconds.labels(route).observe(perf_counter() - began)
