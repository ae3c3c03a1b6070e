"""The right chapters beside the model's: each start once, and no title lost."""

from __future__ import annotations

import pytest

from errata.cli.print_tuning import print_beside
from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment, Transcript
from errata.loop.tune import HeldOutTalk


def test_chapters_that_begin_together_stand_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    right = (Chapter(0.0, "Welcome"), Chapter(60.4, "Soil"), Chapter(90.0, "Tools"))
    after = (Chapter(0.0, "Intro"), Chapter(60.0, ""), Chapter(120.0, "Bye"))
    talk = Transcript("garden", (Segment(0.0, 130.0, "so today"),), 130.0, title="A talk")
    print_beside(HeldOutTalk(talk, right, before=(), after=after))
    printed = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("00:")]
    assert printed == [
        ["00:00:00", "Welcome", "Intro"],
        ["00:01:00", "Soil", "–"],
        ["00:01:30", "Tools"],
        ["00:02:00", "Bye"],
    ]


def test_places_of_a_text_without_times_are_words(capsys: pytest.CaptureFixture[str]) -> None:
    talk = Transcript("text", (Segment(0.0, 500.0, "so today"),), 500.0, unit="words")
    print_beside(HeldOutTalk(talk, (Chapter(480.0, "End"),), (), ()))
    assert "480" in capsys.readouterr().out
