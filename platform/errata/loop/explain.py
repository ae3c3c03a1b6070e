"""Where a talk has gone, from its import to training: its role and why, which correction counts, what the last night's
stages made of it, who has learnt from it, what it was scored on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.compute as pc

from errata.database.label_source import Unlabelled
from errata.database.store import Store
from errata.documents.document import read_document
from errata.documents.file_names import AUGMENTED, CURATED, LEFT_OUT, MIXTURE, ROWS, STAGE_REPORT
from errata.documents.night import Night
from errata.documents.stage_reports import MixtureReport
from errata.domain.correction import Label
from errata.domain.roles import Role
from errata.errors import BadInput, NotFound
from errata.files import JsonObject
from errata.loop.lineage import ModelUse, models_that_saw
from errata.operations.talk_view import NightScore, TalkView, view_talk
from errata.workspace import Workspace
from retrain.row_index import IndexedRow, indexed_rows, read_index


@dataclass(frozen=True, slots=True)
class TwinRole:
    external_id: str
    own_role: Role
    """What it drew, or was declared."""


@dataclass(frozen=True, slots=True)
class Event:
    """What somebody said of the talk's chapters."""

    correction: int
    kind: str
    reviewer: str
    """Empty for chapters that came with the transcript."""
    counts: bool
    """Whether the label in force says what it says."""


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """The talk among a night's rows: itself, or an altered copy."""

    altered: str
    is_new: bool
    """To the model that the night went on from; else it is replayed."""
    weight: float


@dataclass(frozen=True, slots=True)
class StageTrace:
    """What the last night's stages made of the talk."""

    night: str
    training_watermark: int
    """Corrections up to here could be trained on."""
    left_out: str
    """Why curation left it out; empty where it didn't."""
    is_curated: bool
    """False also where nothing had been said of it by then."""
    copies: tuple[str, ...]
    """Its altered copies."""
    drawn: tuple[DrawnRow, ...]
    """Of it and its copies, those that the night trained on."""
    examples_left_out: tuple[str, ...]
    """Why some of its windows were not learnt from."""


@dataclass(frozen=True, slots=True)
class Explanation:
    transcript: int
    external_id: str
    title: str
    arrived: str
    source: str
    """The name that its import gave, or else its channel."""
    own_role: Role
    role: Role
    """That counts: of its leak group, the strictest."""
    twins: tuple[TwinRole, ...]
    events: tuple[Event, ...]
    label: Label | None
    unlabelled: Unlabelled | None
    """Why there is no label though something was said."""
    trace: StageTrace | None
    """None where no night's stages lie in the workspace."""
    models: tuple[ModelUse, ...]
    """That have learnt from it, or a twin."""
    scores: tuple[NightScore, ...]

    def as_json(self) -> JsonObject:
        label = self.label
        plain = {name: value for name, value in asdict(self).items() if name != "label"}
        return plain | {"label": None if label is None else {"correction": label.correction, "kind": label.kind}}


def explain(workspace: Workspace, external_id: str) -> Explanation:
    """Raises NotFound, which suggests the nearest ids, and Forgotten."""
    talk = view_talk(workspace, external_id)
    with workspace.record.read() as store:
        upto = store.watermark()
        counting = store.labels.supporting_corrections(talk.seq, upto)
        hashes = store.leak_groups.of(talk.seq, upto).hashes
        twins = _twins(store, talk.seq, upto)
        source = store.transcripts.source_of(talk.seq) or talk.transcript.channel
    return Explanation(
        transcript=talk.seq,
        external_id=external_id,
        title=talk.transcript.title,
        arrived=talk.arrived.isoformat(),
        source=source,
        own_role=talk.own_role,
        role=talk.role,
        twins=twins,
        events=tuple(_events(talk, counting)),
        label=talk.label if isinstance(talk.label, Label) else None,
        unlabelled=None if isinstance(talk.label, Label) else talk.label,
        trace=_trace(workspace.root, talk.seq),
        models=tuple(models_that_saw(workspace, hashes)),
        scores=tuple(talk.scores),
    )


def _twins(store: Store, seq: int, upto: int) -> tuple[TwinRole, ...]:
    others = sorted(store.leak_groups.members(seq, upto) - {seq})
    return tuple(TwinRole(store.transcripts.external_id_of(one), store.transcripts.own_role_of(one)) for one in others)


def _events(talk: TalkView, counting: frozenset[int]) -> Sequence[Event]:
    return [
        Event(event.seq, event.correction.kind, event.correction.reviewer, event.seq in counting)
        for event in talk.events
    ]


def _trace(root: Path, transcript: int) -> StageTrace | None:
    try:
        night = Night.read(root)
        curated, augmented = (_rows_of(root / folder / ROWS, transcript) for folder in (CURATED, AUGMENTED))
        drawn = _drawn_rows(root / MIXTURE, transcript)
    except (NotFound, BadInput):  # before the first night, or after a deletion: the next one makes them
        return None
    reasons = _reasons(root / CURATED / LEFT_OUT, transcript)
    return StageTrace(
        night=night.label,
        training_watermark=night.training_watermark,
        left_out=reasons[-1] if reasons else "",
        is_curated=bool(curated),
        copies=tuple(row.altered for row in augmented if row.altered),
        drawn=drawn,
        examples_left_out=tuple(_reasons(root / MIXTURE / LEFT_OUT, transcript)),
    )


def _rows_of(path: Path, transcript: int) -> list[IndexedRow]:
    table = read_index(path)
    return indexed_rows(table.filter(pc.equal(table["transcript"], transcript)))


def _drawn_rows(mixture: Path, transcript: int) -> tuple[DrawnRow, ...]:
    table = read_index(mixture / ROWS)
    new = read_document(MixtureReport, mixture / STAGE_REPORT, "run the night again").new  # they come first
    places = pc.indices_nonzero(pc.equal(table["transcript"], transcript))
    rows = zip(places.to_pylist(), indexed_rows(table.take(places)), strict=True)
    return tuple(DrawnRow(row.altered, place < new, row.weight) for place, row in rows)


def _reasons(path: Path, transcript: int) -> list[str]:
    """Why a stage left its rows out."""
    if not path.exists():
        return []
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [str(line["reason"]) for line in lines if line.get("transcript") == transcript]
