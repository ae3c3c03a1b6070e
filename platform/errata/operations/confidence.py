"""How sure a model is of its borders, as far as reviewed ones have shown."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.calibration import Calibration, Calibrations
from errata.documents.document import RESTORE, read_document
from errata.documents.file_names import CALIBRATION
from errata.domain.chapter import Chapters
from errata.files import JsonObject
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class BorderConfidences:
    values: tuple[float | None, ...]
    """Of each chapter, in their order: how probable it is that a reviewer would keep its border. None where the model
    didn't say."""
    calibrated: bool
    """Whether reviewed borders of this very model stand behind it; else it is what the model itself held probable."""


LOOKED_BACK = 30
"""Nights, the newest, in which a calibration is looked for."""
UNKNOWN_CONFIDENCES = BorderConfidences((), calibrated=False)


def find_calibration(workspace: Workspace, model: str) -> Calibration | None:
    """The newest that a night has measured of `model`, by identity; None while too little of it is reviewed."""
    with workspace.record.read() as store:
        labels = [night.label for night in store.nights.summaries()]
    for label in labels[: -LOOKED_BACK - 1 : -1]:
        path = workspace.nights / label / CALIBRATION
        if path.exists():
            found = read_document(Calibrations, path, RESTORE).of(model)
            if found is not None and found.map is not None:
                return found
    return None


def border_confidences(held: tuple[float | None, ...], calibration: Calibration | None) -> BorderConfidences:
    """Of what the model held probable: a `Prediction`'s or a `Reading`'s `confidences`."""
    known = any(each is not None for each in held)
    if calibration is None or calibration.map is None or not known:
        return BorderConfidences(held, calibrated=False)
    return BorderConfidences(calibration.apply(held), calibrated=True)


def confident_chapters_json(chapters: Chapters, confidences: BorderConfidences) -> list[JsonObject]:
    """Each chapter with its `confidence`, which is null where none is known."""
    values = confidences.values or (None,) * len(chapters)
    return [{**chapter.as_json(), "confidence": value} for chapter, value in zip(chapters, values, strict=True)]
