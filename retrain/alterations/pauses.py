"""Made-up pauses between lines that follow each other without one, more and longer ones before borders.

Only for templates that show pauses, and to try them out: how speakers pause nobody has measured here.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from errata.domain.chapter import Chapters
from errata.domain.transcript import Transcript
from retrain.alterations.titled_lines import Altered, LabelledLine, altered_talk, labelled_lines

INSIDE, BEFORE_BORDERS = 0.2, 0.7
"""Share of the lines after which there is a pause."""
SHORT, LONG = 0.4, 1.5
"""Seconds of a pause inside a chapter and before a border: the median of a log-normal draw."""
SPREAD = 0.5
SPOKEN = 0.4
"""Of a line's time that is speech at least."""


def pauses(transcript: Transcript, chapters: Chapters, chance: Random) -> Altered | None:
    """Lines end earlier; none begins elsewhere. None of text without times."""
    if transcript.unit != "seconds":
        return None
    lines = labelled_lines(transcript, chapters)
    paused = [_before(following, line, chance) for line, following in pairwise(lines)]
    return altered_talk(transcript, [*paused, lines[-1]], transcript.duration)


def _before(following: LabelledLine, line: LabelledLine, chance: Random) -> LabelledLine:
    share, median = (BEFORE_BORDERS, LONG) if following.is_border else (INSIDE, SHORT)
    if chance.random() >= share:
        return line
    segment, begins = line.segment, following.segment.start
    pause = min(median * chance.lognormvariate(0, SPREAD), (1 - SPOKEN) * (begins - segment.start))
    return replace(line, segment=replace(segment, end=min(segment.end, begins - pause)))
