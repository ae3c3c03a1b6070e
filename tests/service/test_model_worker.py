"""The process of a model takes turns, a view each, stops what nobody wants, and says what it can't be asked about."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest

from errata.domain.chapter import Chapter
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Unavailable
from errata.files import JsonObject
from errata.service.model_process import ModelProcess
from errata.service.model_worker import ABREAST, Inbox, serve
from errata.tasks.template import Reading
from tests.made_up_model import familiar_talk


class Over(BaseException):
    """Ends `serve`, which goes on for ever."""


@dataclass
class SpokenTask:
    """A talk's id says how many views it has, and what goes wrong."""

    def views(self, transcript: Transcript) -> Generator[Any, Reading, Reading]:
        name, _, count = transcript.external_id.partition(" ")
        if name == "unreadable":
            raise BadInput("the title alone fills the context")
        for number in range(int(count)):
            yield f"{name} {number}"
        return Reading((Chapter(0, name),))

    def weighs(self, view: str) -> bool:
        return view.startswith("weighed") and int(view.split()[1]) % 2 == 0


class SpokenModel:
    def __init__(self, during: Callable[[str], None] = lambda view: None) -> None:
        self.task, self.asked, self._during = SpokenTask(), list[str](), during

    def ask(self, view: str, watch: Callable[[], None]) -> Reading:
        self.asked.append(view)
        self._during(view)
        watch()
        if view.startswith("broken"):
            raise Unavailable("llama.cpp did not keep to the grammar")
        return Reading(())


@pytest.fixture(autouse=True)
def no_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "_exit", lambda code: None)


def inbox_of(*messages: JsonObject) -> Inbox:
    inbox = Inbox(io.StringIO("".join(json.dumps(message) + "\n" for message in messages)))
    inbox.read()
    return inbox


def ask(number: int, name: str) -> JsonObject:
    return {"ask": number, "transcript": familiar_talk(name).as_json()}


def served(model: SpokenModel, inbox: Inbox, count: int) -> list[JsonObject]:
    """The first `count` things that it says."""
    said: list[JsonObject] = []

    def send(message: JsonObject) -> None:
        said.append(message)
        if len(said) == count:
            raise Over

    with pytest.raises(Over):
        serve(model, inbox, send)
    return said


def test_a_short_talk_does_not_wait_for_all_of_a_long_one() -> None:
    model = SpokenModel()
    said = served(model, inbox_of(ask(1, "long 9"), ask(2, "short 1")), 2)
    assert [message["answer"] for message in said] == [2, 1]
    assert model.asked[:3] == ["long 0", "short 0", "long 1"]


def test_titles_are_asked_about_right_after_their_borders_were_weighed() -> None:
    model = SpokenModel()
    served(model, inbox_of(ask(1, "weighed 4"), ask(2, "other 2")), 2)
    assert model.asked == ["weighed 0", "weighed 1", "other 0", "weighed 2", "weighed 3", "other 1"]


def test_so_many_take_turns_and_the_next_waits() -> None:
    model = SpokenModel()
    served(model, inbox_of(*(ask(number, f"t{number} 2") for number in range(ABREAST + 1))), ABREAST + 1)
    assert f"t{ABREAST} 0" not in model.asked[:ABREAST]


def test_what_nobody_wants_is_left_in_the_middle_of_a_view() -> None:
    inbox = inbox_of(ask(1, "long 9"), ask(2, "short 1"))

    def leave(view: str) -> None:
        if view == "long 1":
            inbox._unwanted.add(1)

    said = served(SpokenModel(leave), inbox, 2)
    assert said[1] == {"stopped": 1}


def test_what_goes_wrong_with_one_is_said_of_that_one() -> None:
    said = served(SpokenModel(), inbox_of(ask(1, "unreadable 1"), ask(2, "broken 1"), ask(3, "well 1")), 3)
    assert said[0] == {"error": 1, "sentence": "the title alone fills the context", "status": 422}
    assert said[1]["error"] == 2 and said[1]["status"] == 503
    assert said[2]["answer"] == 3 and said[2]["chapters"] == [{"start": 0, "title": "well"}]


def test_a_word_to_stop_that_comes_too_late_is_forgotten() -> None:
    inbox = inbox_of(ask(1, "short 1"))
    served(SpokenModel(), inbox, 1)
    inbox.close(1)
    inbox._lines = io.StringIO('{"stop": 1}\n')
    inbox.read()
    inbox.check(1)


def test_a_process_that_cannot_be_started_or_ends_in_a_word_is_unavailable() -> None:
    """Whoever keeps a model in one tries again then."""
    for command, words in (("/no/such/program", "can't be started"), ('printf {"ready":{"mo', "ended while it")):
        with pytest.raises(Unavailable, match=words):
            asyncio.run(ModelProcess.start(command.split()))
