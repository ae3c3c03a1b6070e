"""All that the papers of a model say, as data: `errata.loop.model_papers` gathers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from errata.database.corrections import SourceCount
from errata.documents.certificate import Certificate
from errata.documents.decision import Decision
from errata.documents.metric_values import ModelMean
from errata.documents.model_summary import OriginKind
from errata.documents.params import Target
from errata.documents.parity import Parity
from errata.documents.stage_reports import MixtureReport
from errata.inference.artefact import Card

UNNAMED_SOURCE = "imported without a name for their source"
"""Of talks that nobody gave one when they came, by `errata import transcripts --source`."""


@dataclass(frozen=True, slots=True)
class BaseModel:
    """The full model that everything was trained from, as `errata init` was given it: Day-0."""

    identity: str
    kind: OriginKind | None
    """None where nobody kept it: the workspace is of an older Errata."""
    name: str
    """`OWNER/NAME` on the hub, or the name of a folder or file."""
    revision: str
    licence: str
    """As the base names it; empty where it doesn't."""
    languages: tuple[str, ...] = ()
    """The same."""


@dataclass(frozen=True, slots=True)
class Training:
    night: str
    snapshot: str
    """The sha256 of its manifest; empty where the night kept none."""
    watermark: int
    sources: Mapping[str, SourceCount]
    """What had been corrected up to the watermark, by the name of its source."""
    kept: int | None
    """Talks that were left to train on once curation had left others out; None where the night didn't keep it."""
    mixture: MixtureReport | None
    packages: Mapping[str, str]
    """By what it was trained, with versions; empty where the night didn't keep it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided of it, the last time that it was asked."""

    night: str
    evidence: str
    """The sha256 of the evidence record."""
    decision: Decision
    mean: ModelMean | None
    """On that night's fresh items."""
    champion: ModelMean | None
    """Of what it was compared with, on the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    identity: str
    source: str
    """The trained model that this is, or was exported from."""
    target: Target | None
    """None for the trained model itself."""
    card: Card
    files: Mapping[str, str]
    """The sha256 of each sealed file."""
    base: BaseModel
    training: Training | None
    """None for Day-0, which was not trained here."""
    verdict: Verdict | None
    """None where no gate has seen it."""
    parity: Parity | None
    """Of an export that was scored."""
    certificate: Certificate | None = None
    """Of an export of a model that was promoted."""
    errata: str
    """The version that made the papers."""
