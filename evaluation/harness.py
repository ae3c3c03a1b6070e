"""Test, then train: tonight's new corrections score every model that has never seen them.

Day-0, the champion, the candidate and a waiting challenger answer the same items. A model's answer to an item is
recorded once, so a night costs only what is new. Out come a row per item and model (`items.parquet`) and the
comparisons per contender (`evaluation.json`); nothing is decided here.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from errata.database.holdout_log import HoldoutAccess
from errata.database.record import Record
from errata.documents.night import Night
from errata.domain.hashing import canonical_json
from errata.files import write_json
from errata.inference.artefact import MANIFEST, model_folder, verify
from errata.inference.model import FolderModel
from errata.workspace import Workspace
from evaluation import vintages
from evaluation.best import best_ever
from evaluation.continual import general_ability_delta
from evaluation.holdout import log_night
from evaluation.items import Contender, Item, Scored, fresh_items, guardrail_items, score_items, seen_by, value_of
from evaluation.metrics.score import mean_score
from evaluation.statistics import compare
from evaluation.vintages import History, Sampling

FOLDER = Path("scores")
SAMPLING = Sampling()


class Scores:
    """Who scored what, by model and transcript."""

    def __init__(self, seed: int) -> None:
        self._by_model: dict[str, dict[int, Scored]] = {}
        self._seed = seed

    def add(self, scored: Iterable[Scored]) -> None:
        for row in scored:
            self._by_model.setdefault(row.model, {})[row.item.label.transcript] = row

    def of(self, model: str, items: Sequence[Item]) -> list[Scored]:
        return [self._by_model[model][item.label.transcript] for item in items]

    def mean(self, model: str, items: Sequence[Item]) -> dict[str, Any]:
        """Mean of every metric, and a 90 % cluster-bootstrap interval of F1's."""
        rows = self.of(model, items)
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
        rows = self.of(model, items)
        return sum(row.equal_split_f1 for row in rows) / len(rows) if rows else None

    def compare(self, new: str, old: str, items: Sequence[Item], metric: str = "f1") -> dict[str, Any]:
        def values(model: str) -> list[float]:
            found = [value_of(row, metric) for row in self.of(model, items)]
            return [math.nan if value is None else value for value in found]  # which blocks

        return compare(values(new), values(old), [item.cluster for item in items], self._seed).as_json()

    def by_length(self, model: str, items: Sequence[Item]) -> dict[str, list[Item]]:
        """The items by how long their talks are."""
        slices: dict[str, list[Item]] = {}
        for row in self.of(model, items):
            slices.setdefault(row.length, []).append(row.item)
        return slices

    def rows(self) -> list[Scored]:
        return [row for found in self._by_model.values() for row in found.values()]


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
        "length": row.length,
        "correction": label.correction,
        "kind": label.kind,
        "reviewer": label.reviewer,
        **row.score.as_json(),
        "equal_split_f1": row.equal_split_f1,
        "reference": row.reference,
        "prediction": canonical_json([chapter.as_json() for chapter in row.prediction.chapters]),
        "problems": list(row.prediction.problems),
    }


@dataclass(frozen=True)
class Cast:
    """Who is scored tonight."""

    day0: Contender
    champion: Contender
    rivals: tuple[Contender, ...]

    @classmethod
    def of(cls, night: Night, candidate: Contender | None, models: Path) -> Cast:
        rivals = [candidate] if candidate else []
        if night.challenger:
            folder = model_folder(night.challenger, models)
            rivals.append(Contender("challenger", night.challenger, folder, night.challenger_watermark))
        return cls(
            day0=Contender("day0", night.day0, model_folder(night.day0, models), 0),
            champion=Contender(
                "champion", night.champion, model_folder(night.champion, models), night.champion_watermark
            ),
            rivals=tuple(rivals),
        )

    @property
    def everyone(self) -> dict[str, Contender]:
        """By identity; one model is one, whatever it is called."""
        return {model.identity: model for model in (*self.rivals, self.champion, self.day0)}


