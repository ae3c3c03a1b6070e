"""Test, then train: tonight's new corrections score every model that has never seen them.

Day-0, the champion, the candidate and a waiting challenger answer the same items. A model's answer to an item is
recorded once, so a night costs only what is new. Out come a row per item and model (`items.parquet`) and the
comparisons per contender (`evaluation.json`); nothing is decided here.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

from errata.database.holdout_log import HoldoutAccess
from errata.database.record import Record
from errata.documents.calibration import Calibrations
from errata.documents.comparison import Comparison
from errata.documents.document import write_document
from errata.documents.draft_effects import Lean
from errata.documents.engine_agreement import AgreementReport, ScoringEngine
from errata.documents.evaluation import ContenderScores, ContinualScores, Evaluation, LaterLabels
from errata.documents.file_names import CALIBRATION, CANDIDATE, EVALUATION, EXPORTS, ITEMS, METRICS, SCORES
from errata.documents.night import Night
from errata.documents.params import GateParams
from errata.documents.scored_items import ScoredItemRow, write_scored_items
from errata.domain.chapter import chapters_to_json
from errata.domain.hashing import canonical_json
from errata.files import write_json
from errata.inference.forks import ForkedModel
from errata.progress import progress_bar
from errata.stage_exit import stage_exit
from errata.workspace import Workspace
from evaluation.calibration import model_calibration
from evaluation.continual import general_ability_delta
from evaluation.draft_effects import labelled_items, night_lean, primary_comparison, title_comparison
from evaluation.dvc_metrics import dvc_metrics
from evaluation.holdout import log_night
from evaluation.items import Item, ScoredAnswer, ScoredModel, coarse_labels, score_items
from evaluation.message_likelihoods import MessageReader, can_read, chat_likelihood
from evaluation.metrics.message_score import MessageScore
from evaluation.model_scores import ModelScores
from evaluation.scoring_plan import NightModels, ScoringPlan, deciding_items, read_candidate
from evaluation.vintages import VintageLimits, continual_scores, score_matrix, worst_vintage

LIMITS = VintageLimits()


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    limits: VintageLimits = LIMITS
    engine: ScoringEngine | None = None
    """None: models answer themselves."""


DEFAULT = ScoringOptions()


class NightScoring:
    """A night's scores, gathered part by part; each model is loaded once, when it is first asked."""

    def __init__(self, record: Record, models: Path, seed: int) -> None:
        self.scores, self.past, self.relabelled = ModelScores(seed), ModelScores(seed), ModelScores(seed)
        self.names: dict[str, str] = {}
        """What each model is tonight, by identity."""
        self.record, self.models = record, models
        self._predictors: dict[str, ForkedModel] = {}
        self._readers: dict[str, MessageReader] = {}

    def ask(self, model: ScoredModel, items: Iterable[Item], earlier: Sequence[Item] = ()) -> None:
        """Scores `model` on items, and on those of earlier nights."""
        if model.identity not in self._predictors:
            self._predictors[model.identity] = ForkedModel(*model.answering, self.models)
        self.names[model.identity] = model.name
        by_transcript = {item.label.transcript: item for item in items}  # an item may have come in by several ways
        self.scores.add(self._score(model, model.name, list(by_transcript.values())))
        if earlier:
            self.past.add(self._score(model, f"{model.name} on earlier nights", earlier))

    def ask_again(self, model: ScoredModel, items: Sequence[Item]) -> None:
        """Scores what `model` has answered by the labels that the items have got since, and what counts no more."""
        if items:
            self.relabelled.add(self._score(model, f"{model.name} on what is shown beside", items))

    def rows(self, night: str) -> list[ScoredItemRow]:
        """A row per item and model."""
        return [_as_row(night, self.names[scored.model], scored) for scored in (*self.scores.all(), *self.past.all())]

    def _score(self, model: ScoredModel, title: str, items: Sequence[Item]) -> list[ScoredAnswer]:
        with progress_bar(f"{title} {model.identity[:8]}", len(items)) as advance:
            scored = score_items(self.record, self._predictors[model.identity], items, advance, model.identity)
        return self._with_likelihoods(model, scored)

    def _with_likelihoods(self, model: ScoredModel, scored: list[ScoredAnswer]) -> list[ScoredAnswer]:
        """Of chats, how likely the model holds what was written; whoever answers for it."""
        if not any(answer.item.label.task == "chat" for answer in scored) or not can_read(model.folder):
            return scored
        if model.identity not in self._readers:
            self._readers[model.identity] = MessageReader(model.folder, self.models)
        read = []
        for answer in scored:
            label = answer.item.label
            with self.record.read() as store:
                transcript = store.transcripts.read(label.transcript)
            found = chat_likelihood(self._readers[model.identity].read(transcript, label.chapters))
            values = {**asdict(answer.score), "perplexity": found.perplexity, "correctness": found.correctness}
            read.append(replace(answer, score=MessageScore(**values)))
        return read


