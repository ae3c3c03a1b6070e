"""What a model is asked about a transcript, and how its answers are read; scoring them is evaluation's.

A task asks in views: it yields each, is sent what was read there, and returns its answer about the whole transcript.
Serving (`answer_together`) and training (`examples`) are both drivers of that one loop, so that a model is taught by
the very prompts that it will be asked by. Of a stream that goes on, the last view grows. A template may render spans of
any kind that `encode.py` can make tokens of.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from errata.domain.transcript import Transcript
from errata.tasks.encode import Encoded, encode
from errata.tasks.prompt import Filling, Prompt
from errata.tasks.sureness import Sureness
from errata.tasks.view import View

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class SlotTask(Protocol[Answer_co]):
    """What is asked of one view by slots, which is all that a decoder needs to know of a task."""

    @property
    def version(self) -> str:
        """`name@version` of its template: it rises with every change that alters a token."""
        ...

    @property
    def tokenizer(self) -> Tokenizer: ...

    @property
    def context(self) -> int:
        """Tokens that the model may see at once, prompt and answer together."""
        ...

    @property
    def usual(self) -> str:
        """What most slots are filled with, if it is a single token; empty where there is none."""
        ...

    def render(self, view: View) -> Prompt:
        """Spans with a slot wherever the model speaks, in the dress that the model was trained in."""
        ...

    def grammar(self, view: View, fillings: Sequence[str]) -> str:
        """llguidance's Lark for the next slot, after `fillings`."""
        ...

    def unlike(self, view: View, fillings: Sequence[str]) -> str:
        """What the next slot's answer must not say again, after `fillings`; empty where it may say anything."""
        ...

    @property
    def closing(self) -> str:
        """What ends a title, if it is a single token; empty where nothing is held to."""
        ...

    def parse(
        self, view: View, fillings: Sequence[str], faults: Sequence[str] = (), sureness: Sequence[Sureness] = ()
    ) -> Answer_co:
        """What the model said, and `faults`, a sentence each: why a slot was not filled to its end. `sureness` has one
        for each filling, or none of any."""
        ...


class Task(SlotTask[Answer], Protocol[Answer]):
    """What is asked about a whole transcript."""

    def views(self, transcript: Transcript, goes_on: bool = False) -> Generator[View, Answer, Answer]:
        """Yields each view to ask about, is sent what was read there, and returns the answer about the transcript.

        One that `goes_on` is a stream's so far: more will follow, and views that what follows can't change are those
        that will be asked about then."""
        ...

    def lessons(self, transcript: Transcript, right: Answer) -> Generator[View, Answer, Answer]:
        """The views to teach, where `right` is the right answer: those that would be asked about if every answer were
        right, or more of the same kind."""
        ...

    def target(self, view: View, right: Answer) -> tuple[Filling, ...]:
        """What should stand in each slot, where `right` is the right answer about the whole transcript."""
        ...

    def weighs(self, view: View) -> bool:
        """Whether `view` has marks to be weighed in one pass, and no slot to be filled."""
        ...

    def read_odds(self, view: View, odds: Sequence[float]) -> Answer:
        """What the model said of a view that was weighed: log-odds in the order of its marks."""
        ...


@dataclass(frozen=True, slots=True)
class Example(Generic[Answer]):
    """One training row: what one view asks, and what should be answered."""

    view: View
    right: Answer
    """Of the view alone."""
    encoded: Encoded


def examples(task: Task[Answer], transcript: Transcript, right: Answer) -> Iterator[Example[Answer]]:
    """The task's lessons, with what is right of each."""
    views = task.lessons(transcript, right)
    view = next(views, None)
    while view is not None:
        fillings = task.target(view, right)
        part = task.parse(view, ["".join(span.text for span in filling) for filling in fillings])
        if not task.weighs(view):  # what is weighed is taught with the view that follows, which shows the same lines
            yield Example(view, part, encode(task.render(view), fillings, task.tokenizer))
        try:
            view = views.send(part)
        except StopIteration:
            return


def answer_together(
    task: Task[Answer], transcripts: Sequence[Transcript], ask: Callable[[list[View]], Sequence[Answer]]
) -> list[Answer]:
    """In the order of the transcripts. In each round, every one that isn't finished asks about its next view."""
    asking = {place: task.views(transcript) for place, transcript in enumerate(transcripts)}
    views = {place: next(generator) for place, generator in asking.items()}
    answers: dict[int, Answer] = {}
    while views:
        for place, part in zip(list(views), ask(list(views.values())), strict=True):
            try:
                views[place] = asking[place].send(part)
            except StopIteration as done:
                answers[place] = done.value
                del views[place]
    return [answers[place] for place in range(len(transcripts))]