class Scoring:
    """A night's scores, gathered part by part; each model is loaded once, when it is first asked."""

    def __init__(self, record: Record, models: Path, seed: int) -> None:
        self.scores, self.past = Scores(seed), Scores(seed)
        self.names: dict[str, str] = {}
        """What each model is tonight, by identity."""
        self.record, self.models = record, models
        self._predictors: dict[str, FolderModel] = {}

    def ask(self, model: Contender, items: Iterable[Item], earlier: Sequence[Item] = ()) -> None:
        """Scores `model` on items, and on those of earlier nights."""
        if model.identity not in self._predictors:
            self._predictors[model.identity] = FolderModel(model.identity, model.folder, self.models)
        self.names[model.identity] = model.name
        predictor = self._predictors[model.identity]
        once = {item.label.transcript: item for item in items}
        self.scores.add(score_items(self.record, predictor, model.name, list(once.values())))
        if earlier:
            self.past.add(score_items(self.record, predictor, f"{model.name} on earlier nights", earlier))

    def table(self, night: str) -> pa.Table:
        """A row per item and model."""
        rows = (*self.scores.rows(), *self.past.rows())
        return pa.Table.from_pylist([_as_row(night, self.names[row.model], row) for row in rows])


@dataclass(frozen=True)
class Programme:
    """What is scored tonight, and on whom."""

    cast: Cast
    tonight: list[Item]
    """Fresh to everybody."""
    fresh: dict[str, list[Item]]
    """By rival: since it was born, and seen neither by it nor by those it is compared with."""
    guardrails: list[Item]
    past: History
    best: Contender
    """The best champion there ever was, by the anchor; tonight's, while nothing tells them apart."""

    @classmethod
    def of(cls, record: Record, night: Night, cast: Cast, models: Path, seed: int, sampling: Sampling) -> Programme:
        everyone, upto = cast.everyone.values(), night.gate_watermark
        guardrails = guardrail_items(record, upto, everyone) if cast.rivals else []
        anchor = [item for item in guardrails if item.part == "anchor"]
        best = best_ever(record, models, night, anchor, seed) if anchor else None
        return cls(
            cast=cast,
            tonight=fresh_items(record, night.training_watermark, upto, everyone),
            fresh={
                rival.identity: fresh_items(record, rival.watermark, upto, (rival, cast.champion, cast.day0))
                for rival in cast.rivals
            },
            guardrails=guardrails,
            past=vintages.history(record, night, cast.day0.folder, sampling) if cast.rivals else History((), ()),
            best=cast.everyone.get(best.identity, best) if best else cast.champion,
        )

    def part(self, name: str) -> list[Item]:
        return [item for item in self.guardrails if item.part == name]

    def anchor_of_best(self) -> list[Item]:
        """The anchor's items of which the best champion has seen nothing either."""
        seen = seen_by([self.best])
        return [item for item in self.part("anchor") if seen.isdisjoint(item.label.group_hashes)]


def evaluate(
    record: Record,
    night: Night,
    candidate: Contender | None,
    models: Path,
    seed: int,
    sampling: Sampling = SAMPLING,
) -> tuple[dict[str, Any], pa.Table]:
    """The night's evaluation and its rows, see the module. Logs its access to the anchor."""
    cast = Cast.of(night, candidate, models)
    plan = Programme.of(record, night, cast, models, seed, sampling)
    scoring = _scored(record, plan, models, seed)
    if plan.guardrails:
        who = tuple(sorted(scoring.names))
        log_night(
            record, HoldoutAccess("anchor", "nightly", night.label, who, len(plan.guardrails), night.gate_watermark)
        )
    scores = scoring.scores
    result = {
        "night": night.label,
        "fresh_items": len(plan.tonight),
        "accepted": sum(item.label.kind == "accept" for item in plan.tonight),
        "equal_split_f1": scores.floor(cast.day0.identity, plan.tonight),
        "means": {
            model.name: scores.mean(model.identity, plan.tonight) for model in (cast.day0, cast.champion, *cast.rivals)
        },
        "contenders": [_contest(scoring, plan, rival) for rival in cast.rivals],
    }
    return result, scoring.table(night.label)


