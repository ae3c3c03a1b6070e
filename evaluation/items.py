"""What models are scored on: which labels, for which purpose, and what an answer to one is worth.

Roles are disjoint by leak group. `fresh` items are of role `train`, before anybody trains on them; `dev` is for choices
that are made again and again; `anchor` and `sealed` are held out, and `evaluation.holdout` logs each access to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapter, Chapters, chapters_to_json
from errata.domain.clusters import cluster_name
from errata.domain.correction import Label, same_chapters
from errata.domain.hashing import canonical_json, sha256
from errata.domain.prediction import Prediction, with_messages
from errata.domain.right_answer import right_answer
from errata.domain.roles import Role
from errata.domain.task_name import TaskName
from errata.domain.transcript import Unit
from errata.errors import NotFound
from errata.inference.artefact import Card, model_folder, read_seal, read_training_transcripts
from errata.inference.model import answer_key
from errata.inference.predictor import Predictor
from errata.inference.recorded import RecordedModel
from evaluation.metrics.answer_f1 import answer_f1
from evaluation.metrics.description_score import score_descriptions
from evaluation.metrics.message_score import MessageScore, score_messages
from evaluation.metrics.score import VideoScore, score_video

AnswerScore = VideoScore | MessageScore
Part = Literal["fresh", "vintage", "dev", "anchor", "retention", "sealed"]


@dataclass(frozen=True)
class ScoredModel:
    """A model that is scored tonight."""

    name: str
    """`day0`, `champion`, `candidate`, `challenger` or `best`."""
    identity: str
    folder: Path
    watermark: int
    """Up to where it may have been trained."""
    export: Path | None = None
    """The folder of an export of it that answers in its stead; None where it answers itself."""

    @property
    def answering(self) -> tuple[str, Path]:
        """Identity and folder of what answers: the record keeps its answers under that identity."""
        return (self.identity, self.folder) if self.export is None else (read_seal(self.export)[0], self.export)

    def answering_by(self, exports: Mapping[str, str], models: Path) -> ScoredModel:
        """The same model, for which its export among `exports` (by model, identities) answers, kept in `models`."""
        return replace(self, export=model_folder(exports[self.identity], models))


@dataclass(frozen=True, slots=True)
class Item:
    """A label to score against; its part says what for."""

    part: Part
    label: Label

    @property
    def cluster(self) -> str:
        return cluster_name(self.label.channel, self.label.external_id)


@dataclass(frozen=True, slots=True)
class Question:
    """An item and what its right answer is: canonical, so that a perfect answer is possible."""

    item: Item
    reference: Chapters
    duration: float
    """In `unit`."""
    unit: Unit
    task: TaskName = "chapters"


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    item: Item
    model: str
    prediction: Prediction
    score: AnswerScore
    equal_split_f1: float | None
    """What equal chapters of the right number would score: the floor to be above. None of a task that has no such
    floor."""
    reference: str
    """JSON of the chapters scored against."""
    length: str = ""
    """`short`, `medium`, `long`, `longer`, or `untimed` for text without times."""


def fresh_items(record: Record, after: int, upto: int, models: Iterable[ScoredModel]) -> list[Item]:
    """Labels of role `train` first given with `after` < seq <= `upto`, of whose leak group no model has seen anything.

    Not those that only a reviewer on probation stands for. One an item's leak group, so that no talk counts twice.
    """
    return unused_items(record, after, upto, transcripts_seen_by(models))


def unused_items(record: Record, after: int, upto: int, seen: frozenset[str]) -> list[Item]:
    """`fresh_items` for models that have seen the transcripts of these hashes."""
    with record.read() as store:
        labels = [label for label in _first_labels(store, after, upto) if label.role == "train"]
        return [Item("fresh", label) for label in _one_a_group(store, labels, seen)]


def coarse_labels(record: Record, after: int, upto: int) -> int:
    """How many labels of role `train`, first given with `after` < seq <= `upto`, are too coarse to score by."""
    with record.read() as store:
        labels = [label for label in _first_labels(store, after, upto) if label.role == "train"]
        return sum(_is_coarse(store, label) for label in labels)


def _is_coarse(store: Store, label: Label) -> bool:
    return right_answer(label.task, label.chapters, store.transcripts.read(label.transcript)).is_coarse


def _first_labels(store: Store, after: int, upto: int) -> list[Label]:
    return [label for label in store.labels.between(after, upto) if label.first and label.corroborated]


def gathered_items(record: Record, after: int, upto: int, models: Iterable[ScoredModel]) -> list[Item]:
    """`fresh_items` as the nights since `after` scored them, the last of them as of `upto`: each with the label that it
    had when a night first scored it, so that no later word moves a comparison that was looked at.

    Leak groups and roles are those as of `upto`: a twin that is found late excludes what was scored, too. What was
    forgotten is gone.
    """
    seen = transcripts_seen_by(models)
    items: dict[int, Item] = {}
    with record.read() as store:
        for watermark in (*store.nights.gate_watermarks(after, upto), upto):
            labels = [_in_its_group(store, label, upto) for label in _first_labels(store, after, watermark)]
            for label in _one_a_group(store, labels, seen):
                if label.role == "train":
                    items.setdefault(label.group, Item("fresh", label))
            after = watermark
    return list(items.values())


def excluded_since(
    record: Record, items: Iterable[Item], after: int, upto: int, models: Iterable[ScoredModel]
) -> list[Item]:
    """What nights since `after` have scored, by its label and role of then, and what as of `upto` is neither among
    `items` nor a twin of one: a twin of it was found that is held out, or that a model was trained on. What was
    forgotten is gone."""
    kept, seen = {item.label.group for item in items}, transcripts_seen_by(models)
    excluded: dict[int, Item] = {}
    with record.read() as store:
        for watermark in store.nights.gate_watermarks(after, upto):
            for label in _one_a_group(store, _first_labels(store, after, watermark), seen):
                now = store.leak_groups.of(label.transcript, upto)
                if label.role == "train" and now.name not in kept:
                    excluded.setdefault(now.name, Item("fresh", label))
            after = watermark
    return list(excluded.values())


def _in_its_group(store: Store, label: Label, upto: int) -> Label:
    group = store.leak_groups.of(label.transcript, upto)
    return replace(label, role=group.role, group=group.name, group_hashes=group.hashes)


def relabelled(record: Record, items: Iterable[Item], after: int, upto: int) -> tuple[list[Item], int]:
    """Of items that were labelled since `after`, those whose label has other chapters as of `upto`, with it; and of how
    many there is none any more, since reviewers differ or took back what they said."""
    with record.read() as store:
        labels = {label.transcript: label for label in store.labels.between(after, upto)}
    changed, withdrawn = list[Item](), 0
    for item in items:
        label = labels.get(item.label.transcript)
        if label is None:
            withdrawn += 1
        elif not same_chapters(label.chapters, item.label.chapters):
            changed.append(replace(item, label=label))
    return changed, withdrawn


def guardrail_items(record: Record, upto: int, models: Iterable[ScoredModel]) -> list[Item]:
    """Held-out labels as of `upto`: `anchor` where a person corrected by today's guideline, `retention` where the
    chapters that came with the transcript still stand, so that the right answer has not changed since Day-0."""
    return held_out_items(record, "anchor", upto, transcripts_seen_by(models))


def held_out_items(record: Record, role: Role, upto: int, seen: frozenset[str]) -> list[Item]:
    """The labels of a held-out role as of `upto`: each the newest that stands, so that a label which the guideline
    contradicts is scored against no more once it is superseded. Those of `anchor` are told apart as guardrails are."""
    if role == "train":
        raise ValueError("what may be trained on is not held out")
    with record.read() as store:
        labels = _one_a_group(store, store.labels.of_role(role, upto), seen)
        return [Item(_part(role, label), label) for label in labels]


def _part(role: Literal["dev", "anchor", "sealed"], label: Label) -> Part:
    return "retention" if role == "anchor" and label.kind == "reference" else role


def transcripts_seen_by(models: Iterable[ScoredModel]) -> frozenset[str]:
    """By hash: those that any of the models was trained on, with their twins."""
    return frozenset[str]().union(*(read_training_transcripts(model.folder) for model in models))


def _one_a_group(store: Store, labels: Iterable[Label], training_hashes: frozenset[str]) -> list[Label]:
    """One label a leak group, of groups of which nothing was seen; none that is coarse."""
    unseen = [label for label in labels if training_hashes.isdisjoint(label.group_hashes)]
    by_group = {label.group: label for label in unseen if not _is_coarse(store, label)}
    return list(by_group.values())


def unreviewed_transcripts(record: Record, upto: int, seen: frozenset[str], draw: str, most: int) -> list[int]:
    """Transcripts, by `seq`, of which nobody had said anything as of `upto`: `most` at most, as `draw` draws them.

    Of role train, one a leak group, of groups of which nothing is among `seen`, by hash. The same draw gives the same
    ones in the same order, whatever has been said since; where one is gone, the others stay in theirs.
    """
    excluded, transcripts = set(seen), list[int]()
    with record.read() as store:
        # By a hash of draw and number, a transcript's place doesn't depend on which others there are.
        for seq in sorted(store.transcripts.awaiting_review(upto), key=lambda seq: sha256(f"{draw} {seq}")):
            if len(transcripts) == most:
                break
            group = store.leak_groups.of(seq, upto)
            if group.role == "train" and excluded.isdisjoint(group.hashes) and store.labels.of(seq, upto) is None:
                excluded.update(group.hashes)
                transcripts.append(seq)
    return transcripts


def score_items(
    record: Record,
    predictor: Predictor,
    items: Sequence[Item],
    advance: Callable[[], None] = lambda: None,
    model: str = "",
) -> list[ScoredAnswer]:
    """Answers what hasn't been answered yet, and scores everything; `advance` is called after every answer. `model` is
    whose scores they are, where that isn't who answers."""
    transcripts = [item.label.transcript for item in items]
    chats = chats_of(item.label for item in items)
    answers = RecordedModel(record, predictor).predict_all(transcripts, advance, chats)
    questions, scored = read_questions(record, items), model or predictor.key.model
    return [score(question, answers.get(question.item.label.transcript), scored) for question in questions]


