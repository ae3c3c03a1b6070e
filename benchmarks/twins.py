"""How many copies of talks the leak guard finds, by how much of them was misheard and how much was left out.

    python -m benchmarks.twins              the sample's talks, of a few hundred words
    python -m benchmarks.twins PATH ...     files or folders of transcripts, as `errata import transcripts` reads them
    python -m benchmarks.twins --every 5    each fifth talk alone is copied

Each copy is added to a record of all the talks, and taken out again. It counts as found where it is linked with its own
talk, and as false where it is linked with another that is no twin of that. Words are changed as recognisers do it: for
another that is spelt like it, for one that has nothing to do with it, lost, added, or heard as two; and then, for
comparison, each for random letters, which no recogniser writes. An excerpt has neither its talk's title nor its length.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from random import Random
from string import ascii_lowercase

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extract
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.talk_files import read_talks
from errata.database.record import Record
from errata.demo import days
from errata.domain.transcript import Segment, Transcript
from errata.domain.twins import NEAR, signature, similarity, words

NOISE = (0.0, 0.05, 0.10, 0.15, 0.25, 0.40)
"""Shares of the words that are changed."""
KEPT = (1.0, 0.50, 0.25, 0.20, 0.10)
"""Parts of a talk that an excerpt has."""
LEAST_WORDS = 20
"""What is shorter is an excerpt of nothing."""
VOCABULARY = 8_000
LINE = 12

Mishearing = Callable[[Sequence[str], float, Random], list[str]]


@dataclass(frozen=True)
class Recogniser:
    """Mishears by the words of its vocabulary, each as often as it occurs."""

    vocabulary: tuple[str, ...]
    counts: Sequence[int]

    @classmethod
    def taught(cls, talks: Sequence[Transcript]) -> Recogniser:
        counts = Counter(word for talk in talks for word in words(talk.text)).most_common(VOCABULARY)
        return cls(tuple(word for word, _ in counts), [count for _, count in counts])

    def mishear(self, said: Sequence[str], share: float, random: Random) -> list[str]:
        output: list[str] = []
        for word in said:
            output += self._instead_of(word, random) if random.random() < share else [word]
        return output

    def _instead_of(self, word: str, random: Random) -> list[str]:
        any_word = random.choices(self.vocabulary, self.counts)[0]
        how = random.random()
        if how < 0.30:
            return [random.choice(_neighbours(word, self.vocabulary))]
        if how < 0.60:
            return [any_word]
        if how < 0.80:
            return []
        if how < 0.92 or len(word) < 4:
            return [word, any_word]
        return [word[: len(word) // 2], word[len(word) // 2 :]]


@cache
def _neighbours(word: str, vocabulary: tuple[str, ...]) -> list[str]:
    """The five words that are spelt most like it."""
    nearest = extract(word, vocabulary, scorer=Levenshtein.normalized_similarity, limit=6)
    return [other for other, _, _ in nearest if other != word]


def random_letters(said: Sequence[str], share: float, random: Random) -> list[str]:
    return [
        "".join(random.choices(ascii_lowercase, k=random.randint(3, 9))) if random.random() < share else word
        for word in said
    ]


def excerpt(said: Sequence[str], part: float, random: Random) -> Sequence[str]:
    length = round(part * len(said))
    begin = random.randint(0, len(said) - length)
    return said[begin : begin + length]


def transcript(said: Sequence[str], name: str, title: str = "") -> Transcript:
    """Two and a half words a second."""
    lines = [" ".join(said[at : at + LINE]) for at in range(0, len(said), LINE)]
    segments = tuple(Segment(4.8 * place, 4.8 * place + 4, line) for place, line in enumerate(lines))
    return Transcript(name, segments, 4.8 * len(lines), title=title)


class _TakenBackError(Exception):
    """Rolls a transaction back."""


def links_of(record: Record, copy: Transcript) -> set[str]:
    """The talks that a transcript would be linked with if it came; the record stays as it was."""
    group: set[str] = set()
    with suppress(_TakenBackError), record.write() as store:
        seq = store.transcripts.add(copy, "train").seq
        group |= set(store.leak_groups.of(seq, store.watermark()).hashes)
        raise _TakenBackError
    return group - {copy.hash}


def twins_among(record: Record, talks: Sequence[Transcript]) -> dict[str, set[str]]:
    """Adds the talks; returns, for each by its hash, its leak group."""
    with record.write() as store:
        seqs = {talk.hash: store.transcripts.add(talk, "train").seq for talk in talks}
        now = store.watermark()
        return {name: set(store.leak_groups.of(seq, now).hashes) for name, seq in seqs.items()}


def closest(talks: Sequence[Transcript], groups: dict[str, set[str]]) -> float:
    """The most that two talks which are no twins have in common."""
    signed = [(talk.hash, signature(talk.text)) for talk in talks]
    pairs = combinations(signed, 2)
    return max(
        (similarity(one, other) for (name, one), (twin, other) in pairs if twin not in groups[name]), default=0.0
    )


@dataclass
class Tally:
    copies: int = 0
    own: int = 0
    """Linked with the talk that they are copies of."""
    false: int = 0
    """Linked with another."""

    def __str__(self) -> str:
        share = f"{100 * self.own / self.copies:.0f} %" if self.copies else "–"
        return share + (f" ({self.false} false)" if self.false else "")


def measure(
    record: Record, groups: dict[str, set[str]], talks: Sequence[Transcript], mishear: Mishearing, part: float
) -> Iterator[Tally]:
    """What is found of the talks' excerpts of that part, for each share of NOISE."""
    for share in NOISE:
        tally = Tally()
        for talk in talks:
            random = Random(f"{talk.hash} {part} {share}")
            said = mishear(excerpt(words(talk.text), part, random), share, random)
            if len(said) < LEAST_WORDS:
                continue
            whole = part == 1.0
            links = links_of(record, transcript(said, f"copy of {talk.external_id}", talk.title if whole else ""))
            tally.copies += 1
            tally.own += talk.hash in links
            tally.false += bool(links - groups[talk.hash])
        yield tally


