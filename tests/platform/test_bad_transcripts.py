"""Every format of transcripts, broken in every way: each file is imported or refused by name, and none is lost.

A folder holds one good talk and one that is broken. What is broken is mended as its user would: in the rejects file
where the row stands there, else in the file itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.domain.joined_talks import NONE_JOINED
from errata.errors import ErrataError
from errata.formats import detect
from errata.formats.kinds import FORMATS
from errata.formats.source_rows import ImportedTranscript
from errata.settings import FILE

Files = dict[str, bytes]
Line = tuple[Any, Any, Any]


@dataclass(frozen=True)
class Talk:
    """Lines of start, end and words; a start that is no number is written as it is."""

    name: str
    lines: tuple[Line, ...] = (
        (0.0, 4.0, "Good morning everybody."),
        (4.0, 9.0, "Soil comes first."),
        (9.0, 14.0, "Then the tools."),
    )
    title: Any = "Soil"
    again: bool = False
    """Whether another file has a talk of that name: then this one is called something else."""

    @property
    def file(self) -> str:
        return "again" if self.again else self.name


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def named(talk: Talk, ending: str, data: bytes) -> Files:
    """The file of a talk whose name is its id; another such file has another ending, and is known by its content."""
    return {f"{talk.name}.{'data' if talk.again else ending}": data}


def stamp(value: Any) -> str:
    return f"00:00:{value:06.3f}" if isinstance(value, float) and value >= 0 else str(value)


def seconds(talk: Talk) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "text": words} for start, end, words in talk.lines]


def yt_dlp(talk: Talk) -> Files:
    events = [
        {"tStartMs": ms(s), "dDurationMs": ms(e - s if isinstance(s, float) else e), "segs": [{"utf8": words}]}
        for s, e, words in talk.lines
    ]
    chapters = [{"start_time": 4, "title": talk.title}]
    info = {"id": talk.name, "webpage_url": "https://example.com", "title": "Gardens", "chapters": chapters}
    return {f"{talk.file}.info.json": as_json(info), f"{talk.file}.en.json3": as_json({"events": events})}


def podcast(talk: Talk) -> Files:
    segments = [{"startTime": s, "endTime": e, "body": words} for s, e, words in talk.lines]
    chapters = {"version": "1.2.0", "chapters": [{"startTime": 4, "title": talk.title}]}
    speech = {"version": "1.0.0", "segments": segments}
    return {**named(talk, "json", as_json(speech)), f"{talk.name}.chapters.json": as_json(chapters)}


def captions(ending: str, head: str) -> Callable[[Talk], Files]:
    def made(talk: Talk) -> Files:
        cues = (f"{stamp(s)} --> {stamp(e)}\n{words}\n" for s, e, words in talk.lines)
        return named(talk, ending, as_text(head + "\n".join(cues)))

    return made


def html(talk: Talk) -> Files:
    paragraphs = "".join(f"<time>{stamp(s)}</time><p>{words}</p>\n" for s, _, words in talk.lines)
    return named(talk, "html", as_text(paragraphs))


def chat(talk: Talk) -> Files:
    return named(talk, "irc", as_text("".join(f"[{stamp(s)}] <ann> {words}\n" for s, _, words in talk.lines)))


def ms(value: Any) -> Any:
    return value * 1000 if isinstance(value, float) else value


def whole_ms(value: Any) -> str:
    return str(int(value * 1000)) if isinstance(value, float) and math.isfinite(value) else str(value)


def lasting(start: Any, end: Any) -> Any:
    return end - start if isinstance(start, float) else end


def json3(talk: Talk) -> Files:
    events = [
        {"tStartMs": ms(s), "dDurationMs": ms(lasting(s, e)), "segs": [{"utf8": words}]} for s, e, words in talk.lines
    ]
    return named(talk, "json3", as_json({"events": events}))


def whisper_cpp(talk: Talk) -> Files:
    segments = [{"offsets": {"from": ms(s), "to": ms(e)}, "text": words} for s, e, words in talk.lines]
    return named(talk, "json", as_json({"transcription": segments}))


def whisper_chunks(talk: Talk) -> Files:
    return named(
        talk, "json", as_json({"chunks": [{"timestamp": [s, e], "text": words} for s, e, words in talk.lines]})
    )


def snippets(talk: Talk) -> Files:
    rows = [{"start": s, "duration": lasting(s, e), "text": words} for s, e, words in talk.lines]
    return named(talk, "json", as_json(rows))


def messages(talk: Talk) -> Files:
    rows = [{"time_in_seconds": s, "message": words, "author": {"name": "ann"}} for s, _, words in talk.lines]
    return named(talk, "json", as_json(rows))


def comments(talk: Talk) -> Files:
    said = [
        {"content_offset_seconds": s, "commenter": {"name": "ann"}, "message": {"body": words}}
        for s, _, words in talk.lines
    ]
    stream = {"streamer": {"name": "mira"}, "video": {"title": talk.title}, "comments": said}
    return named(talk, "json", as_json(stream))


def fragments(talk: Talk) -> Files:
    said = [
        {"contentOffsetSeconds": start, "message": {"fragments": [{"text": words}]}} for start, _, words in talk.lines
    ]
    stream = {"video": {"title": talk.title}, "video_comments": {}, "comments": said}
    return named(talk, "json", as_json(stream))


def rows_of(ending: str, head: str, row: Callable[[Any, Any, Any], str], tail: str = "") -> Callable[[Talk], Files]:
    def made(talk: Talk) -> Files:
        return named(talk, ending, as_text(head + "".join(row(*line) for line in talk.lines) + tail))

    return made


def meeting(talk: Talk) -> Files:
    turns = [{"speaker": "Ann", "content": words} for _, _, words in talk.lines]
    topics = [{"topic": talk.title, "relevant_text_span": [["1", "2"]]}]
    row = {"meeting_id": talk.name, "meeting_transcripts": turns, "topic_list": topics}
    return {f"{talk.file}.jsonl": as_json(row)}


def data_set(talk: Talk) -> Files:
    metadata = {"title": "Gardens", "chapters": {"4": talk.title}}
    return {
        f"chapters_{talk.file}.json": as_json({talk.name: metadata}),
        f"asrs_{talk.file}.json": as_json({talk.name: seconds(talk)}),
    }


def reject(talk: Talk) -> Files:
    row = {"video_id": talk.name, "metadata": {"chapters": {"4": talk.title}}, "asr": seconds(talk)}
    return {f"{talk.file}.jsonl": as_json(row)}


WRITTEN: dict[str, Callable[[Talk], Files]] = {
    "yt-dlp": yt_dlp,
    "podcast": podcast,
    "whisper": lambda talk: named(talk, "json", as_json({"segments": seconds(talk)})),
    "webvtt": captions("vtt", "WEBVTT\n\n"),
    "srt": captions("srt", ""),
    "podcast-html": html,
    "chat": chat,
    "live-chat": messages,
    "twitch-chat": comments,
    "twitch-dl-chat": fragments,
    "whisper-cpp": whisper_cpp,
    "whisper-chunks": whisper_chunks,
    "whisper-tsv": rows_of("tsv", "start\tend\ttext\n", lambda s, e, words: f"{whole_ms(s)}\t{whole_ms(e)}\t{words}\n"),
    "youtube": json3,
    "youtube-transcript-api": snippets,
    "sbv": rows_of("sbv", "", lambda s, e, words: f"{stamp(s)},{stamp(e)}\n{words}\n\n"),
    "ass": rows_of(
        "ass",
        "[Events]\nFormat: Start, End, Text\n",
        lambda s, e, words: f"Dialogue: {stamp(s)},{stamp(e)},{words}\n",
    ),
    "ttml": rows_of(
        "ttml",
        "<tt><body>",
        lambda s, e, words: f'<p begin="{stamp(s)}" end="{stamp(e)}">{words}</p>',
        "</body></tt>",
    ),
    "lrc": rows_of("lrc", "", lambda s, _, words: f"[{stamp(s).removeprefix('00:')}]{words}\n"),
    "timed-text": rows_of("txt", "", lambda s, e, words: f"[{stamp(s)} --> {stamp(e)}] {words}\n"),
    "meetings": meeting,
    "chapter-llama": data_set,
    "rejects": reject,
    "text": lambda talk: named(talk, "txt", as_text("\n".join(words for _, _, words in talk.lines))),
}
UNTIMED = ("meetings", "text")
ENDLESS = (*UNTIMED, "podcast-html", "chat", "live-chat", "twitch-chat", "twitch-dl-chat", "lrc")
LASTING = ("yt-dlp", "youtube", "youtube-transcript-api")
SORTED = ("ass", "lrc", "live-chat")
"""In which the order of lines means nothing."""
TEXTS = ("webvtt", "srt", "podcast-html", "chat", "whisper-tsv", "sbv", "ass", "ttml", "lrc", "timed-text", "text")
TITLED = ("yt-dlp", "podcast", "meetings", "twitch-chat", "twitch-dl-chat", "chapter-llama", "rejects")


def second(**changed: Any) -> Callable[[Talk], Talk]:
    """Changes the start, the end or the words of the second line."""

    def make(talk: Talk) -> Talk:
        start, end, words = talk.lines[1]
        line = (changed.get("start", start), changed.get("end", end), changed.get("words", words))
        return replace(talk, lines=(talk.lines[0], line, talk.lines[2]))

    return make


def cut(files: Files) -> Files:
    """The last file ends in the middle of a line."""
    *_, (name, data) = files.items()
    return {**files, name: data[: data.rindex(b":") + 2 if b":" in data else len(data) // 2]}


@dataclass(frozen=True)
class Fault:
    change: Callable[[Talk], Talk]
    taken: bool | None
    """Whether it is imported; None where that is the format's to say."""
    not_in: tuple[str, ...] = ()
    """The formats that can't have it."""


