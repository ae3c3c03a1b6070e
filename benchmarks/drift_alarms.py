"""How often a look at drift alarms where nothing has drifted, and what it finds where something has.

    python -m benchmarks.drift_alarms [--looks 200] [--seed 0]

Each look compares 100 of the sample's talks, with made-up reviews of them, with the others: drawn at random, so that
nothing has drifted; then the same with a change made to the hundred.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from benchmarks.canary_returns import sample_talks
from errata.domain.chapter import Chapter
from errata.domain.correction import Kind
from errata.domain.draft_review import DraftReview
from errata.domain.transcript import Transcript
from errata.loop.drift_watch import LEVEL, DriftSample, measures
from errata.progress import progress_bar

PRESENT = 100
RATE = 0.6
"""Of drafts that are corrected where nothing has drifted."""
Change = Callable[[Sequence[Transcript], Random], list[Transcript]]


def unchanged(talks: Sequence[Transcript], random: Random) -> list[Transcript]:
    return list(talks)


def half_as_long(talks: Sequence[Transcript], random: Random) -> list[Transcript]:
    return [replace(talk, segments=talk.segments[: max(1, len(talk.segments) // 2)]) for talk in talks]


def from_a_new_channel(talks: Sequence[Transcript], random: Random) -> list[Transcript]:
    """Three in ten."""
    return [replace(talk, channel="a new one") if random.random() < 0.3 else talk for talk in talks]


def in_other_letters(talks: Sequence[Transcript], random: Random) -> list[Transcript]:
    """One in five: each vowel another, as in a language of the same length."""
    other = str.maketrans("aeiou", "eioua")
    return [_said(talk, lambda text: text.translate(other)) if random.random() < 0.2 else talk for talk in talks]


def of_other_words(talks: Sequence[Transcript], random: Random) -> list[Transcript]:
    """Half of them: one word in ten is a term of a trade that nobody has spoken of."""
    terms = [f"term{number}" for number in range(40)]

    def reworded(text: str) -> str:
        return " ".join(random.choice(terms) if random.random() < 0.1 else word for word in text.split())

    return [_said(talk, reworded) if random.random() < 0.5 else talk for talk in talks]


def _said(talk: Transcript, change: Callable[[str], str]) -> Transcript:
    return replace(talk, segments=tuple(replace(each, text=change(each.text)) for each in talk.segments))


def reviews(count: int, rate: float, random: Random) -> list[DraftReview]:
    """Each of eight borders; a corrected draft had one to four of them wrong."""
    draft = tuple(Chapter(60.0 * place, f"Part {place}") for place in range(8))
    made = []
    for number in range(count):
        wrong = random.randint(1, 4) if random.random() < rate else 0
        right = tuple(replace(each, start=each.start + 30) for each in draft[:wrong]) + draft[wrong:]
        kind: Kind = "edit" if wrong else "accept"
        made.append(DraftReview(number, "ann", kind, datetime.now(UTC), "m", False, draft, right))
    return made


def alarms(talks: Sequence[Transcript], change: Change, rate: float, looks: int, seed: int) -> Counter[str]:
    """By measure, in how many looks it alarmed; `any`: in how many one did."""
    random, found = Random(seed), Counter[str]()
    with progress_bar(change.__name__, looks) as advance:
        for _ in range(looks):
            drawn = random.sample(list(talks), len(talks))
            sample = DriftSample(
                reference=drawn[PRESENT:],
                present=change(drawn[:PRESENT], random),
                reference_reviews=reviews(len(drawn) - PRESENT, RATE, random),
                present_reviews=reviews(PRESENT, rate, random),
            )
            names = [measure.name for measure in measures(sample) if measure.alarms]
            found.update(names)
            found["any"] += bool(names)
            advance()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", type=int, default=200, help="where nothing has drifted; a tenth for each change")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with TemporaryDirectory() as place:
        talks = [talk.transcript for talk in sample_talks(Path(place), 320)]
    columns = ("length", "language", "channels", "vocabulary", "correction rate", "edit distance", "any")
    table = Table(title=f"{len(talks)} talks, {PRESENT} of them the present; looks that alarmed, in percent")
    table.add_column("what has drifted")
    for name in columns:
        table.add_column(name, justify="right")
    fewer = max(10, arguments.looks // 10)
    cases: list[tuple[str, Change, float, int]] = [
        ("nothing", unchanged, RATE, arguments.looks),
        ("talks are half as long", half_as_long, RATE, fewer),
        ("3 in 10 are from a new channel", from_a_new_channel, RATE, fewer),
        ("1 in 5 has other vowels", in_other_letters, RATE, fewer),
        ("half have a tenth of new words", of_other_words, RATE, fewer),
        ("correction rate 60 → 85 %", unchanged, 0.85, fewer),
    ]
    for name, change, rate, looks in cases:
        found = alarms(talks, change, rate, looks, arguments.seed)
        table.add_row(name, *(f"{100 * found[column] / looks:.1f}" for column in columns))
    console = Console(width=120)
    console.print(table)
    console.print(f"stated: at most {100 * LEVEL:g} % of looks alarm where nothing has drifted")


if __name__ == "__main__":
    main()
