"""Descriptions of neighbouring chunks as those of longer ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from errata.domain.chapter import Chapter
from errata.inference.artefact import Card
from errata.inference.chapter_task import chapter_task
from errata.tasks.description_task import DescriptionTask
from evaluation.chunk_scores import joined
from tests.made_up_descriptions import walk
from tests.made_up_model import make_tokenizer

TALK, DESCRIBED = walk("pond", minutes=9)


def test_what_happens_in_neighbouring_chunks_is_joined_at_the_longer_ones_first_line() -> None:
    words = [each.title for each in DESCRIBED]
    assert joined(DESCRIBED, TALK, 60) == DESCRIBED
    found = joined(DESCRIBED[1:], TALK, 240)
    assert [each.start for each in found] == [1, 241, 481], "of the first minute nobody has said what happens"
    assert [each.title for each in found] == [" ".join(words[1:4]), " ".join(words[4:8]), words[8]]
    assert joined((), TALK, 60) == ()


@given(st.sets(st.integers(0, 8)), st.integers(1, 12))
def test_the_task_teaches_each_chunk_just_what_was_joined_for_it(minutes: set[int], times: int) -> None:
    found = joined([DESCRIBED[minute] for minute in sorted(minutes)], TALK, 60 * times)
    task = chapter_task(Card(f"description+{60 * times}", 512), TOKENIZER)
    assert isinstance(task, DescriptionTask)
    assert task.right(found, TALK).chapters == found
    assert " ".join(each.title for each in found).split() == [
        word for minute in sorted(minutes) for word in DESCRIBED[minute].title.split()
    ], "nothing is lost"
    assert all(isinstance(each, Chapter) for each in found)


TOKENIZER = make_tokenizer(spaced=False)