FAULTS = {
    "words that are a number": Fault(second(words=5), False, TEXTS),
    "a start that is a word": Fault(second(start="soon"), False, UNTIMED),
    "NUL": Fault(second(words="Soil\0 comes first."), False),
    "half a character": Fault(second(words="Soil \ud800 comes first."), False),
    "a line of a megabyte": Fault(second(words="soil " * 200_000), True),
    "times backwards": Fault(lambda talk: replace(talk, lines=talk.lines[::-1]), False, (*UNTIMED, *SORTED)),
    "an end before its start": Fault(second(end=2.0), True, (*ENDLESS, *LASTING)),
    "a negative start": Fault(second(start=-4.0), False, (*UNTIMED, "live-chat")),
    "a length that is negative": Fault(second(end=2.0), False, tuple(name for name in FORMATS if name not in LASTING)),
    "NaN": Fault(second(start=float("nan")), False, UNTIMED),
    "infinity": Fault(second(end=float("inf")), False, ENDLESS),
    "lines that overlap": Fault(second(end=11.5), True, ENDLESS),
    "no words at all": Fault(lambda talk: replace(talk, lines=tuple((s, e, " ") for s, e, _ in talk.lines)), False),
    "NUL in a title": Fault(lambda talk: replace(talk, title="Soil\0"), False, tuple(set(FORMATS) - set(TITLED))),
    "a title that is a number": Fault(lambda talk: replace(talk, title=5), False, tuple(set(FORMATS) - set(TITLED))),
    "cut off": Fault(lambda talk: talk, None, ("chapter-llama",)),
    "two under one id": Fault(
        lambda talk: replace(talk, name="good", lines=talk.lines[:2], again=True), None, ("text",)
    ),
}


