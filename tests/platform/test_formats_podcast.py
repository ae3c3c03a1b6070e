"""Podcasting 2.0: the real transcripts and chapters, the chapters beside a transcript, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.domain.transcript import Segment
from errata.errors import BadInput
from errata.formats import chapter_lists, detect, podcast, podcast_html
from errata.formats.source_rows import ImportedTranscript, Rejected, write_rejects
from errata.formats.talk import read as read_talk

SEGMENTS = [
    {"speaker": "Ann", "startTime": 0.5, "endTime": 4, "body": "Hello there.\n"},
    {"startTime": 4.5, "body": "Soil first."},
    {"startTime": 9.5, "body": "Tools."},
]
CHAPTERS = {"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Intro"}, {"startTime": 4.5, "title": "Soil"}]}
REFERENCE = (Chapter(0.0, "Intro"), Chapter(4.5, "Soil"))
VTT = "WEBVTT\n\n00:01.000 --> 00:09.000\nHello.\n"


def write(file: Path, value: Any) -> Path:
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def transcript(folder: Path, segments: Any = SEGMENTS, name: str = "ep") -> Path:
    return write(folder / f"{name}.json", {"version": "1.0.0", "segments": segments})


def one(path: Path, asr: Path | None = None) -> ImportedTranscript:
    (arrival,) = detect.transcripts(path, asr).rows
    assert isinstance(arrival, ImportedTranscript), arrival
    return arrival


def test_the_real_json_transcript(shared: Path) -> None:
    arrival = one(shared / "data/podcast_chapters/transcripts_example.json")
    assert arrival.reference is None
    assert arrival.transcript.segments[0] == Segment(0.5, 0.75, "I", "Darth Vader")
    assert arrival.transcript.text.split() == ["I", "am", "your", "father.", "Nooooo"]


def test_the_real_html_transcript_is_the_talk_of_the_real_subrip(shared: Path) -> None:
    folder = shared / "data/podcast_chapters"
    html, srt = (one(folder / f"transcripts_example.{ending}").transcript for ending in ("html", "srt"))
    assert [int(segment.start) for segment in html.segments] == [0, 53, 102, 219, 263, 322, 376, 562, 617, 691]
    assert [segment.speaker for segment in html.segments] == [
        segment.speaker
        for before, segment in zip((None, *srt.segments), srt.segments, strict=False)
        if before is None or before.speaker != segment.speaker
    ]
    assert html.text.split() == srt.text.split()
    assert abs(html.duration - srt.duration) < 10, "the end of the last paragraph is reckoned from its words"


@pytest.mark.parametrize(("name", "count"), [("chapters_example", 9), ("chapters_exampleComplex", 10)])
def test_the_real_chapters_are_read_without_the_hidden_one(name: str, count: int, shared: Path, tmp_path: Path) -> None:
    file = shared / f"data/podcast_chapters/{name}.json"
    talk = transcript(tmp_path, [{"startTime": 0, "endTime": 7000, "body": "A long talk."}])
    (arrival,) = read_talk(podcast.speech, talk, file)
    assert isinstance(arrival, ImportedTranscript) and arrival.reference is not None
    assert len(arrival.reference) == count
    assert arrival.reference[1] == Chapter(168.0, "Hearing Aids")
    assert 4826 not in {chapter.start for chapter in arrival.reference}
    assert arrival.transcript.channel == ("John's Awesome Podcast" if count == 10 else "")


def test_a_segment_without_an_end_lasts_until_the_next(tmp_path: Path) -> None:
    assert one(transcript(tmp_path)).transcript.segments == (
        Segment(0.5, 4.0, "Hello there.", "Ann"),
        Segment(4.5, 9.5, "Soil first."),
        Segment(9.5, 9.5, "Tools."),
    )


def test_html_paragraphs_share_times_and_speakers_until_the_next(tmp_path: Path) -> None:
    file = write(
        tmp_path / "ep.html",
        "<!doctype html><title>Not said</title><body><h1>Nor this</h1><cite>Ann :</cite><time>0:00</time>"
        "<p>One two\nthree <em>four</em>.<p>Five &amp; six.</p><CITE>Bo</CITE><p>Seven.</p>"
        "<time>0:08</time><p>  </p><p>Eight</p></body>",
    )
    assert one(file).transcript.segments == (
        Segment(0.0, 8.0, "One two three four.", "Ann"),
        Segment(0.0, 8.0, "Five & six.", "Ann"),
        Segment(0.0, 8.0, "Seven.", "Bo"),
        Segment(8.0, 9.0, "Eight", "Bo"),
    )


@pytest.mark.parametrize("name", ["ep.chapters.json", "ep-chapters.json", "ep_chapters.json", "ep.json"])
def test_chapters_beside_a_transcript_are_its_reference(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, CHAPTERS)
    talk = write(tmp_path / "ep.vtt", VTT)
    assert one(talk).reference == REFERENCE
    (of_the_folder,) = detect.transcripts(tmp_path).rows
    assert of_the_folder == one(talk)


def test_chapters_that_lie_elsewhere_are_named_with_their_transcript(tmp_path: Path) -> None:
    file = write(tmp_path / "c.json", CHAPTERS)
    arrival = one(file, write(tmp_path / "ep.vtt", VTT))
    assert (arrival.transcript.external_id, arrival.reference) == ("ep", REFERENCE)
    with pytest.raises(BadInput, match=r"c\.json holds chapters alone; name their transcript"):
        detect.transcripts(file)
    with pytest.raises(BadInput, match=r"w\.txt is plain text, to which no list of chapters belongs"):
        detect.transcripts(file, write(tmp_path / "w.txt", "Hello."))


def test_chapters_that_are_hidden_or_have_no_title_are_left_out(tmp_path: Path) -> None:
    shown = [
        {"startTime": 1, "title": "Shown", "toc": True, "endTime": 2},
        {"startTime": 2, "title": "Hidden", "toc": False},
        {"startTime": 3, "img": "https://example.com/i.jpg"},
        {"startTime": 4, "title": ""},
    ]
    write(tmp_path / "ep.chapters.json", {"version": "1.2.0", "chapters": shown})
    assert one(transcript(tmp_path)).reference == (Chapter(1.0, "Shown"),)


def test_a_json_file_of_the_same_name_may_be_anything_else(tmp_path: Path) -> None:
    talk = write(tmp_path / "ep.vtt", VTT)
    for value in (["notes"], {"chapters": [], "segments": []}, '{"torn'):
        write(tmp_path / "ep.json", value)
        assert one(talk).reference is None


def chapter(**changed: Any) -> dict[str, Any]:
    return {"version": "1.2.0", "chapters": [CHAPTERS["chapters"][0], {"startTime": 4.5, "title": "Soil", **changed}]}


BROKEN_CHAPTERS = {
    "torn": ('{"version": "1.2.0", "chap', "in its chapters, torn.chapters.json:"),
    "list": ([1], "must be a JSON object"),
    "map": ({"version": "1", "chapters": {}}, "chapters must be a list, not {}"),
    "text": ({"version": "1", "chapters": ["x"]}, "chapter 0 must be a JSON object, not 'x'"),
    "nan": (chapter(startTime=float("nan")), "chapter 1's startTime must be a number, not 'NaN'"),
    "negative": (chapter(startTime=-1), "chapter 1's startTime is -1"),
    "stamp": (chapter(startTime="4"), "chapter 1's startTime must be a number, not '4'"),
    "none": (chapter(startTime=None), "chapter 1's startTime must be a number, not None"),
    "same": (chapter(startTime=0), "has the key '0.0' twice"),
    "late": (chapter(startTime=900), "starts at 900, after the end of 'late' (9.5)"),
    "toc": (chapter(toc="false"), "chapter 1's toc must be true or false, not 'false'"),
    "title": (chapter(title=7), "title must be text, not 7"),
    "surrogate": (chapter(title="\ud800"), "has half a character"),
    "long": (chapter(title="x" * 501), "has 501 characters"),
    "episode": ({**CHAPTERS, "title": 7}, "title must be text, not 7"),
}


def segment(**changed: Any) -> dict[str, Any]:
    return {"version": "1.0.0", "segments": [{**SEGMENTS[0], **changed}, *SEGMENTS[1:]]}


BROKEN = {
    "j-torn": ("json", json.dumps(segment())[:60], "not JSON"),
    "j-text": ("json", {"segments": [{"startTime": 0}, "x"]}, "segment 1 must be a JSON object, not 'x'"),
    "j-nan": ("json", segment(startTime=float("nan")), "segment 0's start must be a number, not 'NaN'"),
    "j-negative": ("json", segment(startTime=-2), "segment 0's start is -2"),
    "j-backwards": (
        "json",
        {"segments": [{**SEGMENTS[0], "endTime": 0}, SEGMENTS[1]]},
        "segment 0: it runs from 0.5 to 0.0",
    ),
    "j-unsorted": (
        "json",
        {"segments": [{**SEGMENTS[0], "startTime": 5, "endTime": 6}, SEGMENTS[1]]},
        "sort the segments by start",
    ),
    "j-mute": ("json", segment(body=None), "segment 0's text must be text, not None"),
    "j-nul": ("json", segment(body="a\0"), "has a NUL character at 1"),
    "j-surrogate": ("json", segment(speaker="\udfff"), "segment 0's speaker has half a character"),
    "h-nothing": ("html", "<time>0:00</time><p> </p>", "no <p> with words is in it"),
    "h-no-time": ("html", "<cite>Ann</cite><p>Hello.</p>", "paragraph 1 has no <time> above it"),
    "h-stamp": ("html", "<time>now</time><p>Hello.</p>", "the <time> of paragraph 1 must be a time such as"),
    "h-negative": ("html", "<time>-0:01</time><p>Hello.</p>", "the <time> of paragraph 1 must be a time such as"),
    "h-unsorted": ("html", "<time>0:09</time><p>a</p><time>0:01</time><p>b</p>", "sort the segments by start"),
    "h-alone": ("html", "<time>0:00</time><p>Hello.</p>", "the duration 0.0"),
    "h-nul": ("html", "<time>0:01</time><p>a\0</p>", "has a NUL character at 1"),
    "h-number": ("html", f"<time>0:01</time><p>&#{'1' * 5000};</p>", "a number that is far too long"),
    "h-open": ("html", "<time>0:01</time><p " + "<p " * 300_000, "no <p> with words is in it"),
}


def test_each_broken_file_of_a_folder_is_refused_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    for name, (ending, value, _) in BROKEN.items():
        write(tmp_path / f"{name}.{ending}", value)
    for name, (value, _) in BROKEN_CHAPTERS.items():
        transcript(tmp_path, name=name)
        write(tmp_path / f"{name}.chapters.json", value)
    transcript(tmp_path, name="good")
    write(tmp_path / "megabyte.html", f"<time>0:01</time><p>{'word ' * 200_000}<time>1:01</time><p>b")
    reasons = {name: reason for name, (*_, reason) in (BROKEN | BROKEN_CHAPTERS).items()}
    results = list(detect.transcripts(tmp_path).rows)
    assert [item.transcript.external_id for item in results if isinstance(item, ImportedTranscript)] == [
        "good",
        "megabyte",
    ]
    bad = {item.row: item.reason for item in results if isinstance(item, Rejected)}
    assert set(bad) == set(reasons) and len(results) == len(bad) + 2
    for name, reason in reasons.items():
        assert reason in bad[name]


def test_chapters_that_were_refused_can_be_mended_in_the_rejects(tmp_path: Path) -> None:
    write(tmp_path / "ep.chapters.json", chapter(startTime=900))
    (refused,) = detect.transcripts(transcript(tmp_path)).rows
    assert isinstance(refused, Rejected)
    write_rejects(tmp_path / "rejects.jsonl", [refused])
    line = json.loads((tmp_path / "rejects.jsonl").read_text())
    line["metadata"]["duration"] = 1000
    arrival = one(write(tmp_path / "rejects.jsonl", line))
    assert arrival.reference == (Chapter(0.0, "Intro"), Chapter(900.0, "Soil"))


starts = st.lists(st.floats(0, 5000) | st.integers(0, 5000), max_size=6, unique_by=float)


@given(starts=starts, data=st.data())
def test_chapters_that_are_written_are_read_back_in_order_of_time(
    starts: list[float], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("chapters")
    titles = [f"{at} {data.draw(st.text(max_size=5)).strip()}" for at in range(len(starts))]
    if any("\0" in title for title in titles):
        return
    items = [{"startTime": start, "title": title} for start, title in zip(starts, titles, strict=True)]
    write(folder / "ep.chapters.json", {"version": "1.2.0", "chapters": items})
    arrival = one(transcript(folder, [{"startTime": 0, "endTime": 5000, "body": "Hello."}]))
    expected = sorted((start + 0.0, " ".join(title.split())) for start, title in zip(starts, titles, strict=True))
    assert [(item.start, item.title) for item in arrival.reference or ()] == expected


@given(
    text=st.lists(
        st.sampled_from(["<p>", "</p>", "<time>", "0:01", "0:0", "<cite", ">", "<!--", "<![", "&#1;", "a", " ", "\0"]),
        max_size=12,
    )
)
def test_no_html_stops_the_reading(text: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    (found,) = read_talk(
        podcast_html.speech, write(tmp_path_factory.mktemp("fuzz") / "ep.html", "".join(["<p>", *text]))
    )
    assert isinstance(found, ImportedTranscript | Rejected)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = st.fixed_dictionaries({}, optional=dict.fromkeys(("startTime", "endTime", "body", "title", "toc"), anything))


@given(value=st.lists(fields | anything, max_size=3), beside=st.lists(fields | anything, max_size=3) | anything)
def test_no_file_is_lost_or_stops_the_reading(
    value: Any, beside: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    write(folder / "ep.chapters.json", {"version": "1.2.0", "chapters": beside})
    assert chapter_lists.beside(folder / "ep.json") == [folder / "ep.chapters.json"]
    (found,) = read_talk(podcast.speech, transcript(folder, value))
    assert isinstance(found, ImportedTranscript | Rejected)
