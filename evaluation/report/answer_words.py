"""What the page calls the parts of an answer: of chapters, of a chat's messages, of chunks' descriptions."""

from __future__ import annotations

from dataclasses import dataclass

from errata.domain.task_name import TaskName


@dataclass(frozen=True)
class AnswerWords:
    measures: str
    """The heading of the metrics,"""
    measures_short: str
    """and what leads there."""
    answers: str
    """What an answer consists of, as a table of them begins: `Chapters`."""
    place: str
    """A column's head: where a part of the answer stands."""
    f1: str
    """What the metric that decides is about, after `The gate judges F1, which is `."""


WORDS: dict[TaskName, AnswerWords] = {
    "chapters": AnswerWords(
        measures="Boundaries and titles apart",
        measures_short="Boundaries and titles",
        answers="Chapters",
        place="Border",
        f1="about boundaries. Titles are shown, but don’t decide",
    ),
    "chat": AnswerWords(
        measures="Messages",
        measures_short="Messages",
        answers="Messages",
        place="Written at",
        f1=(
            "that of the words of messages. Of many that a viewer might have written one was: a low score is no bad "
            "message, and how likely what was written is held stands beside it"
        ),
    ),
    "description": AnswerWords(
        measures="Descriptions",
        measures_short="Descriptions",
        answers="Descriptions",
        place="Chunk at",
        f1="that of the words of descriptions. Who says the same in other words has a low one",
    ),
}
OWN_TERMS: dict[TaskName, dict[str, str]] = {
    "chapters": {},
    "chat": {
        "F1": (
            "How many words a message shares with what was really written there, in %, the mean over messages (as "
            "ConvAI2 has it). A point is one hundredth of the scale."
        ),
        "correction": "What a moderator made of a chat: messages that are taken out are no right answers.",
        "draft": "What a person is shown to begin with; of a chat nobody is, so that no label leans towards a model.",
    },
    "description": {
        "F1": (
            "How many words a description shares with what was said of its chunk, in %, the mean over chunks. A point "
            "is one hundredth of the scale."
        ),
        "correction": "What a person said of a recording's chunks; it is the right answer from then on.",
        "draft": "The descriptions that a reviewer is shown to begin with: labels lean towards their draft.",
    },
}
"""Of the glossary, what means something else of another task than chapters."""
OF_CHAPTERS = frozenset({"chapter", "confidence", "equal split"})
"""Terms of the glossary that only chapters have."""


def terms(task: TaskName, glossary: dict[str, str]) -> dict[str, str]:
    """The glossary of a page about that task's answers."""
    if task == "chapters":
        return glossary
    return {term: OWN_TERMS[task].get(term, meaning) for term, meaning in glossary.items() if term not in OF_CHAPTERS}
