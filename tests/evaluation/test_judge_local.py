"""A judge that runs here. The models are far too small to judge: what is shown is that their answers keep the form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import errata
from errata.documents.judge_params import Judge, JudgeLimits, JudgesParams
from errata.domain.transcript import Transcript
from errata.errors import NotFound
from errata.inference.llama import LlamaEngine
from evaluation.judges.budget import Budget
from evaluation.judges.judge_client import open_judges
from evaluation.judges.judged_item import AnswerPair
from evaluation.judges.local import LocalModel, grammar
from evaluation.judges.pairwise import PairForm, both_orders
from evaluation.judges.question_bank import BankQuestion
from evaluation.judges.recall import GradeForm, request
from evaluation.judges.request import LONGEST_TEXT, NoAnswer, bound_texts
from evaluation.judges.rubric import CRITERIA, RubricForm
from evaluation.judges.rubric import request as rubric_request
from tests.made_up_gguf import write_gguf
from tests.made_up_judge import item, talk
from tests.made_up_model import make_model

TINY = Path(errata.__file__).parent / "tiny"
QUESTION = BankQuestion("q", "What was it about?", "A harbour.", "day 1")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tiny() -> LocalModel:
    return LocalModel("tiny", TINY, Budget(JudgeLimits()))


def short(number: int = 1) -> AnswerPair:
    """A pair that fits into errata-tiny's context."""
    transcript, right = talk(number)
    cut = Transcript(transcript.external_id, transcript.segments[:4], 40.0)
    return AnswerPair(cut, right[:1], item(number).champion[:1], "a")


def test_an_answer_of_the_shipped_model_is_in_the_form(tiny: LocalModel) -> None:
    reply = tiny.answer(both_orders(short())[0])
    assert isinstance(reply.answer, PairForm) and reply.answer.better in ("first", "second", "tie")
    assert len(reply.answer.why) <= LONGEST_TEXT
    graded = tiny.answer(request(QUESTION, "A ship."))
    assert isinstance(graded.answer, GradeForm) and graded.answer.grade in (0, 1, 2)


def test_it_answers_the_same_again(tiny: LocalModel) -> None:
    asked = both_orders(short(2))[0]
    assert tiny.answer(asked) == tiny.answer(asked)


def test_a_transcript_that_is_too_long_is_missing_and_not_cut(tiny: LocalModel) -> None:
    transcript, right = talk(1)
    long = Transcript("long", transcript.segments[:1] * 90, 120.0)
    with pytest.raises(NoAnswer, match="can't read a transcript this long"):
        tiny.answer(rubric_request(long, right))


def test_a_folder_of_transformers_will_do(tmp_path: Path) -> None:
    """Without a card or a manifest, and with room for a whole rubric."""
    make_model(tmp_path / "judge", "indexed", context=4_096)
    for name in ("errata.json", "manifest.json", "training_transcripts.json"):
        (tmp_path / "judge" / name).unlink()
    budget = Budget(JudgeLimits())
    model = LocalModel("any", tmp_path / "judge", budget)
    pair = short()
    try:
        marks = model.answer(rubric_request(pair.transcript, pair.new)).answer
    except NoAnswer as fault:
        assert "end of its answer" in str(fault)
    else:
        assert isinstance(marks, RubricForm) and set(type(marks).model_fields) == set(CRITERIA)
    assert budget.calls["any"] == 1 and budget.tokens["any"] > 0


def test_other_weights_are_another_judge(tmp_path: Path) -> None:
    identities = []
    for seed in (0, 1):
        make_model(tmp_path / f"{seed}", "indexed", seed=seed)
        identities.append(LocalModel("same", tmp_path / f"{seed}", Budget(JudgeLimits())).identity)
    assert identities[0] != identities[1]


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is none"):
        open_judges(JudgesParams((Judge("bo", "two", folder="models/none"),)), tmp_path)


def test_reasons_come_before_what_they_are_for(tiny: LocalModel) -> None:
    """A verdict that is written first is made up first."""
    engine = tiny._open_engine()
    rules = grammar(PairForm.model_json_schema())
    [tokens] = engine.run([tiny._fill(tiny._prompt(both_orders(short())[0], engine), rules, 400)])
    said = str(engine.tokenizer.decode(tokens))
    assert said.index('"why"') < said.index('"better"')


def test_only_free_texts_are_bound_texts() -> None:
    schema = json.loads(json.dumps(bound_texts(RubricForm.model_json_schema())))
    assert schema["$defs"]["Mark"]["properties"]["quote"]["maxLength"] == LONGEST_TEXT
    assert "maxLength" not in schema["$defs"]["Mark"]["properties"]["score"]
    better = bound_texts(PairForm.model_json_schema())["properties"]["better"]
    assert "maxLength" not in better


def test_a_spent_budget_stops_a_local_judge_too() -> None:
    model = LocalModel("tiny", TINY, Budget(JudgeLimits(calls=0)))
    with pytest.raises(NoAnswer, match="budget of 0 calls"):
        model.answer(request(QUESTION, "A ship."))


def test_a_gguf_file_is_a_judge_too(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    make_model(tmp_path / "full", "indexed", context=2_048)
    write_gguf(tmp_path / "full", tmp_path / "judge")
    model = LocalModel("any", tmp_path / "judge", Budget(JudgeLimits()))
    engine = model._open_engine()
    assert isinstance(engine, LlamaEngine)
    rules = grammar(PairForm.model_json_schema())
    [tokens] = engine.run([model._fill(model._prompt(both_orders(short())[0], engine), rules, 400)])
    said = str(engine.tokenizer.decode(tokens))
    assert said.startswith('{"why": "') and len(tokens) <= 400