def _scored(record: Record, plan: Programme, models: Path, seed: int) -> Scoring:
    scoring = Scoring(record, models, seed)
    cast = plan.cast
    everybody = [item for items in plan.fresh.values() for item in items]
    for model in cast.everyone.values():
        gathered = plan.fresh.get(model.identity, everybody)
        kept = plan.past.items if model in cast.rivals or model.identity == cast.champion.identity else ()
        scoring.ask(model, (*plan.tonight, *gathered, *plan.guardrails), kept)
    if plan.best.identity not in cast.everyone:
        scoring.ask(plan.best, plan.anchor_of_best())
    return scoring


def _contest(scoring: Scoring, plan: Programme, rival: Contender) -> dict[str, Any]:
    scores, new, old = scoring.scores, rival.identity, plan.cast.champion.identity
    fresh, day0 = plan.fresh[new], plan.cast.day0.identity
    taught = _taught(scoring, plan, rival)
    slices = scores.by_length(new, fresh)
    return {
        "name": rival.name,
        "model": new,
        "watermark": rival.watermark,
        "primary": scores.compare(new, old, fresh),
        "against_day0": scores.compare(new, day0, fresh),
        "guardrails": {
            "anchor": scores.compare(new, old, plan.part("anchor")),
            "day0_retention": scores.compare(new, day0, plan.part("retention")),
            "parsable": scores.compare(new, old, [*fresh, *plan.guardrails], "parsable"),
        },
        "more_guardrails": {
            **{f"slice_{name}": scores.compare(new, old, items) for name, items in slices.items()},
            "best_anchor": scores.compare(new, plan.best.identity, plan.anchor_of_best()),
            **({"forgetting": scoring.past.compare(new, old, plan.past.items)} if taught else {}),
            **taught,
        },
        "continual": {**_continual(scoring, plan, rival), "worst": vintages.worst(taught)} if taught else {},
    }


def _taught(scoring: Scoring, plan: Programme, rival: Contender) -> dict[str, dict[str, Any]]:
    """Against the champion, on what each earlier night taught; all of it together is `forgetting`."""
    old = plan.cast.champion.identity
    return {
        f"vintage_{vintage.night}": scoring.past.compare(rival.identity, old, vintage.items)
        for vintage in plan.past.vintages
    }


def _continual(scoring: Scoring, plan: Programme, rival: Contender) -> dict[str, Any]:
    """R of the nights so far, and what follows from it."""
    kept, day0 = plan.part("retention"), plan.cast.day0.identity
    means = ([row.score.f1 for row in scoring.scores.of(model, kept)] for model in (rival.identity, day0))
    delta = general_ability_delta(*([sum(f1) / len(f1)] if f1 else [] for f1 in means))
    r = vintages.matrix(scoring.record, scoring.models, plan.past, rival)
    return vintages.as_json(plan.past, rival.identity, r, delta)


def read_candidate(folder: Path, night: Night) -> Contender | None:
    """The candidate that `train` made tonight; None where it made none."""
    if not (folder / MANIFEST).exists():
        return None
    return Contender("candidate", verify(folder), folder, night.training_watermark)


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), yaml.safe_load(Path("params.yaml").read_text())["evaluate"]
    candidate = read_candidate(Path("candidate"), night)
    sampling = Sampling(items=params["vintage_items"], vintages=params["vintages"])
    result, table = evaluate(workspace.record, night, candidate, workspace.models, params["seed"], sampling)
    FOLDER.mkdir(exist_ok=True)
    pq.write_table(table, FOLDER / "items.parquet", compression="zstd")
    write_json(FOLDER / "evaluation.json", result)
    means = ", ".join(f"{name} {mean['f1']:.1f}" for name, mean in result["means"].items() if mean["n"])
    sys.stderr.write(f"evaluate: {result['fresh_items']} fresh items; F1 {means or 'of nothing'}\n")


if __name__ == "__main__":
    main()