def chats_of(labels: Iterable[Label]) -> dict[int, Chapters]:
    """By transcript, the messages that stand beside it, where those are what a model is asked for."""
    return {label.transcript: label.chapters for label in labels if label.task == "chat"}


def value_of(row: ScoredAnswer, metric: str) -> float | None:
    """Of a metric, or `parsable`: 100 where the answer could be read whole, else 0."""
    if metric == "parsable":
        return 0.0 if row.prediction.problems else 100.0
    value: float | None = getattr(row.score, metric, None)  # a chat has others than chapters have
    return value


def recorded_f1(
    record: Record, model: ScoredModel, questions: Sequence[Question], upto: int | None = None
) -> list[float | None]:
    """F1 of what a model is known to have answered, as of `upto` if it is given, in the order of `questions`; None
    where it wasn't asked, and it isn't now."""
    transcripts = [question.item.label.transcript for question in questions]
    key, chats = answer_key(*model.answering), chats_of(question.item.label for question in questions)
    with record.read() as store:
        answers = store.predictions.of_model(key.model, key.template, transcripts, upto)
        for transcript, messages in chats.items():
            template = with_messages(key.template, messages)
            answers |= store.predictions.of_model(key.model, template, [transcript], upto)
    scores: list[float | None] = []
    for question in questions:
        answer = answers.get(question.item.label.transcript)
        scores.append(None if answer is None else f1_alone(question, answer.chapters))
    return scores


