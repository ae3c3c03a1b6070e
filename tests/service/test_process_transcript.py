"""`POST /process_transcript` has the shapes of the service that it takes the place of, and none of its faults."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from errata.domain.chapter import Chapter, starts
from errata.domain.prediction import Prediction
from errata.errors import Unavailable
from errata.operations.answering import GivenAnswer
from errata.operations.asked_talk import TalkDetails, talk_of_text
from errata.service.process_transcript import text_chapters
from errata.tasks import templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.prompt import Control
from errata.tasks.task import answer_together, examples
from errata.tasks.template import Reading
from errata.tasks.view import View
from errata.workspace import Workspace
from tests.made_up_model import make_tokenizer
from tests.service.test_chapters_routes import opened, stub_app

TEXT = "Welcome   back. Today we fire the kiln.\nIt takes nine hours. Now to glazes. They are blue."


@pytest.fixture
def service(workspace: Workspace) -> Iterator[TestClient]:
    with opened(stub_app(workspace), workspace) as made:
        yield made


def given(*chapters: Chapter, problems: tuple[str, ...] = (), text: str = TEXT) -> GivenAnswer:
    transcript = talk_of_text(text, TalkDetails("t")).transcript
    return GivenAnswer(Prediction(1, "m" * 64, "json@1", chapters, problems), "k" * 64, transcript)


def test_its_shapes_are_its_own(service: TestClient) -> None:
    answer = service.post("/process_transcript", json={"text": TEXT})
    assert answer.status_code == 200, answer.text
    (chapter,) = answer.json()["chapters"]
    assert set(answer.json()) == {"chapters"} and set(chapter) == {"title", "start_text"}
    assert chapter["start_text"] == "Welcome   back."


def test_start_text_is_the_first_sentence_as_it_stands_in_the_text() -> None:
    chapters = text_chapters(given(Chapter(0, "Welcome"), Chapter(11, "Glazes")), TEXT).chapters
    assert [chapter.start_text for chapter in chapters] == ["Welcome   back.", "Now to glazes."]
    assert all(chapter.start_text in TEXT for chapter in chapters)


def test_a_sentence_that_is_said_twice_is_found_where_its_chapter_begins() -> None:
    text = "Hello. One two three. Hello. Four five six."
    first, second = text_chapters(given(Chapter(0, "A"), Chapter(4, "B"), text=text), text).chapters
    assert (first.start_text, second.start_text) == ("Hello.", "Hello.")


def test_1_its_own_printed_answer_with_a_trailing_comma_is_read() -> None:
    """There, `json.loads` from the first bracket to the last gave no chapters for it."""
    talk = talk_of_text(TEXT, TalkDetails("t")).transcript
    answer = '[{"title": "Welcome", "start_text": "Welcome back."}, {"title": "Glazes", "start_text": "Now to"},]'
    view = View("", "", tuple(line.text for line in talk.lines), tuple(starts(talk)), talk.duration)
    reading = templates.find("json").parse(view, [answer])
    assert [(chapter.start, chapter.title) for chapter in reading.chapters] == [(0, "Welcome"), (11, "Glazes")]


def test_2_an_answer_that_cannot_be_read_is_an_error_and_no_empty_list() -> None:
    with pytest.raises(Unavailable, match="can't be read"):
        text_chapters(given(problems=("line 1 is no chapter",)), TEXT)
    assert text_chapters(given(), TEXT).chapters == [], "no chapters is an answer too"


def test_3_a_model_that_generates_blocks_nobody(workspace: Workspace) -> None:
    """There, an `async` handler generated itself, and nothing else was answered meanwhile."""
    with opened(stub_app(workspace, seconds=1.5), workspace) as service, ThreadPoolExecutor() as pool:
        while service.get("/readyz").status_code != 200:
            time.sleep(0.05)
        asked = pool.submit(service.post, "/process_transcript", json={"text": TEXT})
        waits = []
        while not asked.done():
            began = time.perf_counter()
            assert service.get("/healthz").status_code == 200
            waits.append(time.perf_counter() - began)
            time.sleep(0.02)
        assert asked.result().status_code == 200
    assert len(waits) > 5 and sorted(waits)[len(waits) // 2] < 0.5


def test_4_the_same_words_give_the_same_chapters(service: TestClient, workspace: Workspace) -> None:
    """There, sampling at 0.7 gave others each time."""
    first, again = (service.post("/process_transcript", json={"text": TEXT}).json() for _ in range(2))
    assert first == again
    with workspace.record.read() as store:
        assert len(store.predictions.of_transcript(1)) == 1


def test_5_where_a_chunk_ends_no_chapter_does() -> None:
    """There, every 500 words began a chapter. Right answers, window by window, are the right chapters of the whole."""
    text = "\n".join(f"So we talk about soil {number}." for number in range(60))
    talk = talk_of_text(text, TalkDetails("t")).transcript
    task = ChapterTask(templates.find("json"), make_tokenizer(), 600)
    right = Reading.of((Chapter(0, "Soil"),), talk)
    taught = {example.view: example.right for example in examples(task, talk, right)}
    assert len(taught) > 3
    (reading,) = answer_together(task, [talk], lambda views: [taught[view] for view in views])
    assert [chapter.start for chapter in reading.chapters] == [0]


def test_6_a_chat_is_dressed_in_the_model_s_own_template() -> None:
    """There, the one of another model was typed in by hand."""
    tokenizer = make_tokenizer()
    tokenizer.chat_template = (
        "{% for m in messages %}<|seg|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|seg|>assistant\n{% endif %}"
    )
    task = ChapterTask(templates.find("json"), tokenizer, 1000)
    prompt = task.render(next(task.views(talk_of_text(TEXT, TalkDetails("t")).transcript)))
    dress = [span.text for span in prompt if isinstance(span, Control)]
    assert dress[0].startswith("<|seg|>user") and dress[-1].endswith("<|seg|>assistant\n")


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": 3}, {"text": "a", "temperature": 0.7}, [], {"text": " \n "}]
)
def test_what_is_no_text_is_a_problem_that_says_so(service: TestClient, body: object) -> None:
    answer = service.post("/process_transcript", json=body)
    assert answer.status_code == 422 and answer.json()["detail"]
    assert answer.json()["errors"][0]["field"] in ("text", "temperature", "body")
