"""Lengths of a team's chapters, and the readiness that dev chooses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from errata.database.record import Record
from errata.domain.roles import Role
from errata.inference.artefact import CARD, Card, verify
from errata.inference.line_odds import line_odds
from errata.inference.model import open_model
from errata.tasks.division import ChapterLengths
from retrain.chapter_lengths import WeighedTalk, choose_readiness, fit_lengths, label_lengths
from tests.made_up_model import make_model
from tests.made_up_record import add, chapters, talk

LINES = 120


def weighed(name: str, likely: float, unlikely: float) -> WeighedTalk:
    """A talk of twenty minutes with a chapter every two, of which the model is that sure."""
    transcript = talk(name, lines=LINES)
    right = chapters(*range(0, 10 * LINES, 120))
    begins = {int(chapter.start) for chapter in right}
    odds = [likely if 10 * line in begins else unlikely for line in range(LINES)]
    return WeighedTalk(transcript, right, odds)


@pytest.mark.parametrize(("likely", "unlikely"), [(-1.5, -9.0), (2.0, -1.0)])
def test_the_readiness_follows_how_sure_the_model_is(likely: float, unlikely: float) -> None:
    """The first model says of no line that it is likelier than not; the second is too ready."""
    talks = [weighed(name, likely, unlikely) for name in "ab"]
    lengths = ChapterLengths(typical=120.0, spread=0.5)
    found = choose_readiness(lengths, talks)
    assert likely + found.readiness > 0
    assert (found.typical, found.spread) == (lengths.typical, lengths.spread)


def test_of_two_as_good_the_nearer_to_the_present_is_kept() -> None:
    talks = [weighed("a", 50.0, -50.0)]
    assert choose_readiness(ChapterLengths(readiness=2.2), talks).readiness == 2.2


def test_lengths_are_of_labels_that_may_train(record: Record) -> None:
    for number in range(8):
        add(record, talk(f"train-{number}", lines=LINES), "train", *range(0, 10 * LINES, 150))
    for number in range(8):
        add(record, talk(f"dev-{number}", lines=LINES), "dev", *range(0, 10 * LINES, 20))
    with record.read() as store:
        watermark = store.watermark()
    lengths = label_lengths(record, watermark)
    assert lengths is not None
    assert lengths.typical == pytest.approx(150.0)


def test_lengths_are_of_the_newest_labels(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though labels that may not train came after them."""
    monkeypatch.setattr("retrain.chapter_lengths.MOST_LABELS", 8)
    for kind, role, every in (("old", "train", 30), ("new", "train", 150), ("dev", "dev", 20)):
        for number in range(8):
            add(record, talk(f"{kind}-{number}", lines=LINES), cast(Role, role), *range(0, 10 * LINES, every))
    with record.read() as store:
        lengths = label_lengths(record, store.watermark())
    assert lengths is not None
    assert (lengths.typical, lengths.spread) == (pytest.approx(150.0), ChapterLengths.of([150.0] * 64, 0.0).spread)


def test_a_few_labels_say_little_of_lengths(record: Record) -> None:
    seq = add(record, talk("a", lines=LINES), "train", 0, 60, 120)
    assert label_lengths(record, seq + 10) is None


def test_every_line_is_weighed_once_through_windows(tmp_path: Path) -> None:
    make_model(tmp_path / "borders", "borders", context=256)
    model = open_model(tmp_path / "borders", tmp_path)
    transcript = talk("a", lines=40)
    odds = line_odds(model, transcript)
    assert len(odds) == 40 and len(set(odds)) > 1
    assert line_odds(model, transcript) == odds


def test_a_model_that_lists_chapters_weighs_no_line(tmp_path: Path) -> None:
    make_model(tmp_path / "indexed", "indexed", context=512)
    assert line_odds(open_model(tmp_path / "indexed", tmp_path), talk("a")) == []


def test_a_models_card_says_by_which_lengths_it_divides(tmp_path: Path) -> None:
    identity = make_model(tmp_path / "borders", "borders", context=256)
    dev = [(talk(name, lines=LINES), chapters(*range(0, 10 * LINES, 120))) for name in "abcde"]
    fit_lengths(tmp_path / "borders", ChapterLengths(typical=120.0, spread=0.5), dev, tmp_path)
    lengths = Card.read(tmp_path / "borders").lengths
    assert lengths is not None and (lengths.typical, lengths.spread) == (120.0, 0.5)
    assert verify(tmp_path / "borders") != identity
    assert json.loads((tmp_path / "borders" / CARD).read_text())["template"] == "borders"
