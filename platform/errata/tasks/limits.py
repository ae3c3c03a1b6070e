"""What no right answer comes near: limits by which a model that babbles is cut short.

An untuned model fills whatever a grammar leaves open: titles of a hundred zeros, a chapter a line. These limits are
held while it answers, so that a right answer could always have been written. `python -m benchmarks.limits PATH` counts
how near real labels come: of 13,641 real titles the longest has 328 letters (71 of Gemma's tokens, 121 of
errata-tiny's), of 20,000 windows none more than 2.3 chapters above one in five lines, and no title says anything
often enough to be taken for going in circles.

Where titles alone are asked for, one by one, a model that is unsure says the last one again: of the 1,149 real pairs of
neighbouring titles none is twice the same, so there such a title is not taken.

They change no prompt, so a template keeps its version; but other limits may give other answers, so their version stands
beside each answer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

VERSION = 1
"""It rises with every change here that can alter an answer."""
UNLIKE_VERSION = 2
"""The same of templates that hold titles apart (`Template.unlike`)."""
TITLE_LETTERS = 400
TITLE_TOKENS = 160
CHAPTERS = 4
"""That any window may have, however short."""
LINES_A_CHAPTER = 4
"""One chapter more for so many lines."""
CIRCLES = 3
"""Times that a title may say the same thing in a row; then it must end."""
CIRCLED_TOKENS = 8
"""What is shorter may come more often: a million has six zeros."""
OTHER_BEGINNINGS = 4
"""So often is a title that says the last one again asked for anew, each time with another beginning; then it stands."""


def most_chapters(lines: int) -> int:
    """Of a window of so many lines."""
    return CHAPTERS + lines // LINES_A_CHAPTER


def goes_in_circles(title: Sequence[int]) -> bool:
    """Whether tokens end with the same thing said over and over."""
    for period in range(1, len(title) // CIRCLES + 1):
        times = max(CIRCLES, -(-CIRCLED_TOKENS // period))
        if times * period <= len(title) and all(
            title[-place] == title[-place - period] for place in range(1, (times - 1) * period + 1)
        ):
            return True
    return False


def says_again(title: str, before: str) -> bool:
    """Whether two titles say the same, but for case, blanks and punctuation."""
    return bool(before.strip()) and _plain(title) == _plain(before)


def _plain(title: str) -> str:
    """Its letters and digits; of a title without any, what it has."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "".join(filter(str.isalnum, folded)) or "".join(folded.split())
