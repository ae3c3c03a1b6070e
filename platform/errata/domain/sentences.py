"""Where sentences end, and how many words a text has, in scripts with and without blanks between words."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CLOSERS = "\"'”’»)\\]」』）】》〉"
_OPENERS = "\"'“‘«„"
_PHRASED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese and Khmer: a blank stands between phrases, and hardly any other stop is written."""
_UNSPACED = re.compile(
    f"[{_PHRASED}\u0f00-\u0fff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Characters of scripts without blanks between words: those, Tibetan, Chinese and Japanese."""

_END = re.compile(
    # these end a sentence whatever follows: of Chinese, Japanese, Indic languages, Arabic, Urdu, Amharic, Armenian,
    # Khmer and Burmese
    f"[。！？｡।॥؟۔።։។៕။]+[{_CLOSERS}]*"
    # these may stand inside one, too ("approx. five"): it ends if what follows could begin one
    f"|[.!?…]+[{_CLOSERS}]*(?=\\s+(\\S))"
    # a blank before ๆ (again) or ฯ (and so on) belongs to the phrase
    f"|(?<=[{_PHRASED}])(?=\\s+(?![ๆฯ])[{_PHRASED}])"
)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, in order, without the blanks around them; the last may lack its stop.

    One ends at `.`, `!`, `?` or `…` before white space and a capital, a letter of a script without capitals, a digit or
    an opening quote; at the stops of other scripts, whatever follows; and at a blank in Thai, Lao, Khmer and Burmese.
    """
    for begin, end in sentence_spans(text):
        yield text[begin:end]


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where each of `sentences` begins and ends."""
    ends = [end.end() for end in _END.finditer(text) if end[1] is None or _may_begin(end[1])]
    begin = 0
    for end in (*ends, len(text)):
        sentence = text[begin:end]
        if sentence.strip():
            yield begin + len(sentence) - len(sentence.lstrip()), begin + len(sentence.rstrip())
        begin = end


def _may_begin(character: str) -> bool:
    return (character.isalpha() and not character.islower()) or character.isdigit() or character in _OPENERS


def count_words(text: str) -> int:
    """Words between blanks; of a script without blanks between words, each letter counts as one."""
    words = text.split()
    return len(words) if text.isascii() or _UNSPACED.search(text) is None else sum(map(_count_in, words))


def _count_in(word: str) -> int:
    others = sum(any(map(str.isalnum, part)) for part in _UNSPACED.split(word))
    letters = sum(map(str.isalnum, _UNSPACED.findall(word)))  # a vowel sign or a tone mark is no letter of its own
    return max(1, others + letters)
