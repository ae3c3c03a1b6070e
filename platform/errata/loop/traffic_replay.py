"""Recorded traffic against any model: what would it have answered, and would that have been better?

Talks are asked one after another, as requests come, and each answer is on record before many more are asked: a replay
that is cut short goes on where it was. F1 is of what `errata compare` would score too: nothing that is held out, nor
what the next night's test is made of, since a look at it here would tell of that test before it is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Literal

from errata.database.store import Store
from errata.documents.comparison import Comparison
from errata.domain.chapter import Chapters, chapters_to_json
from errata.domain.correction import same_chapters
from errata.domain.near_borders import shared_borders
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound
from errata.files import write_atomically
from errata.inference.predictor import AnswerKey, Predictor
from errata.inference.recorded import RecordedModel
from errata.loop.compared_models import (
    ComparedModel,
    ModelDescription,
    PromptSettings,
    compared_model,
    room_for_models,
)
from errata.operations.model_names import resolve_model
from errata.progress import progress_bar
from errata.tasks.template import Reading
from errata.workspace import Workspace
from evaluation.items import Item, Question, f1_alone, held_out_items, read_questions, unused_items
from evaluation.statistics.paired import compare

Traffic = Literal["requests", "predictions"]
"""What the service was asked, or whatever the champion has answered."""


@dataclass(frozen=True, slots=True)
class ReplayedTalk:
    external_id: str
    recorded_model: str
    recorded: Chapters
    replayed: Chapters
    agreement: float
    """Percent: borders that both have (within 5 s, of text without times at the same word), of all that either has."""
    problems: tuple[str, ...]
    """Why the replayed answer could not be read whole."""
    recorded_f1: float | None
    """None where it isn't scored."""
    replayed_f1: float | None


@dataclass(frozen=True, slots=True)
class AnswerSeconds:
    """What an answer took, of those that were given now; those of the record are not asked for again."""

    answers: int
    median: float
    most: float
    """The 95th percentile."""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    of: Traffic
    model: ModelDescription
    talks: int
    agreement: float
    """Percent: the mean over talks, see `ReplayedTalk`."""
    identical: int
    """Talks with the same chapters."""
    problems: int
    """Answers that could not be read whole, or are missing."""
    f1: Comparison | None
    """Of the model's answers minus those on record; None where nothing can be scored."""
    not_scored: int
    """Talks that were reviewed and are not scored: held out, for the next night, seen by the model, or disputed."""
    seconds: AnswerSeconds | None
    """None where every answer was on record."""


@dataclass
class TimedPredictor:
    """Asks for one answer after another, and notes what each took."""

    inner: Predictor
    key: AnswerKey = field(init=False)
    taken: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = self.inner.key

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading | None]:
        return [self._timed(transcript) for transcript in transcripts]

    def check(self, videos: Sequence[str]) -> None:
        self.inner.check(videos)

    def _timed(self, transcript: Transcript) -> Reading | None:
        began = time.perf_counter()
        reading = self.inner.answer([transcript])[0]
        self.taken.append(time.perf_counter() - began)
        return reading


def replay(
    workspace: Workspace, name: str, of: Traffic, last: int | None, settings: PromptSettings, out: Path | None
) -> ReplayReport:
    """Asks the model `name` (as `errata compare` takes it) about the talks of the traffic, of the `last` newest if that
    is given. `out` gets a line of JSON for each talk.

    Raises NotFound where there is no traffic, and BadInput where `out` is there already.
    """
    if out is not None and out.exists():
        raise BadInput(f"{out} is there already; name a new file, or remove that one")
    with TemporaryDirectory(dir=room_for_models(workspace)) as place:
        model = compared_model(workspace, name, 0, settings, Path(place))
        recorded = _recorded(workspace, of, last)
        timed = TimedPredictor(model.predictor)
        with progress_bar(f"{model.given} {model.predictor.key.model[:8]}", len(recorded)) as advance:
            replayed = RecordedModel(workspace.record, timed).predict_all(list(recorded), advance)
    questions = _questions(workspace, model, recorded)
    with workspace.record.read() as store:
        talks = [_talk(store, before, replayed.get(seq), questions.get(seq)) for seq, before in recorded.items()]
        reviewed = sum(bool(store.corrections.of_transcript(seq)) for seq in recorded)
    if out is not None:
        write_atomically(out, "".join(_line(talk) for talk in talks))
    return ReplayReport(
        of=of,
        model=model.description,
        talks=len(talks),
        agreement=fmean(talk.agreement for talk in talks),
        identical=sum(same_chapters(talk.recorded, talk.replayed) for talk in talks),
        problems=sum(bool(talk.problems) for talk in talks),
        f1=_f1(workspace, questions, recorded, replayed),
        not_scored=reviewed - len(questions),
        seconds=_seconds(timed.taken),
    )


