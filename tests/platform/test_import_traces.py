"""Traces of a foreign model's calls become predictions, each once, whatever shape its messages have."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from errata.errors import BadInput, NotFound
from errata.formats.trace_files import traced_calls
from errata.loop.compared_models import PromptSettings, compared_model
from errata.settings import FILE
from errata.workspace import Workspace
from tests.made_up_record import talk
from tests.made_up_traces import (
    ANSWER,
    INSTRUCTION,
    LINES,
    MODEL,
    STARTS,
    TIMED,
    chat,
    export,
    newest,
    observation,
    parts,
    span,
    write,
)
from tests.platform.importing import errata, imported

RIGHT = [(0.0, "Wedging clay"), (21.0, "Glazing"), (47.0, "The kiln")]


@pytest.fixture
def workspace(empty: Path, tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / FILE).touch()
    shutil.copyfile(empty, root / "errata.db")
    return Workspace.find(root)


NUMBERED = {
    **MODEL,
    "gen_ai.prompt.0.role": "system",
    "gen_ai.prompt.0.content": "You know pottery.",
    "gen_ai.prompt.1.role": "user",
    "gen_ai.prompt.1.content": INSTRUCTION + TIMED,
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": ANSWER,
}
EVENTS = [
    ("gen_ai.system.message", {"content": "You know pottery."}),
    ("gen_ai.user.message", {"content": INSTRUCTION + TIMED}),
    ("gen_ai.choice", {"index": 0, "message": {"role": "assistant", "content": ANSWER}}),
]
OLD_EVENTS = [
    ("gen_ai.content.prompt", {"gen_ai.prompt": json.dumps(chat())}),
    ("gen_ai.content.completion", {"gen_ai.completion": json.dumps([{"role": "assistant", "content": ANSWER}])}),
]
AS_TEXT = {
    **MODEL,
    "gen_ai.input.messages": json.dumps([parts("user", INSTRUCTION + TIMED)]),
    "gen_ai.output.messages": json.dumps([parts("assistant", ANSWER)]),
}


@pytest.mark.parametrize(
    "row",
    [
        export(span(newest())),
        export(span(NUMBERED)),
        export(span(MODEL, EVENTS)),
        export(span(MODEL, OLD_EVENTS)),
        export(span(AS_TEXT)),
        observation(),
        observation(input={"messages": chat()}, output=ANSWER),
        observation(input=json.dumps(chat()), output=json.dumps({"role": "assistant", "content": ANSWER})),
        observation(output={"choices": [{"message": {"role": "assistant", "content": ANSWER}}]}),
        {
            "id": "o-1",
            "trace_id": "t-1",
            "type": "GENERATION",
            "provided_model_name": "gpt-x-2026",
            "end_time": "2026-07-25 17:20:02.500000",
            "input": json.dumps(chat()),
            "output": ANSWER,
        },
    ],
)
def test_a_call_becomes_a_prediction_with_its_model_and_time(row: Any, workspace: Workspace, tmp_path: Path) -> None:
    counts = imported(workspace, "traces", write(tmp_path / "traces.jsonl", row))
    assert (counts["new"], counts["rejected"]) == (1, 0), counts
    with workspace.record.read() as store:
        ((seq, found),) = store.predictions.of_transcript(1)
        assert [(chapter.start, chapter.title) for chapter in found.chapters] == RIGHT
        assert found.foreign and found.model.startswith("foreign:gpt-x-2026:")
        assert store.traces.answered_at([seq])[seq].startswith("2026-07-25T17:20:02.5")
        said = store.transcripts.read(1)
        assert [(line.start, line.text) for line in said.segments] == list(zip(map(float, STARTS), LINES, strict=True))


def test_a_talk_shows_when_the_model_answered(workspace: Workspace, tmp_path: Path) -> None:
    imported(workspace, "traces", write(tmp_path / "traces.jsonl", observation(metadata={"video_id": "t"})))
    assert "2026-07-25  foreign:gpt-x-2026:" in errata(workspace, "show", "t").stdout
    (shown,) = json.loads(errata(workspace, "show", "t", "--json").stdout)["predictions"]
    assert shown["answered_at"].startswith("2026-07-25T17:20:02.5") and shown["foreign"]


def test_the_same_file_twice_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "traces.jsonl", export(span(newest())), observation())
    assert imported(workspace, "traces", path)["new"] == 2
    with workspace.record.read() as store:
        before = store.watermark()
    again = imported(workspace, "traces", path)
    assert (again["new"], again["duplicate"]) == (0, 2)
    with workspace.record.read() as store:
        assert store.watermark() == before, "two calls with one answer are one prediction"
    other = observation(id="o-2", output="0:00 Clay\n0:33 Dipping")
    assert imported(workspace, "traces", write(tmp_path / "more.jsonl", other))["new"] == 1
    with workspace.record.read() as store:
        assert len(store.predictions.of_transcript(1)) == 2


def test_a_talk_that_the_record_knows_keeps_its_transcript(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.record.write() as store:
        store.transcripts.add(talk("t"))
    words = "\n".join(f"[{int(line.start // 60)}:{int(line.start % 60):02}] {line.text}" for line in talk("t").segments)
    rows = [
        observation(
            metadata={"video_id": "t"}, input=chat(INSTRUCTION + words), output='[{"start": 10, "title": "A"}]'
        ),
        observation(id="o-2", metadata='{"episode": "talks/t.mp4"}', input="chapters of talk t, please", output=[]),
        observation(id="o-3", metadata={"video_id": "t"}, input=chat(INSTRUCTION + words[:200])),
    ]
    counts = imported(workspace, "traces", write(tmp_path / "traces.jsonl", rows[0], rows[2]))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert "an answer to a part is none to the whole" in counts["reasons"][0]["reason"]
    rows[1]["output"] = "```json\n[]\n```"
    keyed = json.loads(
        errata(workspace, "import", "traces", write(tmp_path / "k.jsonl", rows[1]), "--key", "episode", "--json").stdout
    )
    assert (keyed["new"], keyed["rejected"]) == (1, 0)
    with workspace.record.read() as store:
        found = [prediction.chapters for _, prediction in store.predictions.of_transcript(1)]
        assert [[chapter.start for chapter in chapters] for chapters in found] == [[10.0], []]
        assert store.counts()["transcripts"] == 1


QUOTED = json.dumps(
    [
        {"title": "Wedging", "start_text": "today we throw a bowl on the wheel"},
        {"title": "Kiln", "start_text": "and at last the kiln which takes"},
    ]
)


def test_a_text_without_times_takes_quotes_and_no_times(workspace: Workspace, tmp_path: Path) -> None:
    plain = "Chapters as JSON. Transcript:\n" + "\n".join(LINES)
    rows = [observation(input=chat(plain), output=QUOTED), observation(id="o-2", input=chat(plain))]
    counts = imported(workspace, "traces", write(tmp_path / "traces.jsonl", *rows))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert "placed by time, and its transcript has none" in counts["reasons"][0]["reason"]
    with workspace.record.read() as store:
        ((_, found),) = store.predictions.of_transcript(1)
        assert store.transcripts.read(1).unit == "words"
        assert [chapter.title for chapter in found.chapters] == ["Wedging", "Kiln"]


CUES = [("00:00:00", "00:00:08", "words of clay and wheels"), ("00:00:08", "00:00:20", "and glaze")]
VTT = "WEBVTT\n\n" + "\n\n".join(f"{start}.000 --> {end}.000\n{words}" for start, end, words in CUES)
SRT = "\n\n".join(f"{at}\n{start},000 --> {end},000\n{words}" for at, (start, end, words) in enumerate(CUES, start=1))
SEGMENTS = json.dumps([{"start": 0, "end": 8, "text": CUES[0][2]}, {"start": 8, "end": 20, "text": CUES[1][2]}])
TWO = f"0:00 {CUES[0][2]}\n0:08 {CUES[1][2]}"


@pytest.mark.parametrize(
    "prompt",
    [
        f"```\n{VTT}\n```\nAnswer now.",
        f"Chapters, please:\n{SRT}\n",
        f"Segments: {SEGMENTS} Answer.",
        f"An example: 0:00 Intro\n\n<transcript>\n{TWO}\n</transcript>\nList the chapters.",
        f"Write lines such as\n0:00 Intro\n\n{TWO}\n\nEach title has three words.",
    ],
)
def test_a_transcript_is_told_from_the_instructions(prompt: str, workspace: Workspace, tmp_path: Path) -> None:
    row = observation(input=chat(prompt), output="0:00 Clay\n0:08 Glaze")
    counts = imported(workspace, "traces", write(tmp_path / "traces.jsonl", row))
    assert counts["rejected"] == 0, counts["reasons"]
    with workspace.record.read() as store:
        said = store.transcripts.read(1)
    assert [(line.start, line.text) for line in said.segments] == [(0.0, CUES[0][2]), (8.0, CUES[1][2])]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (observation(output=None), "it holds no answer; have the tracer capture messages' content"),
        (observation(output="I can't do that."), "holds no chapters that can be read"),
        (observation(input=[{"role": "user", "content": "hello"}]), "it names no talk, and no transcript can be told"),
        (
            observation(metadata={"video_id": "new"}, input="hello"),
            "it names the talk 'new', which the record doesn't know",
        ),
        (observation(model=None), "it names no model"),
        (observation(endTime="soon"), "the time"),
        (observation(output='[{"begin": 3, "title": "A"}]'), "chapter 0 has no start"),
        (observation(output="40:00 Late"), "all its chapters begin after the transcript's end, at 00:01:"),
        (export(span(MODEL)), "it holds neither question nor answer"),
        (export(span(newest(), endTimeUnixNano="yesterday")), "endTimeUnixNano must be nanoseconds"),
        (export(span(newest(), traceId=None)), "traceId must be text"),
        ({"resourceSpans": [{"scopeSpans": 3}]}, "scopeSpans must be a list"),
        ({"hello": 1}, "it is neither an OTLP export (resourceSpans) nor a Langfuse observation"),
    ],
)
def test_a_bad_row_is_refused_with_a_sentence_and_the_others_go_in(
    row: Any, why: str, workspace: Workspace, tmp_path: Path
) -> None:
    good = observation(id="good", traceId="good")
    counts = imported(workspace, "traces", write(tmp_path / "traces.jsonl", row, good))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert why in counts["reasons"][0]["reason"]
    again = imported(workspace, "traces", Path(counts["rejects_file"])) if "hello" not in row else counts
    assert again["rejected"] == 1, "what is refused can be mended and imported again"
    with workspace.record.read() as store:
        assert store.counts()["transcripts"] == 1, "a refused row leaves nothing behind"


def test_other_steps_and_failed_calls_are_left_out_and_counted(workspace: Workspace, tmp_path: Path) -> None:
    path = write(
        tmp_path / "traces.jsonl",
        export(span({"http.route": "/chapters"}), span(newest(), status={"code": 2}), span(newest(), spanId="b" * 16)),
        observation(type="SPAN"),
        observation(level="ERROR"),
    )
    counts = imported(workspace, "traces", path)
    assert (counts["new"], counts["rejected"]) == (1, 0)
    assert counts["left_out"] == {"no model's answer": 2, "failed calls": 2}


def test_a_whole_trace_tells_of_the_talk_once(workspace: Workspace, tmp_path: Path) -> None:
    spans = [observation(), observation(id="o-2", type="SPAN"), observation(id="o-3", model=None)]
    saved = {"trace": {"id": "t-1", "metadata": {"video_id": "pots"}}, "observations": spans}
    (tmp_path / "trace.json").write_text(json.dumps(saved, indent=1))
    counts = imported(workspace, "traces", tmp_path / "trace.json")
    assert (counts["new"], counts["rejected"], counts["left_out"]) == (1, 1, {"no model's answer": 1})
    with workspace.record.read() as store:
        assert store.transcripts.find("pots") == 1
    again = imported(workspace, "traces", Path(counts["rejects_file"]))
    assert again["rejected"] == 1 and "it names no model" in again["reasons"][0]["reason"]
    page = write(tmp_path / "page.jsonl", {"data": [observation(id="o-4")], "meta": {"page": 1}})
    assert imported(workspace, "traces", page)["new"] == 1


def test_a_traced_model_can_be_compared_by_its_name(workspace: Workspace, tmp_path: Path) -> None:
    rows = [observation(metadata={"video_id": "t"}), observation(id="o-2", metadata={"video_id": "t"}, output="0:33 B")]
    imported(workspace, "traces", write(tmp_path / "traces.jsonl", *rows, observation(id="o-3", model="gpt-x")))
    settings = PromptSettings.of("indexed", ())
    found = compared_model(workspace, "foreign:gpt-x-2026", 0, settings, tmp_path)
    assert (found.kind, found.predictor.key.foreign, found.given) == ("traces", True, "foreign:gpt-x-2026")
    with workspace.record.read() as store:
        (answer,) = found.predictor.answer([store.transcripts.read(store.transcripts.find("t"))])
    assert answer is not None and [chapter.title for chapter in answer.chapters] == ["B"], "the newest"
    with pytest.raises(NotFound, match=r"it has those of foreign:gpt-x, foreign:gpt-x-2026$"):
        compared_model(workspace, "foreign:gpt", 0, settings, tmp_path)


def test_a_file_without_traces_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no traces that can be read"):
        traced_calls(write(tmp_path / "reviews.jsonl", {"video_id": "t", "reviewer": "ann"}))


def test_what_was_forgotten_is_not_taken_in_again(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "traces.jsonl", observation(metadata={"video_id": "t"}))
    assert imported(workspace, "traces", path)["new"] == 1
    with workspace.record.write() as store:
        store.tombstones.record_deletion("t", "ann", "asked")
    later = write(tmp_path / "later.jsonl", observation(id="o-2", metadata={"video_id": "t"}))
    counts = imported(workspace, "traces", later)
    assert counts["rejected"] == 1 and "was forgotten on request" in counts["reasons"][0]["reason"]
    assert "wheel" not in Path(counts["rejects_file"]).read_text()