def table(name: str, rows: Iterator[tuple[float, list[Tally]]]) -> Table:
    grid = Table(title=name, title_justify="left")
    grid.add_column("part of the talk")
    for share in NOISE:
        grid.add_column(f"{100 * share:.0f} % changed", justify="right")
    for part, tallies in rows:
        grid.add_row(f"{100 * part:.0f} %", *map(str, tallies))
    return grid


def read(paths: Sequence[Path]) -> list[Transcript]:
    rows = (row for path in paths for row in read_talks(path))
    return list({row.transcript.hash: row.transcript for row in rows}.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, help="transcripts; the sample's where none are named")
    parser.add_argument("--every", type=int, default=1, help="copy each so manieth talk alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if not arguments.paths:
            days.write(folder / "sample")
        talks = read(arguments.paths or sorted((folder / "sample").iterdir()))
        record = Record(f"sqlite:///{folder / 'errata.db'}", folder / "blobs")
        record.migrate()
        groups = twins_among(record, talks)
        twin_count = sum(len(group) > 1 for group in groups.values())
        console = Console()
        console.print(f"{len(talks)} talks, of which {twin_count} are linked with another before any copy is made;")
        console.print(f"others have at most {closest(talks, groups):.2f} of the shorter in common ({NEAR} makes twins)")
        sources = talks[:: arguments.every]
        kinds: dict[str, Mishearing] = {
            "misheard as by a recogniser": Recogniser.taught(talks).mishear,
            "replaced by random letters": random_letters,
        }
        for name, mishear in kinds.items():
            results = partial(measure, record, groups, sources, mishear)
            parts = track(KEPT, name, console=Console(stderr=True))
            console.print(table(f"Copies found: {name}", ((part, list(results(part))) for part in parts)))
        record.close()


if __name__ == "__main__":
    main()
