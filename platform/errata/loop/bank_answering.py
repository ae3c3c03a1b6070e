"""A question bank, answered by any model of ours: what `errata judges recall` grades."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound
from errata.files import write_atomically
from errata.inference.draw_options import DrawOptions
from errata.operations.chaptering import open_predictor
from errata.progress import progress_bar
from errata.workspace import Workspace

if TYPE_CHECKING:
    from evaluation.judges.bank_answers import BankAnswers
    from evaluation.judges.question_bank import BankQuestion


@dataclass(frozen=True, slots=True)
class AnsweredFile:
    out: Path
    model: str
    """Its identity."""
    questions: int
    kept: int
    """Of them, that were answered in an earlier run."""
    empty: tuple[str, ...]
    """The questions to which it says nothing, by id."""
    problems: Mapping[str, tuple[str, ...]]
    """What is wrong with an answer, by the question's id: where anything is."""


def answer_questions(
    workspace: Workspace, bank: Path, model: str, template: str, drawing: DrawOptions, out: Path
) -> AnsweredFile:
    """Writes the answers of `model` (an alias, an identity's beginning, a folder or .gguf file) to `out`: JSONL.

    `template` says how many tokens a model without a card of ours sees. Raises BadInput for a bank that can't be asked,
    and where `out` is there already, and NotFound where there is no such model.
    """
    from evaluation.judges.bank_answers import answer_bank
    from evaluation.judges.cache import FOLDER, Cache
    from evaluation.judges.question_bank import read_bank

    if out.exists():
        raise BadInput(f"{out} is there already; name another file")
    questions = read_bank(bank)
    if not questions:
        raise BadInput(f"{bank} has no questions; write some, a line of JSON each")
    talks = _talks(workspace, questions)
    cache = Cache(workspace.root / FOLDER)
    with (
        open_predictor(model, workspace, template) as predictor,
        progress_bar("questions", len(questions)) as advance,
    ):
        found = answer_bank(predictor, questions, talks, drawing, cache, advance)
        identity = predictor.key.model
    write_atomically(out, _lines(found, identity))
    answers = found.answers.items()
    return AnsweredFile(
        out=out,
        model=identity,
        questions=len(questions),
        kept=found.kept,
        empty=tuple(name for name, answer in answers if not answer.text),
        problems={name: answer.problems for name, answer in answers if answer.problems},
    )


def _talks(workspace: Workspace, bank: Sequence[BankQuestion]) -> dict[str, Transcript]:
    """Those of the items that the record has."""
    talks: dict[str, Transcript] = {}
    with workspace.record.read() as store:
        for item in dict.fromkeys(question.item for question in bank):
            try:
                talks[item] = store.transcripts.read(store.transcripts.find(item))
            except NotFound:
                continue  # an item may be anything; where a part of it is to be shown, that is said there
    return talks


def _lines(found: BankAnswers, model: str) -> str:
    rows = ({"id": name, "answer": answer.text, "model": model} for name, answer in found.answers.items())
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
