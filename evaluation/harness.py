"""Test, then train: tonight's new corrections score every model that has never seen them.

Day-0, the champion, the candidate and a waiting challenger answer the same items. A model's answer to an item is
recorded once, so a night costs only what is new. Out come a row per item and model (`items.parquet`) and the
comparisons per contender (`evaluation.json`); nothing is decided here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from errata.database.record import Record
from errata.domain.chapter import canonical
from errata.domain.correction import Label
from errata.domain.hashing import canonical_json
from errata.domain.prediction import Prediction
from errata.inference.artefact import MANIFEST, home, read_seen, verify
from errata.inference.predict import Predictor
from errata.night import Night
from errata.workspace import Workspace, write_json
from evaluation.baseline import equal_split
from evaluation.metrics.score import VideoScore, mean_score, score_video
from evaluation.statistics import compare

FOLDER = Path("scores")

Part = Literal["fresh", "anchor", "retention"]


@dataclass(frozen=True)
class Contender:
    """A model that is scored tonight."""

    name: str
    """`day0`, `champion`, `candidate` or `challenger`."""
    identity: str
    folder: Path
    watermark: int
    """Up to where it may have been trained."""


@dataclass(frozen=True, slots=True)
class Item:
    """A label to score against; its part says what for."""

    part: Part
    label: Label

    @property
    def cluster(self) -> str:
        return self.label.channel or f"{self.label.external_id} alone"


@dataclass(frozen=True, slots=True)
class Scored:
    item: Item
    model: str
    prediction: Prediction
    score: VideoScore
    equal_split_f1: float
    """What equal chapters of the right number would score: the floor to be above."""
    reference: str
    """JSON of the chapters scored against: canonical, so that a perfect answer is possible."""


def fresh_items(record: Record, after: int, upto: int, models: Iterable[Contender]) -> list[Item]:
    """Labels of role `train` first given with `after` < seq <= `upto`, of whose leak group no model has seen anything.

    Not those that only a reviewer on probation stands for. One an item's leak group, so that no talk counts twice.
    """
    seen = frozenset[str]().union(*(read_seen(model.folder) for model in models))
    with record.read() as store:
        labels = [label for label in store.labels(after, upto) if label.role == "train" and label.first]
    told = (label for label in labels if label.seconded)
    unseen = {label.group: label for label in told if seen.isdisjoint(label.group_hashes)}
    return [Item("fresh", label) for label in unseen.values()]


def guardrail_items(record: Record, upto: int, models: Iterable[Contender]) -> list[Item]:
    """Held-out labels as of `upto`: `anchor` where a person corrected by today's guideline, `retention` where the
    chapters that came with the transcript still stand, so that the right answer has not changed since Day-0."""
    seen = frozenset[str]().union(*(read_seen(model.folder) for model in models))
    with record.read() as store:
        labels = [label for label in store.labels(0, upto) if label.role == "anchor"]
    unseen = {label.group: label for label in labels if seen.isdisjoint(label.group_hashes)}
    return [Item("retention" if label.kind == "reference" else "anchor", label) for label in unseen.values()]


def score_items(record: Record, contender: Contender, items: Sequence[Item], models: Path) -> list[Scored]:
    """Answers what the contender has not answered yet, with progress shown, and scores everything."""
    from rich.console import Console
    from rich.progress import Progress

    predictor = Predictor(contender.identity, contender.folder, models)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(f"{contender.name} {contender.identity[:8]}", total=len(items))
        asked = [item.label.transcript for item in items]
        answers = predictor.predict_all(record, asked, lambda: progress.advance(task))
    return [_score(record, answers[item.label.transcript], item) for item in items]


def _score(record: Record, prediction: Prediction, item: Item) -> Scored:
    with record.read() as store:
        transcript = store.transcript(item.label.transcript)
    reference = canonical(item.label.chapters, transcript).chapters
    floor = equal_split(transcript.duration, max(1, len(reference)))
    return Scored(
        item=item,
        model=prediction.model,
        prediction=prediction,
        score=score_video(reference, prediction.chapters, transcript.duration, transcript.unit),
        equal_split_f1=score_video(reference, floor, transcript.duration, transcript.unit).f1,
        reference=canonical_json([chapter.as_json() for chapter in reference]),
    )


class Scores:
    """Who scored what, by model and transcript."""

    def __init__(self, seed: int) -> None:
        self._by_model: dict[str, dict[int, Scored]] = {}
        self._seed = seed

    def add(self, scored: Iterable[Scored]) -> None:
        for row in scored:
            self._by_model.setdefault(row.model, {})[row.item.label.transcript] = row

    def mean(self, model: str, items: Sequence[Item]) -> dict[str, Any]:
        """Mean of every metric, and a 90 % cluster-bootstrap interval of F1's."""
        rows = [self._by_model[model][item.label.transcript] for item in items]
        if not rows:
            return {"n": 0}
        f1 = [row.score.f1 for row in rows]
        spread = compare(f1, [0.0] * len(f1), [item.cluster for item in items], self._seed)
        return {
            "n": len(rows),
            "low": spread.low,
            "high": spread.high,
            **mean_score([r.score for r in rows]).mean.as_json(),
        }

    def floor(self, model: str, items: Sequence[Item]) -> float | None:
        rows = [self._by_model[model][item.label.transcript] for item in items]
        return sum(row.equal_split_f1 for row in rows) / len(rows) if rows else None

    def compare(self, new: str, old: str, items: Sequence[Item], metric: str = "f1") -> dict[str, Any]:
        def values(model: str) -> list[float]:
            return [_value(self._by_model[model][item.label.transcript], metric) for item in items]

        return compare(values(new), values(old), [item.cluster for item in items], self._seed).as_json()

    def table(self, night: str, names: dict[str, str]) -> pa.Table:
        """A row per item and model; `names` maps a model's identity to what it is tonight."""
        rows = [_as_row(night, names[model], row) for model, found in self._by_model.items() for row in found.values()]
        return pa.Table.from_pylist(rows)