def broken_in(format_: str) -> dict[str, Talk]:
    """The broken talks that the format can hold, each called after its fault."""
    able = {fault: one for fault, one in FAULTS.items() if format_ not in one.not_in}
    return {fault: one.change(Talk(fault.replace(" ", "-"))) for fault, one in able.items()}


def lay(folder: Path, files: Files) -> None:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def imported(root: Path, path: Path) -> tuple[int, dict[str, Any], str]:
    """The exit code, the report (empty where nothing at all could be read) and what was said on stderr."""
    done = CliRunner().invoke(app, ["import", "transcripts", str(path), "-w", str(root), "--json"])
    if isinstance(done.exception, ErrataError):
        return done.exception.exit_code, {}, str(done.exception)
    assert isinstance(done.exception, SystemExit | None), done.exception
    report = json.loads(done.stdout)
    assert report["read"] == report["new"] + report["duplicate"] + report["rejected"], "a row was lost"
    return done.exit_code, report, done.stderr


def known(record: Record) -> list[str]:
    with record.read() as store:
        return sorted(store.transcripts.external_id_of(seq) for seq in store.transcripts.awaiting_draft("nobody", ""))


def sound_row(format_: str, name: str, folder: Path) -> Any:
    """A talk without a fault, as a rejects file would have it."""
    lay(folder, WRITTEN[format_](Talk(name)))
    (sound,) = detect.transcripts(folder).rows
    assert isinstance(sound, ImportedTranscript)
    return sound.row.raw


