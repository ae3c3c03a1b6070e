"""All that the record holds of one talk: what it is, what models answered, what people said, how nights scored it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from errata.database.label_source import Unlabelled
from errata.database.shipping import ALIASES
from errata.database.store import Store
from errata.documents.file_names import ITEMS
from errata.documents.scored_items import read_scored_items
from errata.domain.correction import Correction, Label
from errata.domain.prediction import Prediction
from errata.domain.roles import Role
from errata.domain.transcript import Transcript
from errata.errors import Forgotten, NotFound
from errata.files import JsonObject
from errata.operations.confidence import (
    UNKNOWN_CONFIDENCES,
    BorderConfidences,
    border_confidences,
    confident_chapters_json,
    find_calibration,
)
from errata.workspace import Workspace

NEAREST, LIKENESS = 3, 60
"""Ids that are suggested for one that isn't known, and how alike (of 100) they must be."""


@dataclass(frozen=True, slots=True)
class RecordedPrediction:
    seq: int
    at: datetime
    prediction: Prediction
    aliases: tuple[str, ...]
    """What its model is now."""
    answered_at: str
    """When a foreign model answered, ISO 8601, where its traces say so; else empty."""
    confidences: BorderConfidences = UNKNOWN_CONFIDENCES


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    seq: int
    at: datetime
    correction: Correction


@dataclass(frozen=True, slots=True)
class NightScore:
    """What a night made of a model's answer to the talk."""

    night: str
    verdict: str
    """The night's."""
    part: str
    """What the talk was for: `fresh`, `vintage`, `anchor` or `retention`."""
    name: str
    """What the model was that night."""
    model: str
    f1: float


@dataclass(frozen=True, slots=True)
class TalkView:
    seq: int
    """Of the newest version under the id."""
    transcript: Transcript
    arrived: datetime
    versions: Sequence[int]
    """`seq` of every transcript under the id."""
    own_role: Role
    role: Role
    """That counts: of its leak group, the strictest."""
    twins: Sequence[str]
    """Ids of the others in its leak group."""
    predictions: Sequence[RecordedPrediction]
    events: Sequence[RecordedEvent]
    label: Label | Unlabelled | None
    """In force now; `conflict` where reviewers differ, None where nobody has said anything."""
    scores: Sequence[NightScore]

    def as_json(self) -> JsonObject:
        """Without the words, which `--text` prints."""
        talk, label = self.transcript, self.label
        return {
            "id": talk.external_id,
            "transcript": self.seq,
            "versions": list(self.versions),
            "title": talk.title,
            "channel": talk.channel,
            "unit": talk.unit,
            "duration": talk.duration,
            "segments": len(talk.segments),
            "words": len(talk.text.split()),
            "arrived": self.arrived.isoformat(),
            "hash": talk.hash,
            "own_role": self.own_role,
            "role": self.role,
            "twins": list(self.twins),
            "predictions": [_prediction_json(each) for each in self.predictions],
            "events": [_event_json(each) for each in self.events],
            "label": _label_json(label) if isinstance(label, Label) else None,
            "unlabelled": label if isinstance(label, str) else None,
            "scores": [
                {name: getattr(score, name) for name in ("night", "verdict", "part", "name", "model", "f1")}
                for score in self.scores
            ],
        }


def _prediction_json(recorded: RecordedPrediction) -> JsonObject:
    answer = recorded.prediction
    return {
        "prediction": recorded.seq,
        "at": recorded.at.isoformat(),
        "answered_at": recorded.answered_at or None,
        "model": answer.model,
        "aliases": list(recorded.aliases),
        "template": answer.template,
        "foreign": answer.foreign,
        "chapters": confident_chapters_json(answer.chapters, recorded.confidences),
        "calibrated": recorded.confidences.calibrated,
        "problems": list(answer.problems),
    }


def _event_json(recorded: RecordedEvent) -> JsonObject:
    correction = recorded.correction
    return {
        "correction": recorded.seq,
        "at": recorded.at.isoformat(),
        "kind": correction.kind,
        "reviewer": correction.reviewer,
        "reviewed_on": correction.reviewed_on,
        "origin": correction.origin,
        "prediction": correction.prediction,
        "draft_by": correction.draft_by,
        "supersedes": correction.supersedes,
        "why": correction.why,
        "chapters": [chapter.as_json() for chapter in correction.chapters],
    }


def _label_json(label: Label) -> JsonObject:
    return {
        "correction": label.correction,
        "kind": label.kind,
        "reviewer": label.reviewer,
        "chapters": [chapter.as_json() for chapter in label.chapters],
    }


def view_talk(workspace: Workspace, external_id: str) -> TalkView:
    """Of the newest version under an outside id. Raises NotFound, which suggests the nearest ids, and Forgotten."""
    with workspace.record.read() as store:
        seq = _find(store, external_id)
        upto, transcript = store.watermark(), store.transcripts.read(seq)
        group = store.leak_groups.of(seq, upto)
        others = sorted(store.leak_groups.members(seq, upto) - {seq})
        meanings = {alias: store.aliases.model_of(alias) for alias in ALIASES}
        return TalkView(
            seq=seq,
            transcript=transcript,
            arrived=store.time_of(seq),
            versions=store.transcripts.versions_of(external_id),
            own_role=store.transcripts.own_role_of(seq),
            role=group.role,
            twins=[store.transcripts.external_id_of(other) for other in others],
            predictions=_predictions(workspace, store, seq, meanings),
            events=[
                RecordedEvent(number, store.time_of(number), correction)
                for number, correction in store.corrections.of_transcript(seq)
            ],
            label=store.labels.of(seq, upto),
            scores=_scores(workspace, store, seq),
        )


def _predictions(
    workspace: Workspace, store: Store, transcript: int, meanings: dict[str, str | None]
) -> list[RecordedPrediction]:
    answers = store.predictions.of_transcript(transcript)
    answered_at = store.traces.answered_at([seq for seq, answer in answers if answer.foreign])
    calibrations = {model: find_calibration(workspace, model) for model in {answer.model for _, answer in answers}}
    return [
        RecordedPrediction(
            seq=seq,
            at=store.time_of(seq),
            prediction=answer,
            aliases=_aliases(answer.model, meanings),
            answered_at=answered_at.get(seq, ""),
            confidences=border_confidences(answer.confidences, calibrations[answer.model]),
        )
        for seq, answer in answers
    ]


def _aliases(model: str, meanings: dict[str, str | None]) -> tuple[str, ...]:
    return tuple(alias for alias, identity in meanings.items() if identity == model)


def _find(store: Store, external_id: str) -> int:
    try:
        return store.transcripts.find(external_id)
    except Forgotten:
        raise
    except NotFound as problem:
        from rapidfuzz import process

        if store.videos.find(external_id) is not None:
            raise NotFound(
                f"the recording {external_id!r} has no transcript yet; errata acquire --status says why"
            ) from problem
        alike = process.extract(external_id, store.transcripts.external_ids(), limit=NEAREST, score_cutoff=LIKENESS)
        if not alike:
            raise
        nearest = ", ".join(repr(name) for name, _, _ in alike)
        raise NotFound(f"there is no transcript {external_id!r} in the record; the nearest are {nearest}") from problem


def _scores(workspace: Workspace, store: Store, seq: int) -> list[NightScore]:
    """Of each night, in their order, what stands in its folder."""
    scores = []
    for night in store.nights.summaries():
        path = workspace.nights / night.label / ITEMS
        for row in read_scored_items(path, seq) if path.exists() else ():
            scores.append(NightScore(night.label, night.verdict or "", row.part, row.name, row.model, row.f1))
    return scores
