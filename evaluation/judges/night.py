"""A night put to the judges: champion against candidate on the items that the night has scored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import Preference
from errata.errors import BadInput, NotFound
from evaluation.judges.agreement import on_differences
from evaluation.judges.item import Item, Pair, cluster
from evaluation.judges.pairwise import Verdict, judge_pairs
from evaluation.judges.panel import combine, has_a_say
from evaluation.judges.rubric import mark_items, summary, verified
from evaluation.judges.seat import Seat, Tally
from evaluation.judges.standing import Standing, stand, with_items

NEWEST = 200
"""Corrections that agreement is measured on: kappa to within about 0.1 (196 for a kappa of 0.7)."""
SPAN = 4_096
"""Numbers of the record among which they are looked for first."""

Measured = tuple[Standing, list[tuple[Verdict, str]]]
"""What is known of a judge, and the verdicts that its swap consistency is measured on, each with its cluster."""
Sides = tuple[str, str]
"""Old and new, as `items.parquet` names them."""


class Hearing:
    """Judges on one contender of a night: measured, asked about the night's items, and perhaps about more.

    They are measured by the labelled `pairs`, or else by how the items were edited, and by which of the items were
    accepted. Only a judge that has a say is asked about the items.
    """

    def __init__(
        self, seats: Sequence[Seat], items: Sequence[Item], night: str, pairs: Sequence[Pair] | None = None
    ) -> None:
        before = [seat.tally() for seat in seats]
        self._seats, self._night, self.items = seats, night, list(items)
        self._measured = [stand(seat, _labelled(items, pairs), night) for seat in seats]
        able = [seat for seat, (standing, _) in zip(seats, self._measured, strict=True) if standing.say]
        self._verdicts: dict[str, list[Verdict | None]] = {}
        self._marked = {}
        for seat in able:
            self._verdicts[seat.judge.name] = judge_pairs(seat, [item.pair() for item in items])
            self._marked[seat.judge.name] = mark_items(seat, items)
        self._tallies = [[seat.tally().since(start) for seat, start in zip(seats, before, strict=True)]]
        self._more = {"drawn": 0, "n": 0, "why": ""}

    def hear(self, more: Iterable[Sequence[Item]], drawn: int) -> None:
        """Asks about `drawn` more items, that nobody corrected: a few at a time, in their order.

        It ends before the first that a judge does not answer: which of them count is decided by where they stand, never
        by what is said of them. One that is missing here keeps nobody from deciding.
        """
        before, first = [seat.tally() for seat in self._seats], len(self.items)
        panel = self._panel(self._standings())
        for few in more:
            if self._judge(panel, few) < len(few):
                break
        spent = [seat.tally().since(start) for seat, start in zip(self._seats, before, strict=True)]
        self._tallies.append(spent)
        n, reasons = len(self.items) - first, sorted({why for tally in spent for why in tally.missing})
        cut = f"Cut after {n} of {drawn}, in the order in which they were drawn: {'; '.join(reasons)}."
        self._more = {"drawn": drawn, "n": n, "why": cut if reasons else ""}

    def leave_out(self, why: str) -> None:
        """No more items are asked about, for that reason."""
        self._more = {"drawn": 0, "n": 0, "why": why}

    def result(self) -> dict[str, Any]:
        """A JSON object, see docs/judges.md."""
        standings = self._standings()
        say, why = has_a_say(standings)
        names = [seat.judge.name for seat in self._panel(standings)]
        marked = [self._marked[name] for name in names]
        return {
            "night": self._night,
            "judges": [self._judge_json(place, standing) for place, standing in enumerate(standings)],
            "say": say,
            "why": why,
            **combine(self.items, {name: self._verdicts[name] for name in names}),
            "unlabelled": self._more,
            "rubric": summary(self.items[: len(marked[0])], marked, 0) if marked else {},
            "complete": _complete(standings, self._tallies[0]),
            **_spent([tally for part in self._tallies for tally in part]),
        }

    def _judge(self, panel: Sequence[Seat], items: Sequence[Item]) -> int:
        """Adds the items before the first that one of the panel does not answer; returns how many."""
        given: dict[str, list[Verdict | None]] = {}
        for seat in panel:
            said = judge_pairs(seat, [item.pair() for item in items])
            items = items[: said.index(None) if None in said else len(said)]
            given[seat.judge.name] = said
        for name, said in given.items():
            self._verdicts[name] += said[: len(items)]
        self.items += items
        return len(items)

    def _panel(self, standings: Sequence[Standing]) -> list[Seat]:
        """The judges that are heard; none where they make no panel."""
        heard = {standing.name for standing in standings if standing.say} if has_a_say(standings)[0] else set[str]()
        return [seat for seat in self._seats if seat.judge.name in heard]

    def _standings(self) -> list[Standing]:
        """What the items show of a judge is a part of it."""
        measured = zip(self._seats, self._measured, strict=True)
        return [
            _after(seat, (standing, known), self.items, given)
            if (given := self._verdicts.get(standing.name)) is not None
            else standing
            for seat, (standing, known) in measured
        ]

    def _judge_json(self, place: int, standing: Standing) -> dict[str, Any]:
        tallies = [part[place] for part in self._tallies]
        return _judge(standing, self._marked.get(standing.name), tallies)


def judge_night(
    seats: Sequence[Seat], items: Sequence[Item], night: str, pairs: Sequence[Pair] | None = None
) -> dict[str, Any]:
    """What judges say of a night's items alone."""
    return Hearing(seats, items, night, pairs).result()


