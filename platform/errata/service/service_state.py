"""What the routes share for as long as the service runs."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from errata.database.record import Record
from errata.service.known_keys import KnownKeys
from errata.service.rates import Rates
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace


@dataclass
class ServiceState:
    workspace: Workspace
    settings: ServiceSettings
    record: Record
    keys: KnownKeys
    rates: Rates


def state(request: Request) -> ServiceState:
    """Of the application that answers this request."""
    found = request.app.state.service
    assert isinstance(found, ServiceState)  # noqa: S101 - make_app put it there
    return found
