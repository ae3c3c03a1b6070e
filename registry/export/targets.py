"""What a model ships as: the one table of export targets, which all else follows.

To add one, write its builder in a file beside this one, add its row here, and its name to `Target` in
`errata/documents/params.py`, by which `params.yaml`, the aliases and the command line know it; a test holds that the
two agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.documents.params import ExportParams, Target
from registry.export.device import export_device
from registry.export.gguf_export import export_gguf
from registry.export.server import export_server


@dataclass(frozen=True, slots=True)
class ExportSource:
    """What an export is made from."""

    model: Path
    """The trained model: an adapter or a full model."""
    models: Path
    """Where an adapter's base is kept."""
    server: Path
    """The server's export of it: one folder of whole weights."""
    params: ExportParams


@dataclass(frozen=True, slots=True)
class ExportTarget:
    name: Target
    """Of its alias, too."""
    build: Callable[[ExportSource, Path], str]
    """Writes the export to a folder; returns its identity. Raises BadInput or Unavailable where it can't be made."""
    margin: float
    """Points of F1 that it may lose against the model that it was made from."""
    starts: float | None = None
    """Percentage points of chapter starts that it may give otherwise; None where nobody asks."""
    is_base: bool = False
    """Whether a model ships only together with it, and it is made whatever `export.targets` says. Any other is shipped
    or held back on its own."""


# Each margin's reason, written down before the first candidate was scored:
#  server 0.5            merging in 16 bit should change next to no answer.
#  device, gguf 1.0      weights of 8 or 4 bits cost a little; a reader doesn't see a point of F1.
#  starts 1.0            99 of 100 starts as the model's own.
_ROWS = (
    ExportTarget(
        "server",
        lambda source, out: export_server(source.model, source.models, out),
        margin=0.5,
        starts=1.0,
        is_base=True,
    ),
    ExportTarget(
        "device",
        lambda source, out: export_device(source.server, out, source.params.device),
        margin=1.0,
    ),
    ExportTarget(
        "gguf",
        lambda source, out: export_gguf(source.server, out, source.params.gguf),
        margin=1.0,
    ),
)
EXPORT_TARGETS: Mapping[str, ExportTarget] = {target.name: target for target in _ROWS}
"""By name; the base first, as others are made from it."""


def export_anew(name: Target, model: Path, models: Path, params: ExportParams, out: Path) -> str:
    """Writes `model` as the target `name` to `out`, by way of a server's export that is thrown away; returns its
    identity. `models` is where an adapter's base is kept. Raises as the target's builder does."""
    target = EXPORT_TARGETS[name]
    with TemporaryDirectory(dir=out.parent) as place:  # beside `out`: memory may be all that /tmp is
        source = ExportSource(model, models, Path(place) / "server", params)
        if not target.is_base:
            export_server(model, models, source.server)
        return target.build(source, out)
