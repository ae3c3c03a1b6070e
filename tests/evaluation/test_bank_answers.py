"""A model answers a question bank: the same in one go or in several, and in the form that is graded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from errata.errors import BadInput
from errata.inference.draw_options import DrawOptions
from errata.inference.model import FolderModel
from errata.tasks.question_task import FreeAnswer
from evaluation.judges.bank_answers import BankAnswers, answer_bank
from evaluation.judges.cache import Cache, forget
from evaluation.judges.question_bank import BankQuestion, read_answers, read_bank
from tests.command_line import in_this_process
from tests.made_up_model import familiar_talk, make_model

TALK = familiar_talk("soil")
BANK = (
    BankQuestion("q1", "What do we talk about?", "gardens", "soil"),
    BankQuestion("q2", "Which tools?", "none", "elsewhere"),
    BankQuestion("q3", "What is the weather?", "fine", "soil", shown=(0.0, 25.0)),
)
LIKELIEST = DrawOptions(temperature=0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> FolderModel:
    folder = tmp_path_factory.mktemp("models") / "m"
    return FolderModel(make_model(folder, "indexed", context=512), folder, folder.parent)


def said(
    model: FolderModel,
    root: Path,
    drawing: DrawOptions = LIKELIEST,
    bank: tuple[BankQuestion, ...] = BANK,
    advance: Callable[[], None] = lambda: None,
) -> BankAnswers:
    return answer_bank(model, bank, {"soil": TALK}, drawing, Cache(root), advance)


@pytest.mark.slow
def test_a_run_that_is_cut_short_goes_on_where_it_was(model: FolderModel, tmp_path: Path) -> None:
    whole = said(model, tmp_path / "whole")
    assert whole.kept == 0 and list(whole.answers) == ["q1", "q2", "q3"]
    asked: list[str] = []

    def cut() -> None:
        asked.append("")
        if len(asked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        said(model, tmp_path / "cut", advance=cut)
    rest = said(model, tmp_path / "cut")
    assert rest.kept == 2 and rest.answers == whole.answers
    assert said(model, tmp_path / "cut").kept == 3
    assert forget(tmp_path / "cut", TALK.hash) == 1, "what is said of a talk goes with it"
    assert said(model, tmp_path / "cut").kept == 1


@pytest.mark.slow
def test_what_is_drawn_is_the_seeds_in_whatever_order_it_is_asked(model: FolderModel, tmp_path: Path) -> None:
    first = said(model, tmp_path / "a", DrawOptions(1.0, 0, 7))
    turned = said(model, tmp_path / "b", DrawOptions(1.0, 0, 7), BANK[::-1])
    assert dict(turned.answers) == dict(first.answers)
    other = said(model, tmp_path / "a", DrawOptions(1.0, 0, 8))
    assert other.kept == 0 and dict(other.answers) != dict(first.answers)
    assert dict(first.answers) != dict(said(model, tmp_path / "a").answers)


@pytest.mark.slow
def test_what_is_shown_counts(model: FolderModel, tmp_path: Path) -> None:
    asked = BankQuestion("q", "What is the weather?", "fine", "soil")
    answers = [
        said(model, tmp_path, bank=(BankQuestion("q", asked.question, "fine", "soil", shown=shown),)).answers["q"]
        for shown in (None, (0.0, 25.0), (30.0, 60.0))
    ]
    assert all(isinstance(answer, FreeAnswer) for answer in answers) and len({each.text for each in answers}) == 3


@pytest.mark.slow
def test_what_can_t_be_shown_is_refused_before_anything_is_asked(model: FolderModel, tmp_path: Path) -> None:
    for bad, words in (
        (BankQuestion("bad", "Who?", "Ann", "elsewhere", shown=(0, 9)), "'bad' shows a part of 'elsewhere', of which"),
        (BankQuestion("bad", "Who? " * 400, "Ann", "soil", shown=(0, 60)), "'bad' takes .* tokens .* sees 512; show"),
        (BankQuestion("bad", "Who?", "Ann", "soil", shown=(90, 99)), "'bad' can't be shown: 'soil' has nothing"),
    ):
        with pytest.raises(BadInput, match=words):
            said(model, tmp_path, bank=(BANK[0], bad))
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_command_writes_what_recall_reads(laid_out: Path, model: FolderModel, tmp_path: Path) -> None:
    """With a model from outside, in a workspace that has no talks; the second time it costs nothing."""
    bank, out = tmp_path / "bank.jsonl", tmp_path / "answers.jsonl"
    rows = [{"id": q.id, "question": q.question, "reference": q.reference, "item": q.item} for q in BANK]
    bank.write_text("".join(json.dumps(row) + "\n" for row in rows))
    workspace = shutil.copytree(laid_out, tmp_path / "workspace")
    words = ("judges", "answer", bank, "--model", model.folder, "-w", workspace, "--out")
    assert "3 questions answered by" in in_this_process(*words, out).stdout
    answers = read_answers(out, read_bank(bank))
    assert list(answers) == ["q1", "q2", "q3"] and any(answers.values())
    again = in_this_process(*words, tmp_path / "again.jsonl", "--json").stdout
    assert json.loads(again)["kept"] == 3
    assert (tmp_path / "again.jsonl").read_bytes() == out.read_bytes()
    refused = in_this_process(*words, out, check=False)
    assert refused.returncode == 2 and "is there already" in refused.stderr
