"""Lists of chapters without a transcript, in every tool's form: beside their talk, and by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errata.domain.chapter import Chapter, Chapters
from errata.domain.clock import clock
from errata.errors import BadInput
from errata.formats import chapter_lists, detect, lone_chapters, review_detect
from errata.formats.reviews_jsonl import Review
from errata.formats.source_rows import ImportedTranscript, Rejected, write_rejects

CUES = "\n\n".join(f"00:{at:02d}:00.000 --> 00:{at:02d}:59.000\nwe shape pot number {at}" for at in range(6))
VTT = f"WEBVTT\n\n{CUES}\n"
PSC = 'xmlns:psc="http://podlove.org/simple-chapters"'
XML = (
    f'<psc:chapters version="1.2" {PSC}><psc:chapter start="00:00:00.000" title="Clay"/>'
    '<psc:chapter start="1:30.5" title="Wheel &amp; pot" href="https://x.example"/></psc:chapters>'
)
FEED = (
    f"<?xml version='1.0'?><rss {PSC}><channel><title>Pots</title>"
    f'<item><title>One</title><enclosure url="https://x.example/one.mp3?a=1"/>{XML}</item>'
    f"<item><title>Two</title><guid>two</guid>{XML}</item><item><title>None</title></item></channel></rss>"
)
JSON = json.dumps([{"start": "00:00:00.000", "title": "Clay"}, {"start": "00:01:30.500", "title": "Wheel & pot"}])
MP4CHAPS = "00:00:00.000 Clay\n00:01:30.500 Wheel & pot\n"
OGM = "CHAPTER01=00:00:00.000\nCHAPTER01NAME=Clay\nCHAPTER02=00:01:30.500\nCHAPTER02NAME=Wheel & pot\n"
FFMPEG = (
    ";FFMETADATA1\ntitle=Pots\n\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=90500\ntitle=Clay\n"
    "[CHAPTER]\nTIMEBASE=1/10\nSTART=905\nEND=3000\ntitle=Wheel \\& pot\n[STREAM]\ntitle=none\n"
)
PODCAST = json.dumps(
    {"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Clay"}, {"startTime": 90.5, "title": "Wheel & pot"}]}
)
CHAPTERS: Chapters = (Chapter(0.0, "Clay"), Chapter(90.5, "Wheel & pot"))
FILES = {
    "ep.psc.xml": XML,
    "ep.xml": XML,
    "ep.psc.json": JSON,
    "ep.json": JSON,
    "ep.chapters.txt": MP4CHAPS,
    "ep.chapters.json": PODCAST,
    "ep.txt": OGM,
    "ep.ffmetadata": FFMPEG,
    "ep_chapters.txt": "0:00 Clay\n1:30.5 Wheel & pot",
}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FILES)
def test_beside_a_transcript_a_list_is_its_reference(name: str, tmp_path: Path) -> None:
    write(tmp_path / "ep.vtt", VTT)
    write(tmp_path / name, FILES[name] if name != "ep_chapters.txt" else MP4CHAPS)
    (found,) = detect.transcripts(tmp_path).rows
    assert isinstance(found, ImportedTranscript)
    assert (found.transcript.external_id, found.reference) == ("ep", CHAPTERS)


@pytest.mark.parametrize("name", [name for name in FILES if name != "ep_chapters.txt"])
def test_by_itself_a_list_is_a_reference_of_the_talk_of_its_name(name: str, tmp_path: Path) -> None:
    found = review_detect.reviews(write(tmp_path / name, FILES[name]))
    assert found.label == "lists of chapters"
    (review,) = found.rows
    assert isinstance(review, Review)
    assert (review.video_id, review.kind, review.chapters, review.reviewer) == ("ep", "reference", CHAPTERS, "")
    write_rejects(tmp_path / "r.jsonl", [review.row.reject("no transcript")])
    (again,) = review_detect.reviews(tmp_path / "r.jsonl").rows
    assert again == review


def test_a_feed_has_a_list_for_each_episode(tmp_path: Path) -> None:
    rows = list(review_detect.reviews(write(tmp_path / "feed.xml", FEED)).rows)
    assert [(row.video_id, row.chapters) for row in rows if isinstance(row, Review)] == [
        ("one", CHAPTERS),
        ("two", CHAPTERS),
    ]


def test_two_lists_that_differ_are_told_of_and_the_first_counts(tmp_path: Path) -> None:
    write(tmp_path / "ep.vtt", VTT)
    write(tmp_path / "ep.chapters.txt", MP4CHAPS)
    write(tmp_path / "ep.psc.xml", XML.replace("Clay", "Mud"))
    talk, second = detect.transcripts(tmp_path).rows
    assert isinstance(talk, ImportedTranscript) and talk.reference == CHAPTERS
    assert isinstance(second, Rejected) and "has the chapters of ep.chapters.txt" in second.reason
    first, other = lone_chapters.read(tmp_path)
    assert isinstance(first, Review) and first.chapters == CHAPTERS
    assert isinstance(other, Rejected) and "'ep' has other chapters in" in other.reason


def test_a_folder_may_hold_lists_and_descriptions(tmp_path: Path) -> None:
    write(tmp_path / "ep.chapters.txt", MP4CHAPS)
    write(tmp_path / "other.description", "0:00 a\n1:00 b\n2:00 c")
    write(tmp_path / "ep.vtt", VTT)
    found = review_detect.reviews(tmp_path)
    assert found.label == "lists of chapters and video descriptions"
    rows = [(row.video_id, row.kind) for row in found.rows if isinstance(row, Review)]
    assert rows == [("ep", "reference"), ("other", "edit")]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("ep.psc.xml", XML[:-9], "not XML"),
        ("ep.psc.xml", XML.replace("1:30.5", "soon"), "a chapter's start must be a number, not 'soon'"),
        ("ep.psc.xml", XML.replace("1:30.5", "00:00:00.000"), "twice"),
        ("feed.xml", FEED.replace("<guid>two</guid>", ""), "neither a sound file nor a guid"),
        ("ep.txt", OGM.replace("CHAPTER02NAME", "CHAPTER03NAME"), "chapter 02 has no title"),
        ("ep.psc.xml", XML.replace(' title="Clay"', ""), "has no title"),
        ("ep.psc.json", '[{"start": "0:00", "title": "a"}, {"start": "1:00", "title": ""}]', "at 1:00 has no title"),
        ("ep.ffmetadata", FFMPEG + "[CHAPTER]\nSTART=990000\nEND=999000\n", "has no title"),
        ("ep.chapters.vtt", "WEBVTT\n\n00:00.000 --> 01:00.000\n\n", "the chapter at 0 has no title"),
        ("ep.txt", OGM + "and more", "'and more' is none of CHAPTER01="),
        ("ep.ffmetadata", FFMPEG.replace("START=905", "START=x"), "chapter 2 has no START"),
        ("ep.chapters.json", '{"version": "1", "chapters": []}', "a reference needs `reviewed`"),
    ],
)
def test_a_broken_list_is_refused_by_name(name: str, content: str, why: str, tmp_path: Path) -> None:
    rows = list(lone_chapters.read(write(tmp_path / name, content)))
    assert any(isinstance(row, Rejected) and why in row.reason for row in rows), rows


def test_a_folder_without_lists_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no lists of chapters"):
        lone_chapters.read(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "00:00:00.000 we begin\n00:00:02.400 and go on\n00:00:05.100 with clay\n",
        "Some words\n00:00:05.100 Clay\n",
        "[1, 2]",
        '[{"start": 0, "title": "a", "text": "said"}]',
    ],
)
def test_what_was_said_is_no_list_of_chapters(content: Any, tmp_path: Path) -> None:
    assert not chapter_lists.is_one(write(tmp_path / "talk.txt", content))


def test_a_feed_beside_a_transcript_is_told_where_it_goes(tmp_path: Path) -> None:
    write(tmp_path / "ep.vtt", VTT)
    write(tmp_path / "ep.xml", FEED)
    (found,) = detect.transcripts(tmp_path).rows
    assert isinstance(found, Rejected) and "errata import corrections" in found.reason


CHAPTER_CUES = (
    "WEBVTT\n\n00:00:00.000 --> 00:00:45.000\nClay &amp; water\n\n00:00:45.000 --> 00:01:30.500\n<b>Bags</b>\n"
)
CHAPTER_LAST = "\n00:01:30.500 --> 00:01:34.000\nThe end\n"


def test_webvtt_of_chapters_belongs_to_the_captions_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "ep.chapters.vtt", CHAPTER_CUES)
    write(tmp_path / "ep.vtt", VTT)
    (talk,) = detect.transcripts(tmp_path).rows
    assert isinstance(talk, ImportedTranscript) and talk.transcript.external_id == "ep"
    assert talk.reference == (Chapter(0, "Clay & water"), Chapter(45, "Bags"))
    (review,) = review_detect.reviews(tmp_path / "ep.chapters.vtt").rows
    assert isinstance(review, Review) and (review.video_id, review.chapters) == ("ep", talk.reference)


def test_webvtt_of_chapters_is_no_talk_whatever_it_is_called(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds chapters alone"):
        detect.transcripts(write(tmp_path / "outline.vtt", CHAPTER_CUES + CHAPTER_LAST))


@pytest.mark.parametrize(
    ("length", "pause", "words"), [(60, 0, "we talk of clay and of " * 3), (8, 0, "clay"), (60, 1, "clay")]
)
def test_slow_captions_are_captions(length: int, pause: int, words: str, tmp_path: Path) -> None:
    starts = [at * (length + pause) for at in range(4)]
    cues = [f"{clock(at)}.000 --> {clock(at + length)}.000\n{words}\n" for at in starts]
    (talk,) = detect.transcripts(write(tmp_path / "slow.vtt", "\n".join(["WEBVTT\n", *cues]))).rows
    assert isinstance(talk, ImportedTranscript)
