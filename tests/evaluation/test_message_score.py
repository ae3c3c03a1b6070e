"""Scores of predicted messages, and of how likely a model holds those that were written."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
import torch

from errata.domain.chapter import Chapter, Chapters
from errata.inference.torch import load_model
from errata.tasks.encode import IGNORED
from errata.tasks.task import examples
from errata.tasks.template import Reading
from evaluation.message_likelihoods import MessageReader, chat_likelihood
from evaluation.metrics.message_score import distinct, score_messages
from tests.made_up_chat import stream
from tests.made_up_model import make_model


def said(*texts: str) -> Chapters:
    return tuple(Chapter(float(place), text) for place, text in enumerate(texts))


def test_f1_is_that_of_words_and_what_is_missing_scores_nothing() -> None:
    written = said("hello heron", "a newt", "bye")
    assert score_messages(written, said("Hello heron", "a stoat", "bye")).f1 == pytest.approx(100 * (1 + 0.5 + 1) / 3)
    assert score_messages(written, said("hello heron")).f1 == pytest.approx(100 / 3)
    assert score_messages(written, ()).f1 == 0.0
    assert score_messages(written, said("", "", "")).distinct_1 is None


def test_distinct_counts_different_words_and_pairs_within_messages() -> None:
    assert distinct(["a b a", "b a"], 1) == pytest.approx(100 * 2 / 5)
    assert distinct(["a b a", "b a"], 2) == pytest.approx(100 * 2 / 3)
    assert distinct(["a"], 2) is None


@pytest.mark.slow
def test_a_model_reads_each_message_as_a_row_of_training_would(tmp_path: Path) -> None:
    identity = make_model(tmp_path / "new", "chat", context=128)
    folder = tmp_path / identity[:16]
    shutil.move(tmp_path / "new", folder)
    pond, messages = stream("pond", rounds=9)
    reader = MessageReader(folder, tmp_path)
    read = reader.read(pond, messages)
    assert len(read) == len(messages)

    model, by_hand = load_model(folder), []
    for lesson in examples(reader._task, pond, Reading(messages)):
        ids, labels = lesson.encoded.input_ids, lesson.encoded.labels[:-1]
        with torch.no_grad():
            logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        runs: list[list[tuple[float, bool]]] = [[]]
        for place in range(1, len(labels)):
            if labels[place] == IGNORED:
                runs.append([])
            else:
                row = logs[place - 1]
                runs[-1].append((row[labels[place]].item(), int(row.argmax()) == labels[place]))
        by_hand += [run for run in runs if run]
    assert len(by_hand) == len(read)
    for one, run in zip(read, by_hand, strict=True):
        mean = -sum(log for log, _ in run) / len(run)
        assert one.perplexity == pytest.approx(min(math.exp(mean), 1e4), rel=1e-4)
        first_wrong = next((place for place, (_, right) in enumerate(run) if not right), len(run))
        assert one.correct == pytest.approx(first_wrong / len(run))
    assert chat_likelihood(read).perplexity == pytest.approx(sum(one.perplexity for one in read) / len(read))