def _as_row(night: str, name: str, scored: ScoredAnswer) -> ScoredItemRow:
    label, prediction = scored.item.label, scored.prediction
    return ScoredItemRow(
        night=night,
        part=scored.item.part,
        name=name,
        model=scored.model,
        transcript=label.transcript,
        external_id=label.external_id,
        channel=label.channel,
        length=scored.length,
        correction=label.correction,
        kind=label.kind,
        reviewer=label.reviewer,
        draft_by=label.draft_by,
        **asdict(scored.score),
        equal_split_f1=scored.equal_split_f1,
        reference=scored.reference,
        prediction=canonical_json(chapters_to_json(prediction.chapters)),
        problems=prediction.problems,
    )


def evaluate(
    record: Record,
    night: Night,
    candidate: ScoredModel | None,
    models: Path,
    seed: int,
    options: ScoringOptions = DEFAULT,
) -> tuple[Evaluation, list[ScoredItemRow]]:
    """The night's evaluation and its rows, see the module. Logs its access to the anchor."""
    scored, engine = NightModels.of(night, candidate, models), options.engine
    if engine is not None and engine.answering is not None:
        scored = scored.answering_by(engine.answering, models)
    plan = ScoringPlan.of(record, night, scored, models, seed, options.limits)
    scoring = _ask_everybody(NightScoring(record, models, seed), plan)
    if plan.guardrails:
        identities, count = tuple(sorted(scoring.names)), len(plan.guardrails)
        log_night(record, HoldoutAccess("anchor", "nightly", night.label, identities, count, night.gate_watermark))
    models_by_name = (plan.models.day0, plan.models.champion, *plan.models.rivals)
    evaluation = Evaluation(
        night=night.label,
        fresh_items=len(plan.tonight),
        accepted=sum(item.label.kind == "accept" for item in plan.tonight),
        coarse=coarse_labels(record, night.training_watermark, night.gate_watermark),
        equal_split_f1=scoring.scores.equal_split_f1(night.day0, plan.tonight),
        means={model.name: scoring.scores.mean(model.identity, plan.tonight) for model in models_by_name},
        contenders=tuple(_contender_scores(scoring, plan, rival, night.gate) for rival in plan.models.rivals),
        lean=_lean(scoring, plan),
        scoring=engine,
    )
    return evaluation, scoring.rows(night.label)


def _ask_everybody(scoring: NightScoring, plan: ScoringPlan) -> NightScoring:
    """A rival answers its own fresh items alone: others' may be what it was trained on."""
    models = plan.models
    every_fresh_item = list(chain.from_iterable(plan.fresh.values()))
    for model in models.by_identity.values():
        fresh = plan.fresh.get(model.identity, every_fresh_item)
        compared = model in models.rivals or model.identity == models.champion.identity
        scoring.ask(model, (*plan.tonight, *fresh, *plan.guardrails), plan.history.items if compared else ())
    for rival in models.rivals:
        for model in (rival, models.champion):
            scoring.ask_again(model, (*plan.relabelled[rival.identity], *plan.excluded[rival.identity]))
    if plan.best.identity not in models.by_identity:  # a champion of old: only the anchor is held against it
        scoring.ask(plan.best, plan.anchor_of_best())
    return scoring


