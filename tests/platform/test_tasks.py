"""Templates, windows and encoding: what is taught is what can be read back."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, canonical, tidy
from errata.domain.hashing import content_hash
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.tasks import limits, templates
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import IGNORED, ids
from errata.tasks.grammar import lark
from errata.tasks.prompt import Control, Slot, Text
from errata.tasks.task import Task, answer_together, examples
from errata.tasks.template import Reading, version_of
from errata.tasks.view import View

ALL = [name for name in templates.TEMPLATES if name != "borders"]  # which asks in two steps: test_borders.py

words = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\x00"), min_size=1, max_size=12
)
lines = st.lists(
    st.one_of(words, st.sampled_from(["Yeah.", "So. Next", "<|new|>", "<|seg|> 3 x"])), min_size=1, max_size=5
)
line_texts = lines.map(" ".join).filter(lambda text: text.strip() != "")
titles = st.one_of(words, st.sampled_from(["Two\nlines", "00:01:00 - Late", "3 pigs", '"quoted", ok', "<|end|> of it"]))


@st.composite
def transcripts(draw: st.DrawFn, longest: int = 25) -> Transcript:
    texts = draw(st.lists(line_texts, min_size=1, max_size=longest))
    gaps = draw(st.lists(st.floats(0, 40, allow_nan=False), min_size=len(texts), max_size=len(texts)))
    segments, at = [], 0.0
    for text, gap in zip(texts, gaps, strict=True):
        at += gap
        segments.append(Segment(at, at + 1, " ".join(text.split()) or "x"))
    return Transcript("t", tuple(segments), duration=at + 2, title="A talk")


@st.composite
def chaptered(draw: st.DrawFn, longest: int = 25) -> tuple[Transcript, tuple[Chapter, ...]]:
    transcript = draw(transcripts(longest))
    places = draw(st.lists(st.floats(0, transcript.duration), max_size=6))
    return transcript, tuple(Chapter(place, draw(titles)) for place in places if True)


def usable(chapters: tuple[Chapter, ...]) -> tuple[Chapter, ...]:
    return tuple(chapter for chapter in chapters if chapter.title.strip())


def answered_rightly(task: Task[Reading], transcript: Transcript, right: Reading) -> Reading:
    """What a task makes of the answers that it teaches, window after window."""
    views = task.views(transcript)
    view = next(views)
    while True:
        answers = ["".join(span.text for span in filling) for filling in task.target(view, right)]
        try:
            view = views.send(task.parse(view, answers))
        except StopIteration as done:
            return done.value


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=150)
@given(case=chaptered())
def test_what_is_taught_is_read_back(name: str, case: tuple[Transcript, tuple[Chapter, ...]]) -> None:
    transcript, chapters = case
    template = templates.find(name)
    right = canonical(usable(chapters), transcript).chapters
    starts = tuple(int(segment.start) for segment in transcript.segments)
    texts = tuple(" ".join(segment.text.split()) for segment in transcript.segments)
    view = View("A talk", "", texts, starts, transcript.duration)
    answers = ["".join(span.text for span in answer) for answer in template.target(view, right, "")]
    reading = template.parse(view, answers)
    assert reading.chapters == right
    assert reading.problems == ()


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=60)
@given(case=chaptered(), data=st.data())
def test_a_perfect_model_is_read_perfectly_through_windows(name, case, data, request) -> None:
    """Right answers, window by window, give the right chapters of the whole: no seam is a border."""
    transcript, chapters = case
    context = data.draw(st.sampled_from([420, 600, 1200]))
    task = ChapterTask(templates.find(name), request.getfixturevalue("tokenizer"), context)
    right = canonical(usable(chapters), transcript).chapters
    taught = {example.view: example.right for example in examples(task, transcript, Reading(right))}
    views = task.views(transcript)
    view = next(views)
    try:
        while True:
            view = views.send(taught[view])
    except StopIteration as done:
        assert done.value.chapters == right


@pytest.mark.parametrize("name", ALL)
def test_training_and_serving_show_the_model_the_same_tokens(name, chat_tokenizer) -> None:
    task = ChapterTask(templates.find(name), chat_tokenizer, 1000)
    transcript = _talk(12)
    example = next(examples(task, transcript, Reading((Chapter(0, "Gardens"), Chapter(40, "Soil")))))
    served: list[int] = []
    filling = iter(task.target(example.view, example.right))
    for span in task.render(example.view):
        if isinstance(span, Slot):
            served += [token for part in next(filling) for token in ids(part, chat_tokenizer)]
        else:
            served += ids(span, chat_tokenizer)
    assert (*served, chat_tokenizer.eos_token_id) == example.encoded.input_ids


@pytest.mark.parametrize("name", ALL)
def test_the_target_ends_with_end_of_sequence_and_only_it_is_learned(name, tokenizer) -> None:
    task = ChapterTask(templates.find(name), tokenizer, 1000)
    example = next(examples(task, _talk(8), Reading((Chapter(0, "Gardens"), Chapter(40, "Soil")))))
    learned = [token for token in example.encoded.labels if token != IGNORED]
    expected = [t for a in task.target(example.view, example.right) for s in a for t in ids(s, tokenizer)]
    assert learned == [*expected, tokenizer.eos_token_id]


def test_no_chapter_is_taught_beyond_what_the_prompt_shows(tokenizer) -> None:
    """A transcript cut short while all its chapters stay as targets would teach invention."""
    task = ChapterTask(templates.find("timestamps"), tokenizer, 700)
    transcript = _talk(80)
    chapters = tuple(Chapter(float(at), f"Part {at}") for at in range(0, 800, 100))
    rows = list(examples(task, transcript, Reading.of(chapters, transcript)))
    assert len(rows) > 2
    for example in rows:
        first, last = example.view.starts[0], example.view.starts[-1]
        assert all(first <= chapter.start <= last for chapter in example.right.chapters)
        assert len(example.encoded.input_ids) <= task.context
    assert {c.start for example in rows for c in example.right.chapters} == {c.start for c in chapters}


def test_text_never_becomes_a_control_token(tokenizer) -> None:
    spoken = ids(Text("then <|new|> he said <|eos|>"), tokenizer)
    assert not set(spoken) & set(tokenizer.all_special_ids)
    assert ids(Control("<|new|>"), tokenizer) == [tokenizer.convert_tokens_to_ids("<|new|>")]


def test_a_chat_models_own_template_goes_around_the_prompt(chat_tokenizer) -> None:
    task = ChapterTask(templates.find("indexed"), chat_tokenizer, 1000)
    example = next(examples(task, _talk(3), Reading((Chapter(0, "Gardens"),))))
    shown = chat_tokenizer.decode(
        [i for i, label in zip(example.encoded.input_ids, example.encoded.labels, strict=True) if label == IGNORED]
    )
    assert shown.replace(" ", "").startswith("<|seg|>user\nDivide")
    assert shown.replace(" ", "").endswith("<|end|>\n<|seg|>assistant\n")


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}{{ messages[0].content }}",
        "{{ messages.__init__.__globals__['__builtins__'].open('/etc/hostname').read() }}",
        "{% for message in messages %}{{ message.content ",
        "{{ raise_exception('not me') }}",
        "{{ 1 // 0 }}{{ messages[0].content }}",
        "no place for what is said",
    ],
)
def test_a_chat_template_that_would_run_code_or_is_broken_is_one_sentence(template: str, chat_tokenizer) -> None:
    hostile = copy(chat_tokenizer)
    hostile.chat_template = template
    task = ChapterTask(templates.find("indexed"), hostile, 1000)
    with pytest.raises(BadInput, match="the model's chat template") as refused:
        next(examples(task, _talk(3), Reading((Chapter(0, "Gardens"),))))
    assert "\n" not in str(refused.value)


VIEW = View("A talk", "", ("Welcome all. Hi.", "Now about soil. It is wet.", "And last, tools!"), (0, 12, 30), 40)


@pytest.mark.parametrize(
    "answer",
    [
        '[{"title": "Hello", "start_text": "Welcome all."}, {"title": "Soil", "start_text": "Now about soil."},]',
        (
            '[{"chapter_title": "Hello", "start_text_snippet": "Welcome all."}, '
            '{"chapter_title": "Soil", "start_text_snippet": "Now, about soil"}]'
        ),
        (
            'Here you are: [{"title": "Hello", "start_text": "Welcome all."}, '
            '{"title": "Soil", "start_text": "Now about soil."}, {"title": "To'
        ),
    ],
    ids=["trailing comma", "other keys and an inexact quote", "cut short"],
)
def test_what_can_be_mended_in_a_json_answer_is_mended(answer: str) -> None:
    reading = templates.find("json").parse(VIEW, [answer])
    assert [(c.start, c.title) for c in reading.chapters] == [(0, "Hello"), (12, "Soil")]
    assert ("inexact" in "".join(reading.problems)) == ("Now, about" in answer)


def test_an_unreadable_answer_is_a_problem_not_an_empty_list() -> None:
    for name, answer in [("json", "sorry"), ("indexed", "no chapters here"), ("timestamps", "none")]:
        reading = templates.find(name).parse(VIEW, [answer])
        assert reading.chapters == () and reading.problems
    assert templates.find("inline").parse(VIEW, ["what", "<|same|>", "<|same|>", "<|new|> x <|end|>"]).problems


def test_a_quote_that_is_nowhere_is_reported() -> None:
    reading = templates.find("json").parse(VIEW, ['[{"title": "Mars", "start_text": "We land on Mars tonight."}]'])
    assert reading.chapters == () and "Mars tonight" in reading.problems[0]


def test_a_quote_tells_its_line_from_all_others() -> None:
    lines = ("Yes. And so on.", "Yes. And then?", 'He said "C:\\new" 😀.', "Yes. And so on.", "Yes. And so on.")
    view = View("A talk", "", lines, tuple(range(0, 50, 10)), 50)
    right = tuple(Chapter(float(start), f'"{start}" \\ 😀') for start in range(0, 50, 10))
    template = templates.find("json")
    ((answer,),) = template.target(view, right, "")
    quotes = [item["start_text"] for item in json.loads(answer.text)]
    assert quotes[1:3] == ["Yes. And then?", 'He said "C:\\new" 😀.'], "its first sentence is enough"
    assert quotes[-1] == lines[-1], "the last one has no more to say"
    assert template.parse(view, [answer.text]) == Reading(right)


WORDS = {
    "indexed@1": "a9256e0816a9d2d2",
    "timestamps@1": "81a721a251c6f679",
    "json@2": "87e030fbbeef3aeb",
    "inline@1": "8aba34464cbb7497",
}
"""A hash of what each version asks and teaches about one view: whoever changes it raises the version."""

GRAMMARS = {
    "indexed@1 limits@1": "7498cf1cdc920c80",
    "timestamps@1 limits@1": "564a6783c7827eb1",
    "json@2 limits@1": "9b65b81cca70b602",
    "inline@1 limits@1": "f51c7e16ed7d6322",
}
"""A hash of what may be answered: whoever changes it raises the version of the template or of the limits."""


@pytest.mark.parametrize("name", ALL)
def test_a_version_never_changes_its_words(name: str) -> None:
    template = templates.find(name)
    prompt = "|".join("_" if isinstance(span, Slot) else span.text for span in template.render(VIEW))
    fillings = [[span.text for span in slot] for slot in template.target(VIEW, (Chapter(12.0, "Soil"),), "")]
    assert content_hash([prompt, fillings])[:16] == WORDS[version_of(template)]


@pytest.mark.parametrize("name", ALL)
def test_a_version_of_the_limits_never_changes_them(name: str) -> None:
    template = templates.find(name)
    begun = replace(VIEW, opening="chapter")
    grammars = [lark(template.grammar(view, ())) for view in (VIEW, begun)]
    assert content_hash(grammars)[:16] == GRAMMARS[f"{version_of(template)} limits@{limits.VERSION}"]


@pytest.mark.parametrize("name", ALL)
def test_an_instruction_s_wordings_differ_in_nothing_else(name: str) -> None:
    template = templates.find(name)
    for number, wording in enumerate(template.instructions):
        first = template.render(VIEW)[0]
        other = template.render(replace(VIEW, wording=number))[0]
        assert isinstance(first, Text) and isinstance(other, Text)
        assert first.text.removeprefix(template.instructions[0]) == other.text.removeprefix(wording) != other.text
    assert len(set(template.instructions)) == len(template.instructions)


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(BadInput, match=r"'haiku'.*indexed"):
        templates.find("haiku")


def _talk(count: int) -> Transcript:
    texts = ["so today we talk about gardens and soil", "then the weather and a question", "and tools"]
    segments = tuple(Segment(i * 10.0, i * 10.0 + 9, texts[i % 3]) for i in range(count))
    return Transcript("talk", segments, duration=count * 10.0, title="Gardens")


def test_lines_that_are_read_in_part_are_a_problem_told(tokenizer) -> None:
    words = "gardens and soil and tools " * 18
    transcript = Transcript("t", (Segment(0.0, 30.0, tidy(words)), Segment(30.0, 31.0, "the end")), 31.0)
    task = ChapterTask(templates.find("indexed"), tokenizer, 256)
    (reading,) = answer_together(task, [transcript], lambda views: [Reading(()) for _ in views])
    assert reading.problems == ("1 of 2 lines have more than the 32 tokens that are read of a line",)
    (reading,) = answer_together(replace(task, context=8192), [transcript], lambda views: [Reading(()) for _ in views])
    assert reading.problems == ()


def test_a_talk_that_is_one_segment_is_read_to_its_end(tokenizer) -> None:
    sentence = "We talk about gardens and soil. "
    transcript = Transcript("t", (Segment(0.0, 3600.0, tidy(sentence * 300)),), 3600.0)
    task = ChapterTask(templates.find("indexed"), tokenizer, 2048)
    shown: list[str] = []

    def ask(views: list[View]) -> list[Reading]:
        shown.extend(line for view in views for line in view.lines)
        return [Reading((Chapter(float(view.starts[-1]), "last"),)) for view in views]

    (reading,) = answer_together(task, [transcript], ask)
    assert reading.problems == ()
    assert sum(line.count("gardens") for line in shown) >= 300
    assert reading.chapters[-1].start > 3500
