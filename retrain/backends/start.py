"""What a training goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from errata.inference.artefact import CONNECTORS, model_parts


@dataclass(frozen=True, slots=True)
class Start:
    base: Path
    adapter: Path | None
    """An adapter to go on with; None for a new one."""
    connectors: Path | None = None
    """The folder of those to go on with, of a model that sees or hears; None for new ones."""
    parts: Path | None = None
    """The folder of the weights where each process is to hold its part of them alone (`retrain.sharding`); `base` is
    without them then."""

    @classmethod
    def of(cls, folder: Path, models: Path) -> Start:
        """The model in `folder`; `models` is where an adapter's base is kept."""
        base, adapter = model_parts(folder, models)
        return cls(base, adapter, folder if (folder / CONNECTORS).is_file() else None)
