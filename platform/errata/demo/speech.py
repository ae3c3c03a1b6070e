"""From a pattern to a line as somebody says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from errata.demo.material import Material, Share, Words

_CHOICE = re.compile(r"\[([^\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_TWICE = frozenset({"i", "a", "the", "it", "we", "and", "to", "you", "in", "that", "of"})
_LONGEST = 17
"""Words in one line; a longer sentence is cut at its middle comma."""


@dataclass(frozen=True, slots=True)
class SpeechSetting:
    """What a talk may be made of."""

    share: Share
    """The patterns it uses beside the known ones."""
    own: float
    """How often a line comes from `share` and not from the known patterns."""
    fresh: float
    """Share of chapters on subjects, and of words in slots, that errata-tiny never learnt from."""
    breaks: bool = True
    """Whether there may be sponsor breaks and questions, on which the two styles differ."""
    garbled: float = 0.0
    """Share of a pattern's words that are lost or replaced, so that no pattern is learnt by heart."""


TAUGHT = SpeechSetting("known", own=0.0, fresh=0.0, garbled=0.12)
"""What errata-tiny learns from."""


class Phrasebook:
    """Hands out patterns, none twice before its like have all been used, with their slots filled in."""

    def __init__(self, material: Material, setting: SpeechSetting, stumbles: float, rng: Random) -> None:
        self._material, self._setting, self._stumbles, self._rng = material, setting, stumbles, rng
        self._used: set[str] = set()

    def say(self, kind: str, slots: Mapping[str, str]) -> str:
        """A line of that kind; only patterns whose slots are in `slots` or in a pool of words come up."""
        pattern = self._pick(kind, slots)
        wording = _CHOICE.sub(lambda choice: self._rng.choice(choice[1].split("|")), pattern)
        spoken = self._garble(self._stumble(wording))
        return _sentence(_SLOT.sub(lambda slot: slots.get(slot[1]) or self.word(slot[1]), spoken))

    def word(self, slot: str) -> str:
        pool = self._material.pools[slot]
        fresh = pool.held_out and self._rng.random() < self._setting.fresh
        return self._rng.choice(pool.held_out if fresh else pool.known)

    def _pick(self, kind: str, slots: Mapping[str, str]) -> str:
        shares = self._material.patterns[kind]
        own = self._rng.random() < self._setting.own
        fitting = self._fitting(shares[self._setting.share if own else "known"], slots)
        unused = [pattern for pattern in fitting if pattern not in self._used]
        pattern = self._rng.choice(unused or fitting or self._fitting(shares["known"], slots))
        self._used.add(pattern)
        return pattern

    def _fitting(self, patterns: Words, slots: Mapping[str, str]) -> list[str]:
        fillable = slots.keys() | self._material.pools.keys()
        return [pattern for pattern in patterns if fillable >= set(_SLOT.findall(pattern))]

    def _stumble(self, text: str) -> str:
        first, *others = text.split()
        spoken = [self._stumble_at(word) if self._rng.random() < self._stumbles else word for word in others]
        return " ".join([first, *spoken])

    def _stumble_at(self, word: str) -> str:
        if word.lower() in _TWICE:
            return f"{word} {word}"
        return f"{self.word('filler')} {word}"

    def _garble(self, text: str) -> str:
        share, rng = self._setting.garbled, self._rng
        if not share:
            return text
        # A slot is never lost: its word is what the chapter is about.
        words = [word if "{" in word or rng.random() >= share else self._wrong_word() for word in text.split()]
        return " ".join(word for word in words if word) or text

    def _wrong_word(self) -> str:
        """What is recognised in the place of a word: nothing, or another one."""
        return self._rng.choice(("", self._rng.choice(self._material.words)))


def _sentence(text: str) -> str:
    text = re.sub(r"\s+([,.?])", r"\1", " ".join(text.split()))
    return text[0].upper() + text[1:]


def lines(sentence: str) -> list[str]:
    """The sentence as the one or two lines in which speech recognition would show it."""
    words = sentence.split()
    if len(words) <= _LONGEST:
        return [sentence]
    middle = len(words) / 2
    commas = [index for index, word in enumerate(words[:-3], start=1) if word.endswith(",") and index > 3]
    if not commas:
        return [sentence]
    cut = min(commas, key=lambda index: abs(index - middle))
    return [" ".join(words[:cut]), " ".join(words[cut:])]
