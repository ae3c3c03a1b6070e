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

from errata.documents.document import read_document
from errata.documents.file_names import DAY0
from errata.documents.model_summary import ModelOrigin, ModelSummary
from errata.documents.params import ExportParams, Target
from errata.inference.artefact import Card, Form
from errata.workspace import Workspace
from registry.export.adapter import export_adapter
from registry.export.build import check_senses_ship
from registry.export.device import export_device
from registry.export.gguf_export import export_gguf
from registry.export.nf4 import export_nf4
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
    origin: ModelOrigin | None = None
    """Where the model's base came from; None where nobody kept it."""


@dataclass(frozen=True, slots=True)
class ExportTarget:
    name: Target
    """Of its alias, too."""
    build: Callable[[ExportSource, Path], str]
    """Writes the export to a folder; returns its identity. Raises BadInput or Unavailable where it can't be made."""
    form: Form
    """What it writes."""
    margin: float
    """Points of F1 that it may lose against the model that it was made from."""
    starts: float | None = None
    """Percentage points of chapter starts that it may give otherwise; None where nobody asks."""
    is_base: bool = False
    """Whether a model ships only together with it, and it is made whatever `export.targets` says. Any other is shipped
    or held back on its own."""


# Each margin's reason, written down before the first candidate was scored:
#  server 0.5            merging in 16 bit should change next to no answer.
#  device, gguf, nf4 1.0 weights of 8 or 4 bits cost a little; a reader doesn't see a point of F1.
#  adapter 0.5           what is merged as it is loaded should change next to no answer.
#  starts 1.0            99 of 100 starts as the model's own.
_ROWS = (
    ExportTarget(
        "server",
        lambda source, out: export_server(source.model, source.models, out, source.params.server),
        form="full",
        margin=0.5,
        starts=1.0,
        is_base=True,
    ),
    ExportTarget(
        "device",
        lambda source, out: export_device(source.server, out, source.params.device),
        form="onnx",
        margin=1.0,
    ),
    ExportTarget(
        "gguf",
        lambda source, out: export_gguf(source.server, out, source.params.gguf),
        form="gguf",
        margin=1.0,
    ),
    ExportTarget(
        "nf4",
        lambda source, out: export_nf4(source.server, out),
        form="full",
        margin=1.0,
    ),
    ExportTarget(
        "adapter",
        lambda source, out: export_adapter(source.model, source.models, out, source.origin),
        form="adapter",
        margin=0.5,
    ),
)
EXPORT_TARGETS: Mapping[str, ExportTarget] = {target.name: target for target in _ROWS}
"""By name; the base first, as others are made from it."""


def export_source(workspace: Workspace, model: Path, server: Path) -> ExportSource:
    """Of the model in `model`, whose server's export lies in `server` or will."""
    return ExportSource(model, workspace.models, server, workspace.params().export, _origin(workspace, model))


def _origin(workspace: Workspace, model: Path) -> ModelOrigin | None:
    """Of the base of an adapter that goes on Day-0."""
    path = workspace.root / DAY0
    with workspace.record.read() as store:
        day0 = store.aliases.model_of("day0")
    if not path.is_file() or Card.read(model).base != day0:
        return None
    return read_document(ModelSummary, path, "delete it").origin


def export_anew(workspace: Workspace, name: Target, model: Path, out: Path) -> str:
    """Writes `model` as the target `name` to `out`, by way of a server's export that is thrown away; returns its
    identity. Raises as the target's builder does."""
    target = EXPORT_TARGETS[name]
    check_senses_ship(model, target.form)  # before gigabytes are merged for a form that can't hold the model
    with TemporaryDirectory(dir=out.parent) as place:  # beside `out`: memory may be all that /tmp is
        source = export_source(workspace, model, Path(place) / "server")
        if not target.is_base:
            EXPORT_TARGETS["server"].build(source, source.server)
        return target.build(source, out)