def _contender_scores(
    scoring: NightScoring, plan: ScoringPlan, rival: ScoredModel, gate: GateParams
) -> ContenderScores:
    scores, new, old = scoring.scores, rival.identity, plan.models.champion.identity
    deciding, day0 = plan.deciding(new), plan.models.day0.identity
    labelled = labelled_items(scoring.record, scores, new, old, deciding)
    with scoring.record.read() as store:
        # Later nights' items are among this contender's: none may count twice.
        leans = store.nights.leans(rival.watermark)
    primary, drafts = primary_comparison(scores, new, old, labelled, leans, gate)
    by_length = scores.by_length(new, deciding)
    more = {f"slice_{name}": scores.compare(new, old, items) for name, items in by_length.items()}
    more["best_anchor"] = scores.compare(new, plan.best.identity, plan.anchor_of_best())
    titles = title_comparison(scores, new, old, labelled)
    if titles is not None:  # without a title to be held against, none is wrong
        more["titles"] = titles
    vintages = _vintage_comparisons(scoring, plan, rival)
    if vintages:
        more["forgetting"] = scoring.past.compare(new, old, plan.history.items)
    return ContenderScores(
        name=rival.name,
        model=new,
        watermark=rival.watermark,
        accepted=scores.compare(new, old, plan.accepted(new)),
        excluded=scoring.relabelled.compare(new, old, plan.excluded[new]),
        later_labels=_later_labels(scoring, plan, rival),
        primary=primary,
        drafts=drafts,
        against_day0=scores.compare(new, day0, deciding),
        guardrails={
            "anchor": scores.compare(new, old, plan.part("anchor")),
            "day0_retention": scores.compare(new, day0, plan.part("retention")),
            "collapses": scores.collapses(new, old, deciding),
            "parsable": scores.compare(new, old, [*plan.fresh[new], *plan.guardrails], "parsable"),
        },
        more_guardrails={**more, **vintages},
        continual=_continual(scoring, plan, rival, vintages) if vintages else None,
    )


def _later_labels(scoring: NightScoring, plan: ScoringPlan, rival: ScoredModel) -> LaterLabels | None:
    new, old = rival.identity, plan.models.champion.identity
    changed, withdrawn = plan.relabelled[new], plan.withdrawn[new]
    if not changed and not withdrawn:
        return None
    return LaterLabels(
        changed=len(changed),
        withdrawn=withdrawn,
        then=scoring.scores.compare(new, old, changed),
        now=scoring.relabelled.compare(new, old, changed),
    )


def _lean(scoring: NightScoring, plan: ScoringPlan) -> Lean | None:
    """One measurement a night: a second contender's would be of the same labels."""
    if not plan.models.rivals:
        return None
    new, old, items = plan.models.rivals[0].identity, plan.models.champion.identity, deciding_items(plan.tonight)
    return night_lean(labelled_items(scoring.record, scoring.scores, new, old, items))


def _vintage_comparisons(scoring: NightScoring, plan: ScoringPlan, rival: ScoredModel) -> dict[str, Comparison]:
    """Against the champion, on what each earlier night taught; all of it together is `forgetting`."""
    new, old, comparisons = rival.identity, plan.models.champion.identity, {}
    for vintage in plan.history.vintages:
        comparisons[f"vintage_{vintage.night}"] = scoring.past.compare(new, old, vintage.items)
    return comparisons


def _continual(
    scoring: NightScoring, plan: ScoringPlan, rival: ScoredModel, vintages: dict[str, Comparison]
) -> ContinualScores:
    """R of the nights so far, and what follows from it."""
    retention = plan.part("retention")
    now = scoring.scores.mean_f1(rival.identity, retention)
    before = scoring.scores.mean_f1(plan.models.day0.identity, retention)
    # Day-0's items are the one benchmark; without any there is no delta
    delta = math.nan if now is None or before is None else general_ability_delta([now], [before])
    r = score_matrix(scoring.record, scoring.models, plan.history, rival, plan.models.exports)
    return continual_scores(plan.history, rival.identity, r, delta, worst_vintage(vintages))


def calibrations(record: Record, night: Night, models: NightModels, seed: int) -> Calibrations:
    """Of everybody who was scored and may serve after tonight."""
    serving = {model.identity: model for model in (*models.rivals, models.champion)}
    fitted = [model_calibration(record, model, night.gate_watermark, seed) for model in serving.values()]
    return Calibrations(night.label, tuple(fitted))


def main() -> None:
    workspace = Workspace.find(Path.cwd())
    night, params = Night.read(workspace.root), workspace.params().evaluate
    limits = VintageLimits(items=params.vintage_items, vintages=params.vintages)
    candidate, engine = read_candidate(CANDIDATE, night), AgreementReport.read(EXPORTS).scoring
    options = ScoringOptions(limits, engine)
    evaluation, rows = evaluate(workspace.record, night, candidate, workspace.models, params.seed, options)
    write_scored_items(SCORES / ITEMS, rows)
    write_document(SCORES / EVALUATION, evaluation)
    models = NightModels.of(night, candidate, workspace.models)
    write_document(SCORES / CALIBRATION, calibrations(workspace.record, night, models, params.seed))
    write_json(Path(METRICS), dvc_metrics(evaluation))
    means = ", ".join(f"{name} {mean.f1:.1f}" for name, mean in evaluation.means.items() if mean.f1 is not None)
    sys.stderr.write(f"evaluate: {evaluation.fresh_items} fresh items; F1 {means or 'of nothing'}\n")


if __name__ == "__main__":
    with stage_exit():
        main()