def of_talk(line: dict[str, Any], talk: Talk, format_: str) -> bool:
    """Whether a line of the rejects file names a file of the talk."""
    return Path(line["_rejected"]["file"]).name in WRITTEN[format_](talk)


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_broken_is_imported_or_refused_and_can_be_mended(format_: str, record: Record, tmp_path: Path) -> None:
    (tmp_path / FILE).touch()
    folder, talks = tmp_path / "talks", broken_in(format_)
    lay(folder, WRITTEN[format_](Talk("good")))
    for fault, talk in talks.items():
        files = WRITTEN[format_](talk)
        lay(folder, cut(files) if fault == "cut off" else files)
    code, report, said = imported(tmp_path, folder)
    assert code == 2 and report["read"] == len(talks) + 1
    assert report["rejects_file"] in said

    refused = [json.loads(line) for line in Path(report["rejects_file"]).read_text().splitlines()]
    taken = known(record)
    assert "good" in taken and len(refused) == report["rejected"] == len(talks) + 1 - report["new"]
    for fault, talk in talks.items():
        lines = [line for line in refused if of_talk(line, talk, format_)]
        if FAULTS[fault].taken is not None:
            assert (talk.name in taken, len(lines)) == (FAULTS[fault].taken, not FAULTS[fault].taken), fault
        for why in (line["_rejected"] for line in lines):
            assert why["row"] and why["reason"] and "\n" not in why["reason"], fault

    again = imported(tmp_path, folder)[1]
    none_new = {"new": 0, "duplicate": report["new"], "joined": asdict(NONE_JOINED)}
    assert again == {**report, **none_new}, "a second time, nothing changes"

    mended = []
    for number, line in enumerate(refused):
        name = next((talk.name for talk in talks.values() if of_talk(line, talk, format_)), "good")
        if set(line) == {"_rejected"}:  # nothing of the row is kept: its file is what can be mended
            lay(folder, WRITTEN[format_](Talk(name)))
        else:
            sound = sound_row(format_, f"{name} mended", tmp_path / f"sound {number}")
            mended.append(sound | {"_rejected": line["_rejected"]})
    if mended:
        (tmp_path / "mended.jsonl").write_text("".join(json.dumps(line) + "\n" for line in mended))
        code, report, _ = imported(tmp_path, tmp_path / "mended.jsonl")
        assert (code, report["new"]) == (0, len(mended))
    imported(tmp_path, folder)
    assert {name.removesuffix(" mended") for name in known(record)} == {"good", *(talk.name for talk in talks.values())}


def test_a_data_set_with_a_file_that_is_cut_off_is_refused_whole_by_that_files_name(
    record: Record, tmp_path: Path
) -> None:
    (tmp_path / FILE).touch()
    folder = tmp_path / "talks"
    lay(folder, data_set(Talk("good")))
    lay(folder, cut(data_set(Talk("bad"))))
    code, report, said = imported(tmp_path, folder)
    assert (code, report, known(record)) == (2, {}, []) and "asrs_bad.json: not JSON (Expecting value, line 1" in said
    lay(folder, data_set(Talk("bad")))
    assert imported(tmp_path, folder)[0] == 0 and known(record) == ["bad", "good"]


def test_every_format_is_broken_here() -> None:
    assert set(WRITTEN) == set(FORMATS)
