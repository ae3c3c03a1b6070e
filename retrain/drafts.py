"""What a reviewer made of a draft, as training takes it: a near tie, or a pair of answers of which one is better."""

from __future__ import annotations

from errata.domain.chapter import Chapters
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import Encoded, encode
from errata.tasks.prompt import Filling
from errata.tasks.task import Example
from errata.tasks.template import Reading

NEAR = 0.05
"""Below this edit distance, as a share of the longer text, two answers are as good as one: to prefer either would teach
noise."""


def rejected_answer(example: Example[Reading], draft: Reading, task: ChapterTask) -> Encoded | None:
    """The draft as an answer to the example's own prompt; None where it is about the right one, or doesn't fit."""
    view = example.view
    right, rejected = task.target(view, example.right), task.target(view, draft)
    if distance(_text(right), _text(rejected)) < NEAR:
        return None
    encoded = encode(task.render(view), rejected, task.tokenizer)
    return encoded if len(encoded.input_ids) <= task.context else None


def is_near(draft: Chapters, right: Chapters) -> bool:
    return distance(*("\n".join(f"{int(each.start)} {each.title}" for each in side) for side in (draft, right))) < NEAR


def distance(one: str, other: str) -> float:
    """Levenshtein's, as a share of the longer text."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.normalized_distance(one, other)


def _text(fillings: tuple[Filling, ...]) -> str:
    return "".join(span.text for filling in fillings for span in filling)
