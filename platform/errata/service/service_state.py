"""What the routes share for as long as the service runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from errata.database.record import Record
from errata.database.store import Store
from errata.service.canary_watch import CanaryWatch
from errata.service.chapter_answers import ChapterAnswers
from errata.service.known_calibrations import KnownCalibrations
from errata.service.known_keys import KnownKeys
from errata.service.live_models import LiveModels
from errata.service.rates import Rates
from errata.service.record_writer import RecordWriter
from errata.service.service_metrics import ServiceMetrics
from errata.service.service_settings import ServiceSettings
from errata.service.shadow import Shadow
from errata.service.stream_looks import StreamLooks
from errata.workspace import Workspace

T = TypeVar("T")


@dataclass
class ServiceState:
    workspace: Workspace
    settings: ServiceSettings
    record: Record
    keys: KnownKeys
    rates: Rates
    metrics: ServiceMetrics
    writer: RecordWriter
    models: LiveModels
    canary: CanaryWatch
    shadow: Shadow
    answers: ChapterAnswers
    looks: StreamLooks
    calibrations: KnownCalibrations
    sync_ms: float = 0.0
    """What a sync of the record's disk took when the service started."""
    leaving: bool = False
    """It was told to end: whoever listens to a stream comes again."""

    async def read(self, work: Callable[[Store], T]) -> T:
        """What `work` makes of the record, in a thread."""
        return await run_in_threadpool(self.record.ask, work)


def state(request: Request) -> ServiceState:
    """Of the application that answers this request."""
    found: ServiceState = request.app.state.service
    return found
