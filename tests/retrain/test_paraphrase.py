"""Rows that a model says in other words, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errata.documents.params import ParaphraseParams
from errata.errors import BadInput, Refused
from retrain.paraphrase import FOLDER, LINES, Paraphraser, forget
from retrain.training_rows import TrainingRow
from tests.made_up_server import Reply, Server, said, serving
from tests.retrain.test_augment import ROWS


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as state:
        state.reply = reworded(lambda line: f"In other words, {line}")
        yield state


def reworded(change: Callable[[str], str]) -> Callable[[dict[str, Any]], Reply]:
    def reply(body: dict[str, Any]) -> Reply:
        lines = json.loads(body["messages"][1]["content"])
        return said(json.dumps({"lines": [change(line) for line in lines]}))

    return reply


def paraphraser(server: Server, root: Path, **changes: Any) -> Paraphraser:
    params = replace(ParaphraseParams(server.url, "wordy", 1.0), **changes)
    return Paraphraser(params, 7, root, sleep=lambda _: None)


def test_the_text_is_said_otherwise_and_the_label_stays(server: Server, tmp_path: Path) -> None:
    copy = paraphraser(server, tmp_path).copy(ROWS[0])
    assert copy is not None
    before, after = ROWS[0].read_transcript(), copy.read_transcript()
    assert [line.text for line in after.lines] == [f"In other words, {line.text}" for line in before.lines]
    assert [line.start for line in after.lines] == [line.start for line in before.lines]
    assert copy.read_chapters() == ROWS[0].read_chapters()
    assert copy.altered == "paraphrase of text" and json.loads(copy.alteration)["model"] == "wordy"
    assert (copy.group_hashes, copy.role) == (ROWS[0].group_hashes, "train")


def test_titles_are_said_otherwise_and_the_text_stays(server: Server, tmp_path: Path) -> None:
    copy = paraphraser(server, tmp_path, of="titles").copy(ROWS[0])
    assert copy is not None and copy.read_transcript() == ROWS[0].read_transcript()
    assert [chapter.title for chapter in copy.read_chapters()] == [f"In other words, Part {n}" for n in (1, 2, 3)]
    assert [chapter.start for chapter in copy.read_chapters()] == [0, 40, 80]
    assert "chapter titles" in server.asked[0]["messages"][0]["content"] and len(server.asked) == 1


def test_what_was_answered_is_not_asked_again(server: Server, tmp_path: Path) -> None:
    first = paraphraser(server, tmp_path)
    copies = [first.copy(row) for row in ROWS[:3]]
    calls = len(server.asked)
    assert first.asked == calls == 3, "12 lines are one call"
    again = paraphraser(server, tmp_path)
    assert [again.copy(row) for row in ROWS[:3]] == copies and len(server.asked) == calls and again.asked == 0
    paraphraser(server, tmp_path, model="other").copy(ROWS[0])
    assert len(server.asked) == calls + 1, "another model says it otherwise"
    assert forget(tmp_path, ROWS[0].transcript_hash) and not forget(tmp_path, ROWS[0].transcript_hash)
    assert len(list((tmp_path / FOLDER).glob("*/*.json"))) == 2


def test_a_long_talk_is_asked_in_parts(server: Server, tmp_path: Path) -> None:
    said_long = ROWS[0].read_transcript()
    lines = said_long.segments * 4
    moved = tuple(replace(line, start=10.0 * place, end=10.0 * place + 9) for place, line in enumerate(lines))
    text = json.dumps(replace(said_long, segments=moved, duration=10.0 * len(moved)).as_json())
    copy = paraphraser(server, tmp_path).copy(replace(ROWS[0], text=text))
    assert copy is not None and len(copy.read_transcript().lines) == 48
    assert [len(json.loads(body["messages"][1]["content"])) for body in server.asked] == [LINES, LINES, 8]


def test_a_share_of_the_rows_is_asked_and_always_the_same(server: Server, tmp_path: Path) -> None:
    half = paraphraser(server, tmp_path, share=0.5)
    made = {row.external_id for row in ROWS if half.copy(row)}
    assert 10 <= len(made) <= 30
    assert {row.external_id for row in ROWS[::-1] if half.copy(row)} == made


def test_a_held_out_row_is_never_sent(server: Server, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"held out \(dev\) and must not be sent"):
        paraphraser(server, tmp_path).copy(replace(ROWS[0], role="dev"))
    assert server.asked == []


@pytest.mark.parametrize(
    ("reply", "reason", "calls"),
    [
        (said('{"lines": ["one"]}'), "gave other lines than it was asked for", 4),
        (said("Here you go: one, two"), "gave an answer that is not in the form it was given", 4),
        ((401, {}, {"error": "no"}), "answered with HTTP 401", 1),
        ((503, {}, {"error": "busy"}), "answered with HTTP 503", 4),
        ((200, {}, {"choices": [{"message": {"content": "", "refusal": "I won't"}}]}), "refused to paraphrase", 1),
    ],
)
def test_a_failed_call_leaves_its_row_alone_and_is_counted(
    server: Server, tmp_path: Path, reply: Reply, reason: str, calls: int
) -> None:
    server.reply = lambda _: reply
    asked = paraphraser(server, tmp_path)
    assert asked.copy(ROWS[0]) is None
    assert (dict(asked.failed), len(server.asked)) == ({reason: 1}, calls)
    assert not list((tmp_path / FOLDER).glob("*/*")), "nothing wrong is kept"


def test_a_server_that_is_away_is_not_waited_for_row_by_row(server: Server, tmp_path: Path) -> None:
    paraphraser(server, tmp_path).copy(ROWS[0])
    server.reply = lambda _: (503, {}, {})
    asked = paraphraser(server, tmp_path)
    made = [asked.copy(row) for row in ROWS[:4]]
    assert [copy is not None for copy in made] == [True, False, False, False], "what is known needs no server"
    assert dict(asked.failed) == {"answered with HTTP 503": 1, "was not asked any more": 2}


def test_the_key_comes_from_the_environment(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="set the environment variable WORDY_KEY"):
        paraphraser(server, tmp_path, key_env="WORDY_KEY")
    monkeypatch.setenv("WORDY_KEY", "secret")
    row: TrainingRow = ROWS[0]
    assert paraphraser(server, tmp_path, key_env="WORDY_KEY").copy(row)
    assert server.keys == ["Bearer secret"]
    assert not any("secret" in path.read_text() for path in (tmp_path / FOLDER).glob("*/*"))
    with pytest.raises(BadInput, match="unencrypted"):
        ParaphraseParams("http://far.example/v1", "wordy", 1.0, key_env="WORDY_KEY")
    with pytest.raises(BadInput, match="one of a chat"):
        paraphraser(server, tmp_path, url=f"{server.url}/completions")
