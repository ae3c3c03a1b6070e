"""Two candidates on one night: each is trained, and the better one on dev goes to the gate. The gate's items have no
part in the choice, so that it tests one model, as on any night, of which nobody knows how it does on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from errata.documents.candidate_choice import CandidateChoice, DevCandidate
from errata.documents.document import read_document, write_document
from errata.documents.file_names import CANDIDATE, CANDIDATE_CHOICE, NO_CANDIDATE
from errata.documents.night import CandidateStart, Night
from errata.domain.clusters import cluster_name
from errata.loop.stages import keep_training, restore_training, run_stages
from errata.progress import note
from errata.wording.night_sentences import choice_sentence, training_sentence
from errata.workspace import Workspace


@dataclass(frozen=True, slots=True)
class DevF1:
    """What a candidate scored on an item of dev."""

    cluster: str
    f1: float


@dataclass(frozen=True, slots=True)
class MadeCandidate:
    start: CandidateStart
    model: str
    """Its identity; empty where too few rows made none."""
    scores: Mapping[str, DevF1]
    """By the item's transcript, by hash: of those that it has not seen."""


def choose_candidate(workspace: Workspace, night: Night) -> Night:
    """`night` with the one start from which the pipeline shall make its candidate. Where several are to be made, each
    is, and what the stages left of the one that is taken lies in the workspace again: it isn't trained twice.

    Raises as `run_stages` does.
    """
    if len(night.starts) < 2:
        return night
    path = workspace.nights / night.label / CANDIDATE_CHOICE
    if path.exists():  # a night that was cut short
        choice = read_document(CandidateChoice, path, "delete it")
        if _train(workspace, replace(night, start=choice.taken)) == choice.model:
            return replace(night, start=choice.taken)
    with workspace.scratch() as room:
        made = []
        for number, start in enumerate(night.starts, 1):
            note(training_sentence(number, len(night.starts), start))
            made.append(_make(workspace, replace(night, start=start)))
            keep_training(workspace.root, room / start)
        choice = choice_of(made, workspace.params().evaluate.seed)
        if choice.taken != night.starts[-1]:
            restore_training(workspace.root, room / choice.taken)
    write_document(path, choice)
    note(choice_sentence(choice))
    return replace(night, start=choice.taken)


def _train(workspace: Workspace, night: Night) -> str:
    """The identity of the candidate that `night` says; empty where too few rows make none."""
    from errata.inference.artefact import verify

    night.write(workspace.root)
    run_stages(workspace.root, "train")
    folder = workspace.root / CANDIDATE
    return "" if (folder / NO_CANDIDATE).exists() else verify(folder)


def _make(workspace: Workspace, night: Night) -> MadeCandidate:
    from retrain.dev_choice import DevSet, dev_items, seen_by

    model, folder = _train(workspace, night), workspace.root / CANDIDATE
    if not model:
        return MadeCandidate(night.start, "", {})
    items = dev_items(workspace.record, night.training_watermark, seen_by(folder))
    talks = [item.transcript for item in items]
    scores = {
        talk.hash: DevF1(cluster_name(talk.channel, talk.external_id), f1)
        for talk, f1 in zip(talks, DevSet(items, workspace.models).item_f1(folder), strict=True)
    }
    return MadeCandidate(night.start, model, scores)


def choice_of(made: Sequence[MadeCandidate], bootstrap: int) -> CandidateChoice:
    """Between the one from base and the one from the champion, by the items that neither has seen. Where there are too
    few of these, or both score the same, the one from the champion is taken: it keeps what that has learnt."""
    from evaluation.statistics.paired import compare
    from retrain.dev_choice import LEAST_ITEMS

    base, champion = (next(one for one in made if one.start == start) for start in ("base", "champion"))
    items = sorted(base.scores.keys() & champion.scores.keys())
    f1 = {one.start: [one.scores[item].f1 for item in items] for one in (base, champion)}
    clusters = [base.scores[item].cluster for item in items]
    choice = CandidateChoice(
        taken="champion" if champion.model or not base.model else "base",
        candidates=tuple(
            DevCandidate(one.start, one.model, fmean(f1[one.start]) if items else None) for one in (champion, base)
        ),
        gain=compare(f1["base"], f1["champion"], clusters, bootstrap),
        least=LEAST_ITEMS,
    )
    is_better = choice.is_by_score and (choice.gain.effect or 0.0) > 0
    return replace(choice, taken="base") if is_better else choice
