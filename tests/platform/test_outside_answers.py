"""Answers from elsewhere: a server over HTTP, a real one in a thread, and a file of predictions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.domain.chapter import Chapter
from errata.domain.prediction import Prediction
from errata.errors import BadInput, ErrataError, Unavailable
from errata.inference import openai_client, served_model
from errata.inference.prediction_file import PredictionFile
from errata.inference.recorded import RecordedModel
from errata.inference.served_model import EstimatedTokenizer, ServedModel, completions_url
from tests.made_up_record import talk
from tests.made_up_server import Reply, Server, dripping_headers, said, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(openai_client, "FIRST_WAIT", 0.001)
    with serving() as state:
        yield state


def add(record: Record, *names: str, lines: int = 12) -> list[int]:
    with record.write() as store:
        return [store.transcripts.add(talk(name, lines=lines)).seq for name in names]


def prompt(body: dict[str, Any]) -> str:
    return str(body["messages"][0]["content"])


# a server ------------------------------------------------------------------------------------------------------------


def test_a_server_is_asked_once_about_a_transcript(server: Server, record: Record) -> None:
    seqs = add(record, "a", "b", "c")
    server.reply = lambda body: said("0 Opening\n3 The middle\n")
    predictor = ServedModel(server.url, "qwen", "indexed", 4096, key="secret")
    calls: list[int] = []
    found = RecordedModel(record, predictor).predict_all(seqs, lambda: calls.append(1))
    assert list(found) == seqs and len(calls) == 3
    right = (Chapter(0.0, "Opening"), Chapter(30.0, "The middle"))
    assert found[seqs[0]] == Prediction(seqs[0], predictor.key.model, "indexed@1", right, foreign=True)
    assert len(server.asked) == 3 and set(server.paths) == {"/v1/chat/completions"}
    assert set(server.keys) == {"Bearer secret"}
    body = server.asked[0]
    assert (body["model"], body["temperature"], body["stream"]) == ("qwen", 0, False)
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert all(any(f"\n11 {talk(name).segments[11].text}" in prompt(b) for b in server.asked) for name in "abc")

    server.reply = lambda body: (500, {}, "must not be asked again")
    assert RecordedModel(record, ServedModel(server.url, "qwen", "indexed", 4096)).predict_all(seqs) == found
    assert len(server.asked) == 3


def test_outside_answers_are_nobodys_that_reviewers_correct(server: Server, record: Record) -> None:
    (seq,) = add(record, "a")
    RecordedModel(record, ServedModel(server.url, "qwen", "indexed", 4096)).predict_all([seq])
    with record.read() as store:
        assert store.predictions.last_shown(seq) is None


def test_the_bare_prompt_goes_where_completions_are(server: Server, record: Record) -> None:
    (seq,) = add(record, "a")
    server.reply = lambda body: said("00:00:00 - Opening\n00:00:50 - Later\n")
    predictor = ServedModel(f"{server.url}/completions", "base", "timestamps", 4096)
    assert [c.start for c in RecordedModel(record, predictor).predict_all([seq])[seq].chapters] == [0, 50]
    assert server.paths == ["/v1/completions"] and server.keys == [""]
    assert server.asked[0]["prompt"].endswith(f"[00:01:50] {talk('a').segments[11].text}\n")
    assert "messages" not in server.asked[0]


def test_a_long_transcript_is_asked_window_by_window(server: Server, record: Record) -> None:
    (seq,) = add(record, "long", lines=120)
    server.reply = lambda body: said(f"{prompt(body).splitlines()[-1].split()[0]} The last line\n")
    found = RecordedModel(record, ServedModel(server.url, "qwen", "indexed", 1024)).predict_all([seq])[seq]
    assert len(server.asked) > 4
    assert all(len(prompt(body).encode()) < 3 * 1024 for body in server.asked)
    assert [c.start for c in found.chapters] == sorted({c.start for c in found.chapters})
    assert found.chapters[-1].start > 1000, "the last windows were read too"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(server: Server, record: Record, status: int) -> None:
    (seq,) = add(record, "a")
    replies = iter([(status, {"Retry-After": "0"}, "busy"), (status, {}, "busy"), said("0 Opening\n")])
    server.reply = lambda _: next(replies)
    assert RecordedModel(record, ServedModel(server.url, "qwen", "indexed", 4096)).predict_all([seq])[seq].chapters
    assert len(server.asked) == 3


def test_what_was_answered_before_a_failure_is_kept(
    server: Server, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("errata.inference.recorded.TOGETHER", 1)
    seqs = add(record, "a", "b")
    server.reply = lambda body: said("0 Opening\n") if talk("a").segments[0].text in prompt(body) else (503, {}, "x\ny")
    predictor = ServedModel(server.url, "qwen", "indexed", 4096)
    with pytest.raises(Unavailable, match="503: x y") as caught:
        RecordedModel(record, predictor).predict_all(seqs)
    assert "\n" not in str(caught.value)
    assert len(server.asked) == 1 + openai_client.ATTEMPTS
    server.reply = lambda _: said("0 Opening\n")
    assert list(RecordedModel(record, predictor).predict_all(seqs)) == seqs
    assert len(server.asked) == 2 + openai_client.ATTEMPTS


@pytest.mark.parametrize(
    ("reply", "error", "sentence"),
    [
        ((404, {}, {"error": {"message": "The model `qwen` does not exist"}}), BadInput, "does not exist"),
        ((401, {}, "Unauthorized"), BadInput, "401: Unauthorized"),
        ((302, {"Location": "/elsewhere"}, ""), BadInput, "302"),
        ((200, {}, "<html>hello</html>"), Unavailable, "OpenAI-compatible"),
        ((200, {}, {"choices": []}), Unavailable, "OpenAI-compatible"),
        ((200, {}, {"answer": 42}), Unavailable, "OpenAI-compatible"),
        ((200, {}, [1]), Unavailable, "OpenAI-compatible"),
    ],
)
def test_a_server_that_says_no_or_something_else_is_one_sentence(
    server: Server, record: Record, reply: Reply, error: type[ErrataError], sentence: str
) -> None:
    (seq,) = add(record, "a")
    server.reply = lambda _: reply
    with pytest.raises(error, match=sentence) as caught:
        RecordedModel(record, ServedModel(server.url, "qwen", "indexed", 4096)).predict_all([seq])
    assert server.url in str(caught.value) and "\n" not in str(caught.value)
    assert len(server.asked) == 1, "asking again would not help"


def test_nobody_at_the_address_is_one_sentence(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_client, "FIRST_WAIT", 0.001)
    (seq,) = add(record, "a")
    with serving() as gone:
        url = gone.url
    with pytest.raises(Unavailable, match="ConnectError"):
        RecordedModel(record, ServedModel(url, "qwen", "indexed", 4096)).predict_all([seq])


def test_a_server_that_drips_is_given_up(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each header comes in good time: it is the whole answer that doesn't."""
    monkeypatch.setattr(openai_client, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(served_model, "ANSWER_SECONDS", 0.2)
    (seq,) = add(record, "a")
    with dripping_headers() as url, pytest.raises(Unavailable, match=r"did not answer within 0\.2 s, 4 times"):
        RecordedModel(record, ServedModel(url, "qwen", "indexed", 4096)).predict_all([seq])


def test_an_answer_without_end_is_not_read(server: Server, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_client, "LARGEST", 100)
    (seq,) = add(record, "a")
    server.reply = lambda _: (200, {}, " " * 5_000)
    with pytest.raises(Unavailable, match="more than 100 bytes"):
        RecordedModel(record, ServedModel(server.url, "qwen", "indexed", 4096)).predict_all([seq])


def test_what_can_not_be_read_is_a_problem_and_not_silence(server: Server, record: Record) -> None:
    seqs = add(record, "chatty", "cut", "silent")
    by_name = {
        "chatty": said("Sure! Here are the chapters:\n0 Opening\n"),
        "cut": said("0 Opening\n", finish="length"),
        "silent": (200, {}, {"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}),
    }
    server.reply = lambda body: next(r for name, r in by_name.items() if talk(name).segments[0].text in prompt(body))
    found = RecordedModel(record, ServedModel(server.url, "qwen", "indexed", 4096)).predict_all(seqs)
    chatty, cut, silent = found.values()
    assert [c.title for c in chatty.chapters] == ["Opening"] and "Sure!" in chatty.problems[0]
    assert cut.chapters and "cut" in cut.problems[0]
    assert silent.chapters == () and silent.problems == (), "no chapters is an answer"


def test_inline_needs_an_engine_of_ours() -> None:
    with pytest.raises(BadInput, match=r"'inline'.*choose one of indexed, timestamps, json"):
        ServedModel("http://localhost:1/v1", "qwen", "inline", 4096)


def test_each_way_of_asking_is_a_model_of_its_own() -> None:
    asked = ("http://localhost:1/v1", "qwen", "indexed", 4096)
    others = [("http://localhost:2/v1", *asked[1:]), (asked[0], "llama", *asked[2:])]
    others += [(*asked[:2], "json", 4096), (*asked[:3], 8192), (f"{asked[0]}/completions", *asked[1:])]
    identities = {ServedModel(*each).key.model for each in (asked, *others)}
    assert len(identities) == 6
    assert ServedModel(*asked, key="k").key.model == ServedModel(f"{asked[0]}/", *asked[1:]).key.model in identities


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://host/v1", "http://", "http://host:port/v1", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="localhost:8000/v1"):
        completions_url(url)


def test_a_password_in_an_address_stays_out_of_the_record() -> None:
    with pytest.raises(BadInput) as caught:
        completions_url("https://ann:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_the_estimate_gives_back_what_it_was_given(text: str) -> None:
    tokens = EstimatedTokenizer().encode(text)
    assert EstimatedTokenizer().decode(tokens) == text
    assert len(tokens) == -(-len(text.encode()) // 3)


# a file --------------------------------------------------------------------------------------------------------------


def write(folder: Path, value: object) -> Path:
    path = folder / "predictions.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def test_a_file_answers_what_it_has(record: Record, tmp_path: Path) -> None:
    seqs = add(record, "a", "b", "c")
    path = write(tmp_path, {"a": {"0": "Opening", "33.4": " Later\n"}, "b": {}})
    predictor = PredictionFile(path)
    found = RecordedModel(record, predictor).predict_all(seqs)
    assert list(found) == seqs[:2], "what the file lacks is no answer"
    assert found[seqs[0]].chapters == (Chapter(0.0, "Opening"), Chapter(30.0, "Later"))
    assert found[seqs[1]] == Prediction(seqs[1], predictor.key.model, "", (), foreign=True)
    with record.read() as store:
        assert store.counts()["predictions"] == 2
    assert RecordedModel(record, predictor).predict_all(seqs) == found
    again = PredictionFile(write(tmp_path, {"a": {"0": "Other"}}))
    assert again.key.model != predictor.key.model
    assert RecordedModel(record, again).predict_all(seqs)[seqs[0]].chapters == (Chapter(0.0, "Other"),)


def test_chapters_that_fall_on_one_line_are_told(record: Record, tmp_path: Path) -> None:
    (seq,) = add(record, "a")
    file = PredictionFile(write(tmp_path, {"a": {"0": "One", "1": "Two"}}))
    found = RecordedModel(record, file).predict_all([seq])[seq]
    assert [c.title for c in found.chapters] == ["One"] and "1 of its chapters" in found.problems[0]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{", "not JSON"),
        ([], "must be a JSON object"),
        ({"a": []}, "video 'a' must be a JSON object"),
        ({"a": {"x": "t"}}, "video 'a': a start must be a number"),
        ({"a": {"-1": "t"}}, "video 'a': a start is -1"),
        ({"a": {"0": 7}}, "video 'a': the title at 0 must be text"),
        ({"a": {"1": "t", "1.0": "u"}}, "video 'a' has two chapters at 1"),
        ('{"a": {"0": "x", "0": "y"}}', "video 'a' has the key '0' twice"),
    ],
)
def test_a_file_that_can_not_be_used_is_named(tmp_path: Path, value: object, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        PredictionFile(write(tmp_path, value))
    assert "predictions.json" in str(caught.value) and sentence in str(caught.value) and "\n" not in str(caught.value)


def test_an_id_in_several_versions_is_answered_for_each(record: Record, tmp_path: Path) -> None:
    with record.write() as store:
        seqs = [store.transcripts.add(made).seq for made in (talk("a"), replace(talk("a"), title="Renamed"))]
    found = RecordedModel(record, PredictionFile(write(tmp_path, {"a": {"0": "Opening"}}))).predict_all(seqs)
    assert list(found) == seqs
