"""`took.json`: what a night took of the machine, over all its attempts."""

from __future__ import annotations

from dataclasses import dataclass

from errata.documents.document import Document


@dataclass(frozen=True, slots=True)
class NightTiming(Document):
    attempts: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of the processor, with those of the night's own processes."""
