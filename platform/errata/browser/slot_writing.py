"""One answer about one view, by an engine that says which tokens are the likeliest to come next.

The counterpart of `inference/decode.py`, where llguidance is at hand: what is asked is the same to the token, and what
is written is the likeliest that the same grammar and the same limits let.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from errata.browser.page_tokenizer import PageTokenizer
from errata.browser.slot_form import SlotForm
from errata.tasks.chapters import ChapterTask
from errata.tasks.encode import ids
from errata.tasks.grammar import SlotGrammar
from errata.tasks.limits import goes_in_circles
from errata.tasks.prompt import Control, Slot, Text
from errata.tasks.template import Reading
from errata.tasks.view import View

LIKELIEST = 40
"""Tokens that are asked for first: one of them is nearly always allowed."""


@dataclass(frozen=True, slots=True)
class TokenQuery:
    """What an engine is asked: the tokens that are the likeliest to come next, the likeliest first."""

    append: list[int]
    """What follows that which was read before,"""
    fresh: bool
    """unless nothing was: then all that was read is forgotten first."""
    most: int
    """Tokens that are wanted; −1 for all."""


Asking = Generator[TokenQuery, Sequence[int], Reading]
"""Each query is sent its tokens."""


def answer_view(task: ChapterTask, view: View, tokenizer: PageTokenizer) -> Asking:
    """Asks about one view."""
    writer = SlotWriter(tokenizer, task.context, closing=_single_token(task.closing, tokenizer))
    fillings: list[str] = []
    for span in task.render(view):
        if isinstance(span, Control | Text):
            writer.append(ids(span, tokenizer))
        elif isinstance(span, Slot):
            written = yield from writer.fill(task.template.grammar(view, fillings))
            fillings.append(tokenizer.decode(written))
    return task.parse(view, fillings, writer.faults)


@dataclass
class SlotWriter:
    """Fills a view's slots, one after another."""

    tokenizer: PageTokenizer
    context: int
    """Tokens, prompt and answers together."""
    closing: int | None
    """What ends a title, where that is a single token."""
    faults: list[str] = field(default_factory=list)
    """A sentence for each slot that was not filled to its end."""
    _length: int = 0
    _unread: list[int] = field(default_factory=list)
    _read: bool = False

    def append(self, tokens: Sequence[int]) -> None:
        self._unread += tokens
        self._length += len(tokens)

    def fill(self, grammar: SlotGrammar) -> Generator[TokenQuery, Sequence[int], list[int]]:
        """The next slot; returns its tokens, end-of-sequence excluded."""
        form, answer = SlotForm(grammar, self.tokenizer), list[int]()
        room = max(self.context - self._length, 1)
        while len(answer) < room:
            token = self._forced(form, answer)
            if token is None:
                token = yield from self._likeliest(form)
            if token is None or token == self.tokenizer.eos_token_id:
                return answer
            answer.append(token)
            form.take(token)
            self.append([token])
            if form.is_whole:
                return answer
        self.faults.append(f"an answer was cut when the context of {self.context} tokens was full")
        return answer

    def _forced(self, form: SlotForm, answer: Sequence[int]) -> int | None:
        """A title that is too long, or goes in circles, must end."""
        closing = self.closing
        if closing is None or not form.allows(closing):
            return None
        return closing if form.is_long or goes_in_circles(_after(answer, closing)) else None

    def _likeliest(self, form: SlotForm) -> Generator[TokenQuery, Sequence[int], int | None]:
        """None where no token at all is allowed."""
        for most in (LIKELIEST, -1):
            tokens = yield TokenQuery(self._unread, not self._read, most)
            self._unread, self._read = [], True
            found = next((token for token in tokens if form.allows(token)), None)
            if found is not None:
                return found
        self.faults.append("this tokenizer can't write the template token by token")
        return None


def _single_token(text: str, tokenizer: PageTokenizer) -> int | None:
    tokens = ids(Control(text), tokenizer) if text else []
    return tokens[0] if len(tokens) == 1 else None


def _after(answer: Sequence[int], closing: int) -> Sequence[int]:
    """What follows the last title's end."""
    place = next((place for place in reversed(range(len(answer))) if answer[place] == closing), -1)
    return answer[place + 1 :]
