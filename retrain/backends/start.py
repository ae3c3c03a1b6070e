"""What a training goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from errata.inference.artefact import model_parts


@dataclass(frozen=True, slots=True)
class Start:
    base: Path
    adapter: Path | None
    """An adapter to go on with; None for a new one."""

    @classmethod
    def of(cls, folder: Path, models: Path) -> Start:
        """The model in `folder`; `models` is where an adapter's base is kept."""
        return cls(*model_parts(folder, models))
