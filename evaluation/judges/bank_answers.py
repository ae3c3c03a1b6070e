"""A model's answers to a question bank, by the engines that it answers transcripts with.

Each is kept as soon as it is there, under a hash of the model, the question, what was shown with it and how it was
drawn, beside what judges say: a run that was cut short goes on where it was, and one that is run again asks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from errata.domain.hashing import canonical_json, sha256
from errata.domain.transcript import Transcript
from errata.errors import BadInput
from errata.inference.chapter_task import task_of
from errata.inference.decode import Decoder
from errata.inference.draw_options import DrawOptions
from errata.inference.model import FolderModel
from errata.tasks.question_task import FreeAnswer, QuestionTask
from errata.tasks.view import View
from evaluation.judges.cache import Cache
from evaluation.judges.question_bank import BankQuestion, about_item
from evaluation.judges.request import Form, Reply, Request


class AnswerForm(Form):
    """A `FreeAnswer`, as it is kept."""

    text: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BankAnswers:
    answers: Mapping[str, FreeAnswer]
    """By question, in the bank's order."""
    kept: int
    """Of them, that were on disk already."""


def answer_bank(
    model: FolderModel,
    bank: Sequence[BankQuestion],
    talks: Mapping[str, Transcript],
    drawing: DrawOptions,
    cache: Cache,
    advance: Callable[[], None] = lambda: None,
) -> BankAnswers:
    """`talks`, by the `item` of the bank's questions, are those that there are; `advance` is called after each answer.

    Raises BadInput, before anything is asked, where what is shown with a question isn't there, or is more than the
    model can read.
    """
    chapters = task_of(model.folder, model.models)
    task = QuestionTask(chapters.tokenizer, chapters.context, chapters.source)
    views = {question.id: _view(task, question, talks) for question in bank}
    identity = sha256(f"{model.key.model} {model.key.template}")
    decoder: Decoder[FreeAnswer] | None = None
    answers: dict[str, FreeAnswer] = {}
    kept = 0
    for question in bank:
        request = _request(task, question, views[question.id], talks, drawing)
        reply = cache.get(identity, request)
        if reply is not None:
            kept += 1
        else:
            engine = model.loaded.engine
            decoder = decoder or Decoder(engine.tokenizer, engine.vocabulary, task)
            (said,) = engine.run([decoder.ask(views[question.id], draw=drawing.draw(question.id))])
            reply = Reply(AnswerForm(text=said.text, problems=said.problems), "")
            cache.put(identity, request, reply)
        answers[question.id] = FreeAnswer(**reply.answer.model_dump())
        advance()
    return BankAnswers(answers, kept)


def _view(task: QuestionTask, question: BankQuestion, talks: Mapping[str, Transcript]) -> View:
    if question.shown is None:
        view = task.view(question.question)
    elif question.item in talks:
        try:
            view = task.view(question.question, talks[question.item], question.shown)
        except BadInput as problem:
            raise BadInput(f"the question {question.id!r} can't be shown: {problem}; mend its span") from problem
    else:
        raise BadInput(
            f"the question {question.id!r} shows a part of {question.item!r}, of which the record has no transcript; "
            "import it, or leave out what is shown"
        )
    places = task.places(view)
    if places >= task.context:
        raise BadInput(
            f"the question {question.id!r} takes {places:,} tokens with what is shown, and the model sees "
            f"{task.context:,}; show a shorter span"
        )
    return view


def _request(
    task: QuestionTask, question: BankQuestion, view: View, talks: Mapping[str, Transcript], drawing: DrawOptions
) -> Request:
    talk = talks.get(question.item)
    about = about_item(question.item) if talk is None else talk.hash
    drawn = canonical_json([asdict(drawing), question.id]) if drawing.temperature else ""
    return Request(task.version, "", canonical_json(asdict(view)), AnswerForm, about, drawn)
