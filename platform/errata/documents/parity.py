"""`parity.json`, and `challenger-parity.json` of a model that waits: what ships, compared with the model that it was
made from, on the same items."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from errata.documents.comparison import Comparison
from errata.documents.document import RESTORE, Document, read_document
from errata.documents.engine_agreement import AnswerAgreement, EngineAgreement
from errata.documents.file_names import UNBUILT
from errata.files import JsonObject


@dataclass(frozen=True, slots=True)
class Footprint:
    """What it costs to run, against what serves now; effects in percent of the old, negative is worse."""

    size: Comparison
    """Bytes: `mean_new` and `mean_old`."""
    latency: Comparison
    """Seconds, 95th percentile: `mean_new` and `mean_old`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """One export."""

    model: str
    """The export's identity."""
    size: int
    """Bytes of all its files."""
    agreement: AnswerAgreement | None = None
    """None where an older Errata did not measure it."""
    f1: Comparison
    """Points of F1: the export minus the model that it was made from."""
    footprint: Footprint | None = None
    """None where the gate doesn't ask for it."""
    engine: EngineAgreement | None = None
    """Of an export that llama.cpp runs, as it was found before anything was scored."""


@dataclass(frozen=True, slots=True)
class UnbuiltExports(Document):
    """`unbuilt.json`, beside the exports."""

    problems: dict[str, str] = field(default_factory=dict)
    """By target, why it could not be made."""

    @classmethod
    def read(cls, exports: Path) -> UnbuiltExports:
        """Of the folder of a night's exports; empty where an older Errata made them."""
        path = exports / UNBUILT
        return read_document(cls, path, "run the night again") if path.is_file() else cls()


@dataclass(frozen=True, slots=True)
class ParityReport(Document):
    exports: dict[str, Parity] = field(default_factory=dict)
    """By target."""
    unbuilt: dict[str, str] = field(default_factory=dict)
    """By target of which there is no export, why: it could not be made, or is gone."""

    @classmethod
    def read(cls, path: Path) -> ParityReport:
        """Empty where nothing was exported."""
        return read_document(cls, path, RESTORE) if path.exists() else cls()

    @classmethod
    def upgrade(cls, value: JsonObject) -> JsonObject:
        """0: the targets stood alone."""
        return {"exports": value}
