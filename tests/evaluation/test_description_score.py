"""Scores of descriptions of chunks."""

from __future__ import annotations

import pytest

from errata.domain.chapter import Chapter
from evaluation.metrics.answer_f1 import answer_f1
from evaluation.metrics.description_score import score_descriptions
from evaluation.metrics.message_score import score_messages
from evaluation.metrics.overlap import mean_f1

RIGHT = (Chapter(0, "they watch a heron"), Chapter(118, "they eat soup"))


def test_each_is_held_against_what_is_said_of_the_nearest_chunk() -> None:
    said = (Chapter(3, "They watch a newt"), Chapter(60, "nothing"), Chapter(121, "soup"))
    assert score_descriptions(RIGHT, said).f1 == pytest.approx(100 * (0.75 + 0.5) / 2)
    assert score_descriptions(RIGHT, RIGHT).f1 == 100
    assert score_descriptions(RIGHT, ()).f1 == 0 and score_descriptions((), said).f1 == 0
    assert score_descriptions(RIGHT, (Chapter(0, "a a"), Chapter(120, "a"))).distinct_1 == pytest.approx(100 / 3)


def test_the_f1_of_an_answer_is_its_tasks() -> None:
    said = (Chapter(3, "they watch a newt"), Chapter(60, "they eat soup"))
    assert answer_f1("description", RIGHT, said, 200) == score_descriptions(RIGHT, said).f1
    assert answer_f1("chat", RIGHT, said, 200) == score_messages(RIGHT, said).f1
    assert answer_f1("chapters", RIGHT, said, 200) == mean_f1(RIGHT, said, 200)
