"""Transcripts shared out among forks: the same answers, and what goes wrong there is said here."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from errata.domain.transcript import Transcript
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import verify
from errata.inference.forks import Fork, ForkedModel, share_out
from errata.inference.model import FolderModel
from errata.inference.predictor import AnswerKey, Predictor
from errata.tasks.template import Reading
from tests.made_up_model import make_model
from tests.made_up_record import talk


class ProcessNames(Predictor):
    """Answers with the number of the process that answers; some names stop it."""

    key = AnswerKey("nobody", "")

    def answer(self, transcripts: Sequence[Transcript]) -> list[Reading | None]:
        for transcript in transcripts:
            if transcript.external_id == "refused":
                raise BadInput("not this one")
            if transcript.external_id == "deadly":
                os.kill(os.getpid(), signal.SIGKILL)
        return [Reading((), (transcript.external_id, str(os.getpid()))) for transcript in transcripts]


@pytest.fixture
def pair() -> list[Fork]:
    return [Fork(ProcessNames()), Fork(ProcessNames())]


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one thread, whoever runs the tests."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    make_model(folder, "inline", context=512)
    return folder


def test_answers_come_in_the_order_of_the_transcripts_from_processes_that_stay(pair: list[Fork]) -> None:
    readings = [*share_out([talk(name) for name in "abcde"], pair), *share_out([talk(name) for name in "fg"], pair)]
    assert [reading.problems[0] for reading in readings if reading] == list("abcdefg")
    answered_by = {reading.problems[1] for reading in readings if reading}
    assert len(answered_by) == 2 and str(os.getpid()) not in answered_by


def test_what_goes_wrong_in_a_fork_is_raised_here_and_the_forks_go_on(pair: list[Fork]) -> None:
    with pytest.raises(BadInput, match="not this one"):
        share_out([talk("a"), talk("refused")], pair)
    assert [reading.problems[0] for reading in share_out([talk("b"), talk("c")], pair) if reading] == ["b", "c"]


def test_a_fork_that_was_killed_is_no_answer(pair: list[Fork]) -> None:
    with pytest.raises(Unavailable, match="was killed"):
        share_out([talk("deadly"), talk("a")], pair)


@pytest.mark.slow
@pytest.mark.usefixtures("two_processors")
def test_a_model_answers_the_same_in_forks(folder: Path) -> None:
    talks = [talk(name, lines=12) for name in "abcde"]
    forked = ForkedModel(verify(folder), folder, folder.parent)
    alone = FolderModel(verify(folder), folder, folder.parent)
    assert forked.key == alone.key
    assert list(forked.answer(talks)) == alone.answer(talks)
    assert forked._forks, "else nothing was shared out"


@pytest.mark.usefixtures("two_processors")
def test_a_process_with_threads_is_never_forked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    forked = ForkedModel(verify(folder), folder, folder.parent)
    assert len(forked.answer([talk("a"), talk("b")])) == 2
    assert not forked._forks
