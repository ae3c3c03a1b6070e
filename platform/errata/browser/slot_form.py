"""Which token may come next in a slot, by what its grammar says and what is written there.

The counterpart of llguidance, which isn't in a page, for the few forms that templates have: letters are compared, as
bytes, and a token of control stands only where a grammar has it.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from itertools import groupby

from errata.browser.page_tokenizer import PageTokenizer
from errata.errors import BadInput
from errata.tasks.encode import ids
from errata.tasks.grammar import JsonList, LineOf, ListOf, Part, SlotGrammar, Title
from errata.tasks.limits import TITLE_LETTERS, TITLE_TOKENS
from errata.tasks.prompt import Control, Text

Words = tuple[Text | Title, ...]
Option = tuple[int | Words, ...]
"""A marker's token, or words between two of them."""

_decoder = getincrementaldecoder("utf-8")


class SlotForm:
    def __init__(self, grammar: SlotGrammar, tokenizer: PageTokenizer) -> None:
        """Raises BadInput for a grammar that can't be held here."""
        if isinstance(grammar, JsonList | LineOf):
            raise BadInput("a page writes no lists of JSON, and no chats; take a model with another template")
        self._tokenizer = tokenizer
        self._is_list = isinstance(grammar, ListOf)
        options = grammar.entries if isinstance(grammar, ListOf) else grammar.options
        self._most = grammar.most if isinstance(grammar, ListOf) else 1
        self._options = [_option(parts, tokenizer) for each in options for parts in _with_and_without(each)]
        self._written: list[int] = []
        """Of the option, or of the list's entry, that is being written."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing may follow."""
        return self._most == 0 or not self._options

    def allows(self, token: int) -> bool:
        if token == self._tokenizer.eos_token_id:
            return self._is_list and not self._written
        return any(self._state([*self._written, token], option) is not None for option in self._options)

    def take(self, token: int) -> None:
        """A token that is allowed."""
        self._written.append(token)
        for place, option in enumerate(self._options):
            if self._state(self._written, option):
                self._options = self._options[place + 1 :]
                self._most -= 1
                self._written = []
                return

    @property
    def is_long(self) -> bool:
        """Whether a title is being written that may have no further token."""
        return len(self._written) >= TITLE_TOKENS and self._title_tokens() >= TITLE_TOKENS

    def _title_tokens(self) -> int:
        """Tokens that have a letter of the title, which follows what is given of its option."""
        option = next(option for option in self._options if self._state(self._written, option) is not None)
        words = next((group for group in option if not isinstance(group, int)), ())
        given = words[0].text if words and isinstance(words[0], Text) else ""
        count, letters = 0, -len(given.encode())
        for token in self._written:
            piece = self._tokenizer.pieces.get(token, b"")
            letters += len(piece)
            count += bool(piece) and letters > 0
        return count

    def _state(self, tokens: Sequence[int], option: Option) -> bool | None:
        """Whether tokens are the whole of an option; None where they are no beginning of it either."""
        runs = list(self._runs(tokens))
        if len(runs) > len(option):
            return None
        whole: bool | None = False
        for place, (run, group) in enumerate(zip(runs, option, strict=False)):
            whole = _fits(run, group)
            if whole is None or (not whole and place < len(runs) - 1):
                return None
        return bool(whole) and len(runs) == len(option)

    def _runs(self, tokens: Sequence[int]) -> Iterator[int | str]:
        """Each special token, and the letters between two of them."""
        for is_special, run in groupby(tokens, lambda token: token not in self._tokenizer.pieces):
            if is_special:
                yield from run
            else:
                yield _letters(b"".join(self._tokenizer.pieces[token] for token in run))


_BROKEN = "\n\n"
"""What stands for bytes that are no UTF-8: no words may hold it."""
_PART = "\udc80"
"""What stands for the beginning of a letter, whatever it becomes: one that a title may have, and that no text holds."""


def _letters(data: bytes) -> str:
    decoder = _decoder()
    try:
        whole = decoder.decode(data)
    except UnicodeDecodeError:
        return _BROKEN
    part = decoder.getstate()[0]
    if not part:
        return whole
    return whole + _PART if _can_be_letter(part) else _BROKEN


def _can_be_letter(part: bytes) -> bool:
    """Whether bytes may follow that make a letter of it: of a surrogate's beginning, none."""
    return any(_is_letter(part + fill * count) for fill in (b"\x80", b"\xbf") for count in (1, 2, 3))


def _is_letter(data: bytes) -> bool:
    try:
        return len(data.decode()) == 1
    except UnicodeDecodeError:
        return False


def _with_and_without(parts: Sequence[Part]) -> Iterator[tuple[Part, ...]]:
    """An option with its optional title, and without it."""
    optional = any(isinstance(part, Title) and part.optional for part in parts)
    if optional:
        yield tuple(part for part in parts if not isinstance(part, Title))
    yield tuple(parts)


def _option(parts: Sequence[Part], tokenizer: PageTokenizer) -> Option:
    groups: list[int | Words] = []
    for part in parts:
        if isinstance(part, Control):
            groups += ids(part, tokenizer)
        elif groups and not isinstance(groups[-1], int):
            groups[-1] = (*groups[-1], part)
        else:
            groups.append((part,))
    return tuple(groups)


def _fits(run: int | str, group: int | Words) -> bool | None:
    """Whether a run is the whole of a group; None where it is no beginning of it either."""
    if isinstance(run, int) or isinstance(group, int):
        return True if run == group else None
    fits = _words_fit(run, group)
    return False if fits and run.endswith(_PART) else fits


def _words_fit(said: str, words: Words) -> bool | None:
    if not words:
        return None if said else True
    first, rest = words[0], words[1:]
    if isinstance(first, Title):
        title, line_end, _ = said.partition("\n")
        if not _is_title(title, first.blank) and (line_end or not _begins_title(title, first.blank)):
            return None
        if not line_end:
            return not rest and _is_title(title, first.blank)
        return _words_fit(said[len(title) :], rest)
    if said.startswith(first.text):
        return _words_fit(said[len(first.text) :], rest)
    return False if first.text.startswith(said) else None


def _is_title(said: str, blank: bool) -> bool:
    words = said.removeprefix(" ") if blank else said
    return 0 < len(words) <= TITLE_LETTERS and not words.startswith(" ") and not {"\n", "\r"} & set(words)


def _begins_title(said: str, blank: bool) -> bool:
    return said == "" or (blank and said == " ")
