"""What a model's confidence is known to be worth: nights measure it, so it isn't looked up for each answer."""

from __future__ import annotations

import asyncio
from time import monotonic

from errata.documents.calibration import Calibration
from errata.operations.confidence import find_calibration
from errata.workspace import Workspace

FRESH = 60.0
"""Seconds for which what was found is taken as it was."""


class KnownCalibrations:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, tuple[float, Calibration | None]] = {}

    async def of(self, model: str) -> Calibration | None:
        """By identity; None while too little of it is reviewed."""
        until, found = self._known.get(model, (0.0, None))
        if monotonic() >= until:
            found = await asyncio.to_thread(find_calibration, self._workspace, model)
            self._known[model] = (monotonic() + FRESH, found)
        return found