def f1_alone(question: Question, answer: Chapters) -> float:
    """The F1 of an answer without its other metrics."""
    return answer_f1(question.task, question.reference, answer, question.duration)


def stored_model(
    name: str, identity: str, models: Path, exports: Mapping[str, str] | None = None
) -> ScoredModel | None:
    """A model of earlier nights; None for one that isn't kept any more. Where models answer by `exports` (by model,
    identities), None too for one without."""
    try:
        folder = model_folder(identity, models)
        export = None if exports is None else model_folder(exports.get(identity, ""), models)
    except NotFound:
        return None
    return ScoredModel(name, identity, folder, Card.read(folder).training_watermark, export)


def read_questions(record: Record, items: Iterable[Item]) -> list[Question]:
    questions = []
    with record.read() as store:
        for item in items:
            transcript = store.transcripts.read(item.label.transcript)
            right = right_answer(item.label.task, item.label.chapters, transcript).chapters
            questions.append(Question(item, right, transcript.duration, transcript.unit, item.label.task))
    return questions


def score(question: Question, answer: Prediction | None, model: str) -> ScoredAnswer:
    """Without an answer it scores 0, and says so; it is never left out."""
    transcript = question.item.label.transcript
    return ScoredAnswer(
        item=question.item,
        model=model,
        prediction=answer or Prediction(transcript, model, "", (), ("it was not answered",)),
        score=score_answer(question, answer.chapters if answer else None),
        equal_split_f1=_equal_split_f1(question),
        reference=canonical_json(chapters_to_json(question.reference)),
        length=length(question.duration, question.unit),
    )


def _equal_split_f1(question: Question) -> float | None:
    if question.task != "chapters":
        return None
    return f1_alone(question, equal_split(question.duration, max(1, len(question.reference))))


def score_answer(question: Question, answer: Chapters | None) -> AnswerScore:
    """None is no answer."""
    if question.task == "chat":
        return score_messages(question.reference, answer or ())
    if question.task == "description":
        return score_descriptions(question.reference, answer or ())
    return score_video(question.reference, answer, question.duration, question.unit)


def equal_split(duration: float, count: int) -> Chapters:
    """`count` chapters of equal length, without titles, in the unit of `duration`: what a model must beat, as they are
    made without reading a word.

    With the reference's count it is the generous version: it has been told the one thing that is hardest to guess.
    """
    return tuple(Chapter(duration * index / count, "") for index in range(count))


def length(duration: float, unit: Unit) -> str:
    """`short` below 15 minutes, `medium` below 30, `long` up to 60, `longer` above; `untimed` for text without times.

    The first three are VidChapters' own classes, by which Chapter-Llama (CVPR 2025) reports.
    """
    minutes = duration / 60
    if unit != "seconds":
        return "untimed"
    return "short" if minutes < 15 else "medium" if minutes < 30 else "long" if minutes <= 60 else "longer"
