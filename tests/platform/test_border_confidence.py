"""How sure a model was of each border: read off what it computes anyway, kept beside its answer and no part of it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.inference.decode import Decoder
from errata.inference.engine import Choice, Weighing, pick
from errata.inference.model import FolderModel, LoadedModel, open_model
from errata.inference.recorded import RecordedModel
from errata.tasks import templates
from errata.tasks.border_task import BorderTask
from errata.tasks.chapters import ChapterTask
from errata.tasks.sureness import Deciding, Sureness, border_confidence
from errata.tasks.template import Reading
from errata.tasks.view import View
from tests.made_up_model import familiar_talk, make_model, make_tokenizer
from tests.made_up_record import chapters, talk

VIEW = View("A talk", "", ("the soil", "the garden", "the weather", "goodbye"), (0, 10, 20, 30), 40.0)
ANSWERS = {
    "indexed": "0 The soil\n2 The weather\n",
    "timestamps": "00:00:00 - The soil\n00:00:20 - The weather\n",
    "json": '[{"title": "Soil", "start_text": "the soil"}, {"title": "Sun", "start_text": "the weather"}]',
}
DECIDED = {
    "indexed": {0: "0", 20: "2"},
    "timestamps": {0: "00:00:00", 20: "00:00:20"},
    "json": {0: "the soil", 20: "the weather"},
}


def test_a_choice_has_its_probability_among_what_is_allowed() -> None:
    logits = np.log(np.array([0.5, 0.1, 0.3, 0.1], dtype=np.float32))
    choice = pick(logits, np.array([False, True, True, True]))
    assert choice.token == 2
    assert math.exp(choice.log_probability or 0) == pytest.approx(0.6, abs=1e-6)
    assert pick(logits, np.array([False, False, True, False])) == Choice(2, 0.0)


@pytest.mark.parametrize("template", ANSWERS)
def test_a_template_knows_which_letters_of_a_list_decide(template: str) -> None:
    answer = ANSWERS[template]
    found = templates.find(template).deciding(VIEW, (answer,))
    assert {start: answer[span.begin : span.end] for start, span in found.items()} == DECIDED[template]
    starts = {int(chapter.start) for chapter in templates.find(template).parse(VIEW, (answer,)).chapters}
    assert starts == found.keys()


def test_inline_decides_by_its_marker_in_the_slot_of_the_line() -> None:
    said = ("<|new|><|end|>", "<|same|>", "<|new|> Soil<|end|>", "<|same|>", "<|new|> Sun<|end|>")
    found = templates.find("inline").deciding(VIEW, said)
    assert found == {0: Deciding(0, 0, 7), 20: Deciding(2, 0, 7)}


def test_tokens_with_a_deciding_letter_count_and_no_others() -> None:
    sureness = Sureness(
        [1, 2, 3, 4], [math.log(each) for each in (0.5, 0.8, 0.9, 0.1)], lambda tokens: "ab" * len(tokens)
    )
    assert sureness.of(2, 6) == pytest.approx(0.72)
    assert sureness.of(3, 4) == pytest.approx(0.8)
    assert border_confidence([sureness], Deciding(0, 0, 3)) == 0.4
    assert border_confidence([sureness], None) is None
    untold = replace(sureness, log_probabilities=[0.0, None, 0.0, 0.0])
    assert untold.of(0, 2) == 1.0 and untold.of(0, 3) is None


@pytest.mark.parametrize("template", ["inline", "indexed", "timestamps"])
def test_each_border_of_an_answer_has_the_probability_of_its_own_tokens(template: str, tmp_path: Path) -> None:
    """By hand: what the engine is asked at each step, and how probable what it says there is."""
    make_model(tmp_path, template, context=512)
    model = open_model(tmp_path, tmp_path)
    (reading,) = model.answer([familiar_talk("a")])
    assert reading.chapters and len(reading.confidences) == len(reading.chapters)
    assert all(each is not None and 0 < each <= 1 for each in reading.confidences)
    assert any(each != 1 for each in reading.confidences)


def test_an_engine_that_tells_no_probability_gives_none() -> None:
    tokenizer = make_tokenizer()
    task = ChapterTask(templates.find("inline"), tokenizer, 4096)
    ask = Decoder(tokenizer, len(tokenizer), task).ask(VIEW)
    step = next(ask)
    while True:
        new = tokenizer.convert_tokens_to_ids("<|new|>")
        token = new if step.allowed[new] else int(np.flatnonzero(step.allowed)[-1])
        try:
            step = ask.send(Choice(token))
        except StopIteration as done:
            reading: Reading = done.value
            break
    assert reading.chapters and set(reading.confidences) == {None}


class Weigher:
    """An engine that holds each line as likely to begin a chapter as it is told."""

    def __init__(self, odds: list[float]) -> None:
        self.tokenizer = make_tokenizer(spaced=False)
        self.vocabulary, self.forkable, self._odds = len(self.tokenizer), False, odds

    def run(self, asks: list[object]) -> list[object]:
        return [Reading(chapters(0, 60)) for _ in asks]

    def weigh(self, weighings: list[Weighing]) -> list[list[float]]:
        return [self._odds for _ in weighings]


def test_a_weighed_border_has_the_probability_of_its_line(tmp_path: Path) -> None:
    engine = Weigher([4.0, -9.0, -9.0, -9.0, -9.0, -9.0, 1.0, *[-9.0] * 5])
    task = BorderTask(templates.find("borders"), engine.tokenizer, 4096)
    (reading,) = LoadedModel(engine, task).answer([talk("a")])
    readiness = task.lengths.readiness
    wanted = [1 / (1 + math.exp(-odds - readiness)) for odds in (4.0, 1.0)]
    assert reading.confidences == pytest.approx(wanted, abs=1e-6)


def test_confidences_are_kept_and_are_no_part_of_the_answer(record: Record) -> None:
    with record.write() as store:
        one, other = (store.transcripts.add(talk(name)).seq for name in "ab")
        sure = Prediction(one, "m" * 64, "inline@1", chapters(0, 50), confidences=(0.9, None))
        added = store.predictions.add(sure)
        assert not store.predictions.add(replace(sure, confidences=(0.1, 0.2))).new
        unknown = store.predictions.add(Prediction(other, "m" * 64, "inline@1", chapters(0, 50)))
    with record.read() as store:
        assert store.predictions.read(added.seq) == sure == replace(sure, confidences=())
        assert store.predictions.read(added.seq).confidences == (0.9, None)
        assert store.predictions.read(unknown.seq).confidences == ()


def test_what_a_predictor_says_of_its_borders_is_recorded(record: Record, tmp_path: Path) -> None:
    identity = make_model(tmp_path / "m", "inline", context=512)
    with record.write() as store:
        seq = store.transcripts.add(familiar_talk("a")).seq
    (answer,) = RecordedModel(record, FolderModel(identity, tmp_path / "m", tmp_path)).predict_all([seq]).values()
    with record.read() as store:
        ((_, kept),) = store.predictions.of_transcript(seq)
    assert kept.confidences == answer.confidences and len(kept.confidences) == len(kept.chapters) > 0
