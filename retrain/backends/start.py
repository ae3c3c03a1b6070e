"""What a training goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Start:
    base: Path
    adapter: Path | None
    """An adapter to go on with; None for a new one."""
