"""Where windows of long transcripts begin and end, with and without regard to the topic."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.domain.chapter import Chapter, canonical
from errata.domain.transcript import Segment, Transcript
from errata.errors import BadInput
from errata.tasks.border_task import BorderTask
from errata.tasks.chapters import ChapterTask
from errata.tasks.task import examples
from errata.tasks.template import Reading
from errata.tasks.templates import TEMPLATES, find
from errata.tasks.topic_shift import BLOCK, deepest_valley
from errata.tasks.window import Window, WindowPlan
from tests.made_up_model import make_tokenizer
from tests.platform.test_tasks import answered_rightly, chaptered, usable

TOPICS = ["gardens soil roots water seeds", "rockets orbit moon fuel engine", "bread oven flour salt yeast"]


def say(lines: int, topics: Sequence[str] = TOPICS) -> list[str]:
    """`lines` of each topic, in every one of which somebody says "so we"."""
    return [f"so we {' '.join(topic.split()[place % 5 :])}" for topic in topics for place in range(lines)]


def windows_of(plan: WindowPlan, borders: Sequence[int]) -> list[Window]:
    found = [plan.first()]
    while (window := plan.after(found[-1], borders)) is not None:
        found.append(window)
    return found


said = st.sampled_from(["so", "gardens and soil", "rockets, to orbit", "bread"])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 60), said), min_size=1, max_size=60), st.data())
def test_every_line_is_decided_once_whether_or_not_windows_end_at_shifts(lines, data) -> None:
    costs, texts = [cost for cost, _ in lines], [text for _, text in lines]
    borders = data.draw(st.lists(st.integers(0, len(costs) - 1), unique=True))
    budget = data.draw(st.integers(20, 300))
    for known in ((), texts):
        found = windows_of(WindowPlan(costs, budget, known), borders)
        assert found[0].first == 0 and found[-1].last == len(costs)
        assert set().union(*(range(window.first, window.last) for window in found)) == set(range(len(costs)))
        for before, after in pairwise(found):
            assert before.first < after.first <= before.last, "it goes on, and leaves no line out"
            assert after.first <= after.fresh <= before.last
            assert (after.opening == "chapter") == (after.first in borders and after.fresh == after.first < before.last)
        for window in found:
            spent = sum(costs[window.first : window.last])
            assert spent <= budget or window.last <= max(window.first, window.fresh) + 1


@settings(max_examples=60)
@given(st.lists(said, min_size=2, max_size=60), st.data())
def test_a_window_ends_at_a_shift_within_its_last_quarter(texts, data) -> None:
    costs, budget = [1] * len(texts), data.draw(st.integers(1, 70))
    plain, shifted = (WindowPlan(costs, budget, known).first() for known in ((), texts))
    assert plain.last - plain.last // 4 <= shifted.last <= plain.last
    assert WindowPlan(costs, budget, texts).first() == shifted, "the same again"


def test_the_deepest_valley_lies_where_the_topic_changes() -> None:
    texts = say(20)
    assert deepest_valley(texts, 12, 28) == 20
    assert deepest_valley(texts, 25, 45) == 40
    assert WindowPlan([1] * 60, 44, texts).first().last == 40
    chinese = [line.replace("gardens", "园艺").replace("rockets", "火箭") for line in texts]
    assert deepest_valley(chinese, 12, 28) == 20


def test_without_a_valley_a_window_is_filled() -> None:
    assert deepest_valley(["the same words"] * 50, 10, 20) == 20
    assert deepest_valley([f"w{line}" for line in range(50)], 10, 20) == 20
    assert deepest_valley(["", ""], 1, 1) == 1


def test_lines_far_away_have_no_say() -> None:
    texts = say(20)
    assert deepest_valley(texts[: 28 + 2 * BLOCK] + ["else"] * 500, 12, 28) == deepest_valley(texts, 12, 28)


@pytest.mark.parametrize("name", ["indexed+shifts", "borders+shifts"])
@settings(max_examples=15)
@given(case=chaptered())
def test_right_answers_give_the_right_chapters_through_windows_that_end_at_shifts(name: str, case) -> None:
    transcript, chapters = case
    right = Reading(canonical(usable(chapters), transcript).chapters)
    task = (BorderTask if name.startswith("borders") else ChapterTask)(find(name), make_tokenizer(spaced=False), 420)
    assert answered_rightly(task, transcript, right).chapters == right.chapters


def test_what_is_taught_ends_where_what_is_asked_ends() -> None:
    """`examples` and serving both go by the task's views, whose windows the option moves."""
    texts = say(20)
    talk = Transcript("t", tuple(Segment(10.0 * i, 10.0 * i + 9, text) for i, text in enumerate(texts)), 600.0)
    right = Reading((Chapter(0.0, "Gardens"), Chapter(200.0, "Rockets"), Chapter(400.0, "Bread")))
    tokenizer = make_tokenizer(spaced=False)
    plain, shifted = (
        [row.view.lines for row in examples(BorderTask(find(name), tokenizer, 1300), talk, right)]
        for name in ("borders", "borders+shifts")
    )
    assert plain[0][: len(shifted[0])] == shifted[0] and len(shifted[0]) in (20, 40) != len(plain[0])


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_option_is_in_the_name_and_changes_no_words(name: str) -> None:
    template, shifted = find(name), find(f"{name}+shifts")
    assert (template.name, template.shifts, shifted.name, shifted.shifts) == (name, False, f"{name}+shifts", True)
    assert (shifted.version, shifted.instructions) == (template.version, template.instructions)
    with pytest.raises(BadInput, match=rf"the template {name} has no option 'shift'.*shifts"):
        find(f"{name}+shift")
