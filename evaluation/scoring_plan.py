"""Who is scored on a night, and on what; nobody has been asked yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.database.record import Record
from errata.documents.night import Night
from errata.inference.artefact import MANIFEST, model_folder, verify
from evaluation.best_champion import best_champion
from evaluation.items import (
    Item,
    ScoredModel,
    excluded_since,
    fresh_items,
    gathered_items,
    guardrail_items,
    relabelled,
    transcripts_seen_by,
)
from evaluation.vintages import VintageHistory, VintageLimits, vintage_history


@dataclass(frozen=True)
class NightModels:
    """Who is scored tonight."""

    day0: ScoredModel
    champion: ScoredModel
    rivals: tuple[ScoredModel, ...]
    """The candidate and the challenger, those of them that there are."""
    exports: Mapping[str, str] | None = None
    """By model, the export that answers for it, identities; None where models answer themselves."""

    @classmethod
    def of(cls, night: Night, candidate: ScoredModel | None, models: Path) -> NightModels:
        rivals = [candidate] if candidate else []
        if night.challenger:
            folder = model_folder(night.challenger, models)
            rivals.append(ScoredModel("challenger", night.challenger, folder, night.challenger_watermark))
        champion = model_folder(night.champion, models)
        return cls(
            day0=ScoredModel("day0", night.day0, model_folder(night.day0, models), 0),
            champion=ScoredModel("champion", night.champion, champion, night.champion_watermark),
            rivals=tuple(rivals),
        )

    def answering_by(self, exports: Mapping[str, str], models: Path) -> NightModels:
        """The same models, each answering by the export that it has among `exports`."""
        day0, champion = (model.answering_by(exports, models) for model in (self.day0, self.champion))
        rivals = tuple(rival.answering_by(exports, models) for rival in self.rivals)
        return NightModels(day0, champion, rivals, exports)

    @property
    def by_identity(self) -> dict[str, ScoredModel]:
        """One model is one, whatever it is called; the name that comes last here is the one it has."""
        return {model.identity: model for model in (*self.rivals, self.champion, self.day0)}


@dataclass(frozen=True)
class ScoringPlan:
    models: NightModels
    tonight: list[Item]
    """Fresh to everybody."""
    fresh: dict[str, list[Item]]
    """By rival: since it was born, and seen neither by it nor by those it is compared with; by the labels that they had
    when they were first scored."""
    relabelled: dict[str, list[Item]]
    """By rival: of those that decide, those with another label by now, with it."""
    withdrawn: dict[str, int]
    """By rival: of those that decide, how many have no label any more."""
    excluded: dict[str, list[Item]]
    """By rival: what an earlier night's decision rested on, and tonight's doesn't."""
    guardrails: list[Item]
    history: VintageHistory
    best: ScoredModel
    """The best champion there ever was, by the anchor; tonight's, while nothing tells them apart."""

    @classmethod
    def of(
        cls, record: Record, night: Night, models: NightModels, folder: Path, seed: int, limits: VintageLimits
    ) -> ScoringPlan:
        """`folder` is where models are kept. Without a rival nothing is held against anybody, and the guardrails' items
        are left alone."""
        by_identity, upto, champion = models.by_identity, night.gate_watermark, models.champion
        tonight = fresh_items(record, night.training_watermark, upto, by_identity.values())
        if not models.rivals:
            return cls(models, tonight, {}, {}, {}, {}, [], VintageHistory(), champion)
        guardrails = guardrail_items(record, upto, by_identity.values())
        anchor = [item for item in guardrails if item.part == "anchor"]
        best = (best_champion(record, folder, night, anchor, seed, models.exports) if anchor else None) or champion
        fresh, changed, withdrawn = dict[str, list[Item]](), dict[str, list[Item]](), dict[str, int]()
        excluded = dict[str, list[Item]]()
        for rival in models.rivals:
            # A challenger has waited: what was new since it was born is fresh to it, not tonight's alone.
            name, compared = rival.identity, (rival, champion, models.day0)
            fresh[name] = gathered_items(record, rival.watermark, upto, compared)
            excluded[name] = deciding_items(excluded_since(record, fresh[name], rival.watermark, upto, compared))
            changed[name], withdrawn[name] = relabelled(record, deciding_items(fresh[name]), rival.watermark, upto)
        return cls(
            models=models,
            tonight=tonight,
            fresh=fresh,
            relabelled=changed,
            withdrawn=withdrawn,
            excluded=excluded,
            guardrails=guardrails,
            history=vintage_history(record, night, models.day0.folder, limits),
            best=by_identity.get(best.identity, best),
        )

    def deciding(self, rival: str) -> list[Item]:
        return deciding_items(self.fresh[rival])

    def accepted(self, rival: str) -> list[Item]:
        return [item for item in self.fresh[rival] if item.label.kind == "accept"]

    def part(self, name: str) -> list[Item]:
        return [item for item in self.guardrails if item.part == name]

    def anchor_of_best(self) -> list[Item]:
        """The anchor's items of which the best champion has seen nothing either."""
        seen = transcripts_seen_by([self.best])
        return [item for item in self.part("anchor") if seen.isdisjoint(item.label.group_hashes)]


def deciding_items(items: Sequence[Item]) -> list[Item]:
    """Without those that were accepted: whose draft it was has 100 on them."""
    return [item for item in items if item.label.kind != "accept"]


def read_candidate(folder: Path, night: Night) -> ScoredModel | None:
    """The candidate that `train` made tonight; None where it made none."""
    if not (folder / MANIFEST).exists():
        return None
    return ScoredModel("candidate", verify(folder), folder, night.training_watermark)