def check_judges(seats: Sequence[Seat], pairs: Sequence[Pair], occasion: str) -> dict[str, Any]:
    """What is known of each judge, without a night's items."""
    standings = [stand(seat, pairs, occasion)[0] for seat in seats]
    tallies = [seat.tally() for seat in seats]
    say, why = has_a_say(standings)
    return {
        "judges": [_judge(standing, None, [tally]) for standing, tally in zip(standings, tallies, strict=True)],
        "say": say,
        "why": why,
        "complete": _complete(standings, tallies),
        **_spent(tallies),
    }


def _labelled(items: Sequence[Item], pairs: Sequence[Pair] | None) -> list[Pair]:
    edited = [item.edited() for item in items] if pairs is None else pairs
    return [pair for pair in (*edited, *(item.accepted() for item in items)) if pair is not None]


def _after(seat: Seat, measured: Measured, items: Sequence[Item], verdicts: Sequence[Verdict | None]) -> Standing:
    """With what its verdicts on the first of the items show; one that isn't heard has none on those that came later."""
    standing, clustered = measured
    told = [(item, found) for item, found in zip(items, verdicts, strict=False) if found is not None]
    both = [(item.effect, float(found.value), item.cluster) for item, found in told if item.effect is not None]
    differences = on_differences([row[0] for row in both], [row[1] for row in both], [row[2] for row in both])
    everything = [*clustered, *((found, item.cluster) for item, found in told)]
    return with_items(standing, everything, sorted(seat.served), differences)


def _complete(standings: Sequence[Standing], tallies: Sequence[Tally]) -> bool:
    """Whether every judge could be measured, and every one that has a say answered everything."""
    return all(
        standing.say is not None and not (standing.say and tally.missing)
        for standing, tally in zip(standings, tallies, strict=True)
    )


def _judge(standing: Standing, marked: Any, tallies: Sequence[Tally]) -> dict[str, Any]:
    return {
        **standing.as_json(),
        "quotes": None if marked is None else verified(marked),
        "missing": dict(sorted(tallies[0].missing.items())),
        **_spent(tallies),
    }


def _spent(tallies: Sequence[Tally]) -> dict[str, int]:
    return {
        "calls": sum(tally.calls for tally in tallies),
        "tokens": sum(tally.tokens for tally in tallies),
        "cached": sum(tally.cached for tally in tallies),
    }


# what a night and the record hold ------------------------------------------------------------------------------------


ASKED = "asked-"
"""Before the file's name, where somebody asked once the gate had decided: its evidence names the file by its hash."""


def result_file(contender: str) -> str:
    """What the gate was told, in the night's folder."""
    return "judges.json" if contender == "candidate" else f"{contender}-judges.json"


def night_items(record: Record, folder: Path, sides: Sides = ("champion", "candidate")) -> list[Item]:
    """The fresh items of a finished night that both sides answered, by transcript; forgotten ones are left out.

    Raises NotFound where `folder` holds no scores, BadInput where they are of another make.
    """
    import pyarrow.parquet as pq

    from evaluation.report.content import answers

    path = folder / "items.parquet"
    if not path.is_file():
        raise NotFound(f"{path} is not there; run that night first: errata nightly --date {folder.name}")
    rows = [row for row in pq.read_table(path).to_pylist() if row.get("part") == "fresh"]
    old, new = (answers(rows, side) for side in sides)
    return [found for number in sorted(old.keys() & new.keys()) if (found := _item(record, old[number], new[number]))]


def _item(record: Record, old: dict[str, Any], new: dict[str, Any]) -> Item | None:
    with record.read() as store:
        try:
            transcript = store.transcripts.read(new["transcript"])
        except NotFound:
            return None
    try:
        return Item(
            number=new["transcript"],
            transcript=transcript,
            cluster=cluster(new["channel"], new["transcript"]),
            champion=_chapters(old["prediction"]),
            candidate=_chapters(new["prediction"]),
            reviewed=_chapters(new["reference"]),
            kind=new["kind"],
            effect=new["f1"] - old["f1"],
        )
    except KeyError as missing:
        raise BadInput(f"items.parquet has no column {missing}; score that night again") from missing


def _chapters(written: str) -> Chapters:
    return tuple(Chapter(**chapter) for chapter in json.loads(written))


def reviewed_pairs(record: Record, upto: int, newest: int = NEWEST) -> list[Pair]:
    """What reviewers left against what had been predicted, as of the watermark `upto`: the newest of them, in order.

    Sealed transcripts are left alone: nothing that is asked every night may look at them. Looks no further back than it
    must, so that a night's cost doesn't grow with the record.
    """
    with record.read() as store:
        span, kept = SPAN, _preferences(store, upto - SPAN, upto)
        while len(kept) < newest and span < upto:
            span *= 4
            kept = _preferences(store, upto - span, upto)
        told = [(each, store.transcripts.read(each.transcript)) for each in kept[-newest:]]
    return [Pair(text, each.rejected, each.chosen, cluster(text.channel, each.transcript), 1) for each, text in told]


def _preferences(store: Store, after: int, upto: int) -> list[Preference]:
    return [each for each in store.labels.preferences(max(after, 0), upto) if each.role != "sealed"]
