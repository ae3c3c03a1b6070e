"""Whatever stands in a trace, it is a call, left out or refused; nothing else happens."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.formats import langfuse, otlp
from errata.formats.answer_chapters import answered_chapters
from errata.formats.model_messages import ModelMessage, messages_in
from errata.formats.prompt_transcript import transcript_in
from errata.formats.source_rows import Rejected, SourceRow
from errata.formats.trace_rows import TracedCall
from tests.made_up_traces import ANSWER, INSTRUCTION, TIMED, any_value, export, newest, observation, span
from tests.platform.label_studio import anything, places, swapped

ROWS: list[Any] = [export(span(newest())), observation(), {"trace": {"metadata": {}}, "observations": [observation()]}]
PLACES = [(row, place) for row in ROWS for place in places(row)]
_names = st.text("ab._", max_size=5)
_values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(PLACES), anything)
def test_anything_anywhere_in_a_trace(at: tuple[Any, tuple[Any, ...]], new: Any) -> None:
    row, place = at
    changed = swapped(row, list(place), new)
    for shape in (otlp, langfuse):
        if shape.fits(changed):
            found = list(shape.calls(SourceRow("traces.jsonl", 1, changed)))
            assert all(isinstance(each, TracedCall | Rejected) for each in found)


@given(st.dictionaries(_names, _values, max_size=4))
def test_attributes_come_back_as_they_were_typed(values: dict[str, Any]) -> None:
    pairs = [{"key": key, "value": any_value(value)} for key, value in values.items()]
    found = otlp.attributes(pairs, "attributes")
    assert found == {key: _as_text(value) for key, value in values.items()}


def _as_text(value: Any) -> Any:
    """OTLP writes whole numbers as text, and so they are read."""
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(anything)
def test_messages_of_anything_are_words(value: Any) -> None:
    assert all(message.text.strip() for message in messages_in(value))


_ODD = (
    "",
    "WEBVTT",
    "```",
    "<transcript>",
    "</transcript>",
    "Transcript:",
    "1",
    "00:00:00,000 --> 00:00:08,000",
    "9:99 x",
)
_JSON = ('[{"start": 0, "title": "A"}]', '{"text": "a"}', "[", "]}")
_LINES = st.sampled_from([*TIMED.split("\n"), *ANSWER.split("\n"), INSTRUCTION, *_ODD, *_JSON])
_texts = st.text(max_size=40) | st.lists(_LINES | st.text(max_size=10), max_size=12).map("\n".join)


@given(_texts, st.booleans())
def test_a_prompt_holds_a_transcript_or_none(text: str, instructed: bool) -> None:
    instructions = [ModelMessage("system", "Be brief.")] if instructed else []
    found = transcript_in([*instructions, ModelMessage("user", text)])
    assert found is None or found.text or found.speech


@given(_texts)
def test_an_answer_holds_chapters_or_is_refused(text: str) -> None:
    try:
        chapters = answered_chapters(text)
    except BadInput:
        return
    starts = [chapter.start for chapter in chapters]
    assert starts == sorted(set(starts))
