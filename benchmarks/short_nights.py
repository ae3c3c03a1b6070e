"""Four nights as short as nights can be that are whole: the first has nothing to train on, the second's candidate is
promoted, the third's waits, and the fourth's, which was trained much too fast, is rejected.

Its talks are made up: eight lines each, three of which begin a chapter. Most talks say so ("Next chapter"), which
errata-tiny learns in a minute; the others don't, so that no model is right about all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.workspaces import set_params
from errata.files import JsonObject
from errata.loop.init import init
from errata.operations.importing import import_corrections, import_transcripts
from errata.workspace import Workspace

TALKS, LINES, CHANNELS, REVIEWERS = 44, 8, 6, 4
"""A night's; 40 talks of 5 channels are the least that the gate decides on."""
LINE_SECONDS = 10
SILENT = 0.15
"""Of the talks, those that don't say where a chapter begins."""
WORDS = [a + b for a, b in product(("ba", "ko", "ri", "tu", "me", "la", "so", "ne"), ("na", "lo", "ri", "ta", "mu"))]
Params = Mapping[str, Mapping[str, Any]]
PARAMS: Params = {
    "gate": {"preset": "small", "waive": ["anchor", "best_anchor", "day0_retention", "collapses", "forgetting"]},
    "train": {"max_steps": 80},
    "evaluate": {"vintages": 1, "vintage_items": 4},
    "export": {"targets": ["server"]},
}
"""The guardrails that are waived need more talks than there are."""


@dataclass(frozen=True)
class ShortNight:
    label: str
    params: Params
    """What is set anew before it."""


NIGHTS = (
    ShortNight("night-1", {}),
    ShortNight("night-2", {}),
    ShortNight("night-3", {}),
    ShortNight("night-4", {"train": {"learning_rate": 0.5}}),
)


@dataclass(frozen=True)
class MadeUpTalk:
    name: str
    channel: str
    reviewer: str
    lines: list[str]
    chapters: Mapping[int, str]
    """Title by line."""

    def facts(self) -> JsonObject:
        return {"duration": LINE_SECONDS * len(self.lines), "title": self.name, "channel_id": self.channel}

    def speech(self) -> list[JsonObject]:
        return [
            {"start": LINE_SECONDS * at, "end": LINE_SECONDS * (at + 1) - 1, "text": text}
            for at, text in enumerate(self.lines)
        ]

    def review(self) -> JsonObject:
        right = [{"start": LINE_SECONDS * at, "title": title} for at, title in self.chapters.items()]
        return {"video_id": self.name, "reviewer": self.reviewer, "reviewed": right, "kind": "edit", "blind": True}


def lay_out(root: Path) -> None:
    """A workspace for the nights: errata-tiny is its Day-0."""
    init(root)
    set_params(root, PARAMS)


def bring_talks(workspace: Workspace, night: ShortNight) -> None:
    """What comes in before the night, and what is set for it; doing it again changes nothing."""
    talks = list(made_up_talks(night.label))
    folder, rejects = workspace.root / "samples" / night.label, workspace.root / "rejects"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "transcripts.json").write_text(json.dumps({talk.name: talk.facts() for talk in talks}))
    (folder / "asrs.json").write_text(json.dumps({talk.name: talk.speech() for talk in talks}))
    reviews = folder / "reviews.jsonl"
    reviews.write_text("".join(json.dumps(talk.review()) + "\n" for talk in talks))
    import_transcripts(workspace.record, folder, rejects, role="train")
    import_corrections(workspace.record, reviews, rejects)
    if night.params:
        set_params(workspace.root, night.params)


def made_up_talks(label: str) -> Iterator[MadeUpTalk]:
    """The same of the same label."""
    random = Random(label)
    for number in range(TALKS):
        starts = (0, *sorted(random.sample(range(2, LINES), 2)))
        titles = {at: random.choice(WORDS).capitalize() for at in starts}
        is_silent = random.random() < SILENT
        lines = [" ".join(random.choices(WORDS, k=5)).capitalize() + "." for _ in range(LINES)]
        for at, title in titles.items():
            lines[at] = f"{title} {lines[at]}" if is_silent else f"Next chapter: {title}."
        names = (f"{label} talk {number}", f"channel {number % CHANNELS}", f"reviewer {number % REVIEWERS}")
        yield MadeUpTalk(*names, lines, titles)
