"""Which talk a file is of: one tool's files have one id, whichever reader reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errata.formats import description, detect
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import ImportedTranscript, LeftOut
from errata.formats.talk_names import list_of, talk_of
from errata.formats.video_ids import id_in

VTT = "WEBVTT\n\n00:00.000 --> 02:30.000\nclay and water\n"
LIST = "0:00 Clay\n1:00 Wheel\n2:00 Kiln"


@pytest.mark.parametrize(
    ("name", "talk"),
    [
        ("talk.vtt", "talk"),
        ("Pots [dQw4w9WgXcQ].en.vtt", "dQw4w9WgXcQ"),
        ("Pots [dQw4w9WgXcQ].vtt", "dQw4w9WgXcQ"),
        ("Pots, p. 3 [-Qw4w9WgXc_].en-orig.json3", "-Qw4w9WgXc_"),
        ("Töpfe [812345].description", "812345"),
        ("Töpfe [812345].txt", "Töpfe [812345]"),
        ("Pots [a word].description", "Pots [a word]"),
        ("Pots [dQw4w9WgXcQ] again.vtt", "Pots [dQw4w9WgXcQ] again"),
        ("talk.1.vtt", "talk.1"),
        (".vtt", ".vtt"),
    ],
)
def test_a_name_says_the_talk(name: str, talk: str, tmp_path: Path) -> None:
    assert talk_of(tmp_path / name) == talk


@pytest.mark.parametrize(
    "name", ["ep.chapters.txt", "ep.psc.xml", "ep-chapters.json", "ep_chapters.json", "ep.xml", "ep.chapters.psc.json"]
)
def test_what_a_list_appends_is_no_part_of_it(name: str) -> None:
    assert list_of(Path(name)) == "ep"
    assert list_of(Path(f"Pots [dQw4w9WgXcQ]{name[2:]}")) == "dQw4w9WgXcQ"


def test_the_info_file_beside_it_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "Pots.info.json").write_text(json.dumps({"id": "site-7", "title": "Pots"}))
    assert talk_of(tmp_path / "Pots.description") == talk_of(tmp_path / "Pots.en.vtt") == "site-7"
    (tmp_path / "Pots.info.json").write_text("{")
    assert talk_of(tmp_path / "Pots.description") == "Pots"


def test_readers_agree_on_the_talk(tmp_path: Path) -> None:
    captions, text = tmp_path / "Pots [dQw4w9WgXcQ].en.vtt", tmp_path / "Pots [dQw4w9WgXcQ].description"
    captions.write_text(VTT)
    text.write_text(LIST)
    (talk,) = detect.transcripts(captions).rows
    (review,) = description.read(text)
    (of_folder,) = description.read(tmp_path)
    left = [row.reason for row in detect.transcripts(tmp_path).rows if isinstance(row, LeftOut)]
    assert left == ["left for `import corrections`"]
    assert isinstance(talk, ImportedTranscript) and isinstance(review, Review) and review == of_folder
    assert talk.transcript.external_id == review.video_id == id_in("x/Pots [dQw4w9WgXcQ].mp4") == "dQw4w9WgXcQ"