def _value(row: Scored, metric: str) -> float:
    return (0.0 if row.prediction.problems else 100.0) if metric == "parsable" else float(getattr(row.score, metric))


def _as_row(night: str, name: str, row: Scored) -> dict[str, Any]:
    label = row.item.label
    return {
        "night": night,
        "part": row.item.part,
        "name": name,
        "model": row.model,
        "transcript": label.transcript,
        "external_id": label.external_id,
        "channel": label.channel,
        "correction": label.correction,
        "kind": label.kind,
        "reviewer": label.reviewer,
        **row.score.as_json(),
        "equal_split_f1": row.equal_split_f1,
        "reference": row.reference,
        "prediction": canonical_json([chapter.as_json() for chapter in row.prediction.chapters]),
        "problems": list(row.prediction.problems),
    }


def evaluate(
    record: Record, night: Night, candidate: Contender | None, models: Path, seed: int
) -> tuple[dict[str, Any], pa.Table]:
    """The night's evaluation and its rows, see the module."""
    day0 = Contender("day0", night.day0, home(night.day0, models), 0)
    champion = Contender("champion", night.champion, home(night.champion, models), night.champion_watermark)
    rivals = [candidate] if candidate else []
    if night.challenger:
        folder = home(night.challenger, models)
        rivals.append(Contender("challenger", night.challenger, folder, night.challenger_watermark))
    everyone = {model.identity: model for model in (*rivals, champion, day0)}
    upto = night.gate_watermark
    tonight = fresh_items(record, night.training_watermark, upto, everyone.values())
    guardrails = guardrail_items(record, upto, everyone.values())
    fresh = {rival.identity: fresh_items(record, rival.watermark, upto, (rival, champion, day0)) for rival in rivals}
    scores = Scores(seed)
    for model in everyone.values():
        gathered = fresh.get(model.identity) or [item for items in fresh.values() for item in items]
        asked = {item.label.transcript: item for item in (*tonight, *gathered, *(guardrails if rivals else ()))}
        scores.add(score_items(record, model, list(asked.values()), models))
    result = {
        "night": night.label,
        "fresh_items": len(tonight),
        "accepted": sum(item.label.kind == "accept" for item in tonight),
        "equal_split_f1": scores.floor(day0.identity, tonight),
        "means": {model.name: scores.mean(model.identity, tonight) for model in (day0, champion, *rivals)},
        "contenders": [_contest(scores, rival, champion, day0, fresh[rival.identity], guardrails) for rival in rivals],
    }
    return result, scores.table(night.label, {identity: model.name for identity, model in everyone.items()})


def _contest(
    scores: Scores, rival: Contender, champion: Contender, day0: Contender, fresh: list[Item], guardrails: list[Item]
) -> dict[str, Any]:
    anchor = [item for item in guardrails if item.part == "anchor"]
    retention = [item for item in guardrails if item.part == "retention"]
    everything = [*fresh, *guardrails]
    return {
        "name": rival.name,
        "model": rival.identity,
        "watermark": rival.watermark,
        "primary": scores.compare(rival.identity, champion.identity, fresh),
        "against_day0": scores.compare(rival.identity, day0.identity, fresh),
        "guardrails": {
            "anchor": scores.compare(rival.identity, champion.identity, anchor),
            "day0_retention": scores.compare(rival.identity, day0.identity, retention),
            "parsable": scores.compare(rival.identity, champion.identity, everything, "parsable"),
        },
    }


def read_candidate(folder: Path, night: Night) -> Contender | None:
    """The candidate that `train` made tonight; None where it made none."""
    if not (folder / MANIFEST).exists():
        return None
    return Contender("candidate", verify(folder), folder, night.training_watermark)


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), yaml.safe_load(Path("params.yaml").read_text())["evaluate"]
    candidate = read_candidate(Path("candidate"), night)
    result, table = evaluate(workspace.record, night, candidate, workspace.models, params["seed"])
    FOLDER.mkdir(exist_ok=True)
    pq.write_table(table, FOLDER / "items.parquet", compression="zstd")
    write_json(FOLDER / "evaluation.json", result)
    means = ", ".join(f"{name} {mean['f1']:.1f}" for name, mean in result["means"].items() if mean["n"])
    sys.stderr.write(f"evaluate: {result['fresh_items']} fresh items; F1 {means or 'of nothing'}\n")


if __name__ == "__main__":
    main()
