"""Texts without times go in by the service and are corrected there; a night makes a better model of that."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from errata.domain.chapter import starts
from errata.operations.asked_talk import TalkDetails, talk_of_text
from errata.operations.service_keys import add_key
from errata.service.application import make_app
from errata.service.service_settings import ServiceSettings
from errata.workspace import Workspace
from tests.command_line import in_this_process as errata
from tests.command_line import json_of
from tests.conftest import ROOT

TOPICS = ["the budget", "the new office", "hiring", "the garden", "the website", "safety", "travel", "the summer party"]
WORDS = sorted(set(re.findall(r"[a-z]{4,}", (ROOT / "platform/errata/demo/topics.yaml").read_text())))
MEETINGS = 14
"""A day."""


def meeting(day: int, number: int) -> tuple[str, list[str]]:
    """Its text, and what it is about in turn: each topic is opened by name."""
    random = Random(f"{day} {number}")
    topics = random.sample(TOPICS, 4)
    lines = []
    for topic in topics:
        lines.append(f"Next on the list is {topic}.")
        lines += [f"{' '.join(random.sample(WORDS, 9)).capitalize()}." for _ in range(random.randrange(3, 6))]
    return " ".join(lines), topics


def right(text: str, topics: list[str]) -> list[dict[str, Any]]:
    """Its chapters: a topic begins with the sentence that names it."""
    talk = talk_of_text(text, TalkDetails("t")).transcript
    opened = [start for start, line in zip(starts(talk), talk.lines, strict=True) if line.text.startswith("Next on")]
    return [{"start": start, "title": topic.capitalize()} for start, topic in zip(opened, topics, strict=True)]


def work_a_day(workspace: Workspace, day: int) -> int:
    """Has the service chapter the day's meetings, and a reviewer correct them; how many corrections that made."""
    reviewer = add_key(workspace, f"ann-{day}", "reviewer", "tests").key
    program = add_key(workspace, f"app-{day}", "predictor", "tests").key
    with TestClient(make_app(workspace, ServiceSettings()), base_url="http://127.0.0.1") as service:
        made = 0
        for number in range(MEETINGS):
            text, topics = meeting(day, number)
            answer = service.post("/v1/chapters", json={"text": text}, headers={"Authorization": f"Bearer {program}"})
            assert answer.status_code == 200, answer.text
            said = {"prediction": answer.json()["prediction"], "chapters": right(text, topics)}
            done = service.post("/v1/corrections", json=said, headers={"Authorization": f"Bearer {reviewer}"})
            assert done.status_code == 201, done.text
            made += done.json()["new"]
    return made


@pytest.mark.slow
def test_what_the_service_was_corrected_in_makes_a_better_model(tmp_path: Path) -> None:
    root, as_json = tmp_path / "ws", json_of(errata)
    errata("init", root)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["mix"]["least"] = 4
    params["train"]["epochs"] = 6
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    workspace = Workspace.find(root)
    for day in (1, 2):
        assert work_a_day(workspace, day) == MEETINGS
        night = as_json("nightly", "--date", f"day-{day}", "-w", root)
    assert night["candidate"] and night["verdict"] != "blocked", night
    compared = as_json("compare", "challenger", "day0", "--on", "fresh", "-w", root)
    assert compared["items"] >= MEETINGS / 2
    gain = compared["metrics"]["f1"]["difference"]
    assert gain["low"] > 0, "what opens a topic here is learnt from a dozen meetings"
    with workspace.record.read() as store:
        seqs = map(store.transcripts.find, store.transcripts.external_ids())
        assert {store.transcripts.unit_of(seq) for seq in seqs} == {"words"}