def _recorded(workspace: Workspace, of: Traffic, last: int | None) -> dict[int, Prediction]:
    """What was answered to each transcript, by its number; those that were asked about last come last."""
    champion = resolve_model(workspace, "champion") if of == "predictions" else ""
    with workspace.record.read() as store:
        seqs = store.predictions.newest_of(champion) if champion else store.chapter_requests.answers()
        chosen = seqs if last is None else seqs[-last:]
        found = store.predictions.read_all(chosen)
    if not found:
        first = "errata predict" if champion else "errata serve"
        raise NotFound(f"there are no recorded {of} to replay; `{first}` makes some")
    return {found[seq].transcript: found[seq] for seq in chosen}


def _questions(workspace: Workspace, model: ComparedModel, recorded: Mapping[int, Prediction]) -> dict[int, Question]:
    """Right answers that may be looked at, by transcript."""
    with workspace.record.read() as store:
        gated, upto = store.nights.last_gate_watermark(), store.watermark()
    items: list[Item] = unused_items(workspace.record, 0, gated, model.seen)
    items += held_out_items(workspace.record, "dev", upto, model.seen)
    asked = [item for item in items if item.label.transcript in recorded]
    return {question.item.label.transcript: question for question in read_questions(workspace.record, asked)}


def _f1(
    workspace: Workspace,
    questions: Mapping[int, Question],
    recorded: Mapping[int, Prediction],
    replayed: Mapping[int, Prediction],
) -> Comparison | None:
    if not questions:
        return None
    old = [f1_alone(question, recorded[seq].chapters) for seq, question in questions.items()]
    new = [f1_alone(question, _chapters(replayed.get(seq))) for seq, question in questions.items()]
    clusters = [question.item.cluster for question in questions.values()]
    return compare(new, old, clusters, workspace.params().evaluate.seed)


def _chapters(answer: Prediction | None) -> Chapters:
    return answer.chapters if answer is not None else ()


def _talk(store: Store, before: Prediction, answer: Prediction | None, question: Question | None) -> ReplayedTalk:
    chapters = _chapters(answer)
    unit = store.transcripts.unit_of(before.transcript)
    return ReplayedTalk(
        external_id=store.transcripts.external_id_of(before.transcript),
        recorded_model=before.model,
        recorded=before.chapters,
        replayed=chapters,
        agreement=100 * shared_borders(before.chapters, chapters, unit),
        problems=answer.problems if answer is not None else ("it was not answered",),
        recorded_f1=None if question is None else f1_alone(question, before.chapters),
        replayed_f1=None if question is None else f1_alone(question, chapters),
    )


def _seconds(taken: Sequence[float]) -> AnswerSeconds | None:
    if not taken:
        return None
    from numpy import percentile

    return AnswerSeconds(len(taken), float(percentile(taken, 50)), float(percentile(taken, 95)))


def _line(talk: ReplayedTalk) -> str:
    recorded, replayed = (chapters_to_json(chapters) for chapters in (talk.recorded, talk.replayed))
    values = {**asdict(talk), "recorded": recorded, "replayed": replayed}
    return json.dumps(values, ensure_ascii=False) + "\n"
