"""What may be written in a slot, as data; each engine is told in a language of its own. `lark` is llguidance's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from errata.tasks.limits import TITLE_LETTERS, TITLE_TOKENS
from errata.tasks.prompt import Control, Text


@dataclass(frozen=True, slots=True)
class Title:
    """A title's words: no blank before the first, unless it may have one, and all on one line."""

    blank: bool = False
    """Whether one blank may stand before them."""
    optional: bool = False


Part = Control | Text | Title


@dataclass(frozen=True, slots=True)
class OneOf:
    options: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """Each entry at most once, in their order, and at most `most` of them."""

    entries: tuple[tuple[Part, ...], ...]
    most: int


@dataclass(frozen=True, slots=True)
class JsonList:
    """The same as a list of JSON: in brackets, with commas between; a title is the inside of a string."""

    entries: tuple[tuple[Part, ...], ...]
    most: int


@dataclass(frozen=True, slots=True)
class LineOf:
    """One line of words, at most `letters` long; its end may be left out: a token that alone may follow is one that not
    every tokenizer can write there."""

    letters: int
    end: Control | Text


SlotGrammar = OneOf | ListOf | JsonList | LineOf


def lark(grammar: SlotGrammar) -> str:
    if isinstance(grammar, JsonList):
        return _json_list(grammar) + (_TITLE_IN_JSON if grammar.entries else "")
    if isinstance(grammar, LineOf):
        return _line(grammar)
    if isinstance(grammar, ListOf):
        return _list(grammar) + _title_rule(grammar.entries)
    return f"start: {' | '.join(map(_sequence, grammar.options))}\n" + _title_rule(grammar.options)


def _line(grammar: LineOf) -> str:
    words = f" ?[^ \\n\\r][^\\n\\r]{{0,{grammar.letters - 1}}}"
    if isinstance(grammar.end, Control):
        return f"start: LINE {grammar.end.text}?\nLINE: /{words}/\n"
    return f"start: LINE\nLINE: /{words}\\n?/\n"


def _list(grammar: ListOf) -> str:
    """llguidance counts entries by a parameter of its rules: a rule for each entry and count would be too many."""
    rules = ["start: r0::0\n"]
    rules += [f"e{place}: {_sequence(entry)}\n" for place, entry in enumerate(grammar.entries)]
    fits = f"%if lt(_, {grammar.most})"
    last = len(grammar.entries) - 1
    for place in range(last):
        rules.append(f"r{place}::_: e{place} r{place + 1}::incr(_) {fits} | r{place + 1}::_\n")
    return "".join(rules) + f'r{last}::_: e{last} {fits} | ""\n'


def _json_list(grammar: JsonList) -> str:
    """As `_list`, where `a` is what may stand before an entry and after another. Gaps may be any: a model that wasn't
    taught begins a list by a new line, or says that there is nothing in it."""
    if not grammar.entries:
        return 'start: "[]"\n'
    rules = ['start: "[" GAP? "]" | "[" GAP? r0::0\nGAP: /[ \\n]{1,9}/\n']
    fits = f"%if lt(_, {grammar.most})"
    *entries, last = map(_sequence, grammar.entries)
    for place, entry in enumerate(entries, 1):
        rules.append(f"r{place - 1}::_: {entry} a{place}::incr(_) {fits} | r{place}::_\n")
        rules.append(f'a{place}::_: GAP? "]" | "," GAP? r{place}::_ {fits}\n')
    rules.append(f'r{len(entries)}::_: {last} GAP? "]" {fits}\n')
    return "".join(rules)


def _sequence(parts: Sequence[Part]) -> str:
    return " ".join(map(_part, parts))


def _part(part: Part) -> str:
    if isinstance(part, Title):
        return "title?" if part.optional else "title"
    return part.text if isinstance(part, Control) else json.dumps(part.text, ensure_ascii=False)


def _title_rule(options: Sequence[Sequence[Part]]) -> str:
    titles = {part.blank for parts in options for part in parts if isinstance(part, Title)}
    if not titles:
        return ""
    (blank,) = titles
    words = f"[^ \\n\\r][^\\n\\r]{{0,{TITLE_LETTERS - 1}}}"
    return f"title[max_tokens={TITLE_TOKENS}]: TITLE\nTITLE: /{' ?' if blank else ''}{words}/\n"


_LETTERS_IN_JSON = r'"\\\x00-\x1f]|\\["\\]'
_TITLE_IN_JSON = (
    f"title[max_tokens={TITLE_TOKENS}]: TITLE\n"
    f"TITLE: /([^ {_LETTERS_IN_JSON})([^{_LETTERS_IN_JSON}){{0,{TITLE_LETTERS - 1}}}/\n"
)
"""As `_title_rule`, where a quotation mark and a backslash come after a backslash."""
