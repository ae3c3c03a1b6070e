"""A night put to the judges: champion against candidate on the items that the night has scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from errata.database.record import Record
from errata.domain.chapter import Chapter, Chapters
from errata.errors import BadInput, NotFound
from evaluation.judges.agreement import on_differences
from evaluation.judges.item import Item, Pair
from evaluation.judges.pairwise import Verdict, judge_pairs
from evaluation.judges.panel import combine, has_a_say
from evaluation.judges.rubric import mark_items, summary, verified
from evaluation.judges.seat import Seat
from evaluation.judges.standing import Standing, stand, with_items

FILE = "judges.json"
NEWEST = 200
"""Corrections that agreement is measured on: kappa to within about 0.1 (196 for a kappa of 0.7)."""

Sides = tuple[str, str]
"""Old and new, as `items.parquet` names them."""


def judge_night(
    seats: Sequence[Seat], items: Sequence[Item], night: str, pairs: Sequence[Pair] | None = None
) -> dict[str, Any]:
    """What judges say of a night's items; a JSON object, see docs/judges.md.

    They are measured by the labelled `pairs`, or else by how the items were edited, and by which of the items were
    accepted. Only a judge that has a say is asked about the items.
    """
    measured = [stand(seat, _labelled(items, pairs), night) for seat in seats]
    able = [place for place, (standing, _) in enumerate(measured) if standing.say]
    standings = [standing for standing, _ in measured]
    verdicts: dict[str, list[Verdict | None]] = {}
    marked = {}
    for place in able:
        seat = seats[place]
        verdicts[seat.judge.name] = judge_pairs(seat, [item.pair() for item in items])
        marked[seat.judge.name] = mark_items(seat, items)
        standings[place] = _after(seat, *measured[place], items, verdicts[seat.judge.name])
    kept = {standing.name for standing in standings if standing.say} if has_a_say(standings)[0] else set[str]()
    return {
        "night": night,
        "judges": [
            _judge(standing, seat, marked.get(seat.judge.name)) for standing, seat in zip(standings, seats, strict=True)
        ],
        **_result(items, standings, {n: v for n, v in verdicts.items() if n in kept}),
        "rubric": summary(items, [rows for name, rows in marked.items() if name in kept], 0) if kept else {},
        "complete": _complete(standings, seats),
        **_spent(seats),
    }


def check_judges(seats: Sequence[Seat], pairs: Sequence[Pair], occasion: str) -> dict[str, Any]:
    """What is known of each judge, without a night's items."""
    standings = [stand(seat, pairs, occasion)[0] for seat in seats]
    say, why = has_a_say(standings)
    return {
        "judges": [_judge(standing, seat, None) for standing, seat in zip(standings, seats, strict=True)],
        "say": say,
        "why": why,
        "complete": _complete(standings, seats),
        **_spent(seats),
    }


def _labelled(items: Sequence[Item], pairs: Sequence[Pair] | None) -> list[Pair]:
    edited = [item.edited() for item in items] if pairs is None else pairs
    return [pair for pair in (*edited, *(item.accepted() for item in items)) if pair is not None]


def _after(
    seat: Seat,
    standing: Standing,
    clustered: Sequence[tuple[Verdict, str]],
    items: Sequence[Item],
    verdicts: Sequence[Verdict | None],
) -> Standing:
    told = [(item, found) for item, found in zip(items, verdicts, strict=True) if found is not None]
    both = [(item.effect, float(found.value), item.cluster) for item, found in told if item.effect is not None]
    differences = on_differences([row[0] for row in both], [row[1] for row in both], [row[2] for row in both])
    everything = [*clustered, *((found, item.cluster) for item, found in told)]
    return with_items(standing, everything, sorted(seat.served), differences)


def _result(
    items: Sequence[Item], standings: Sequence[Standing], verdicts: dict[str, list[Verdict | None]]
) -> dict[str, Any]:
    say, why = has_a_say(standings)
    return {"say": say, "why": why, **combine(items, verdicts)}


def _complete(standings: Sequence[Standing], seats: Sequence[Seat]) -> bool:
    """Whether every judge could be measured, and every one that has a say answered everything."""
    return all(
        standing.say is not None and not (standing.say and seat.missing)
        for standing, seat in zip(standings, seats, strict=True)
    )


def _judge(standing: Standing, seat: Seat, marked: Any) -> dict[str, Any]:
    return {
        **standing.as_json(),
        "quotes": None if marked is None else verified(marked),
        "missing": dict(sorted(seat.missing.items())),
        "calls": seat.calls,
        "tokens": seat.tokens,
        "cached": seat.cached,
    }


def _spent(seats: Sequence[Seat]) -> dict[str, int]:
    return {
        "calls": sum(seat.calls for seat in seats),
        "tokens": sum(seat.tokens for seat in seats),
        "cached": sum(seat.cached for seat in seats),
    }


# what a night and the record hold ------------------------------------------------------------------------------------


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
            transcript = store.transcript(new["transcript"])
        except NotFound:
            return None
    try:
        return Item(
            number=new["transcript"],
            transcript=transcript,
            cluster=new["channel"] or f"{new['external_id']} alone",
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

    Sealed transcripts are left alone: nothing that is asked every night may look at them.
    """
    with record.read() as store:
        kept = [each for each in store.preferences(0, upto) if each.role != "sealed"][-newest:]
        texts = [store.transcript(each.transcript) for each in kept]
    return [
        Pair(text, each.rejected, each.chosen, text.channel or f"{text.external_id} alone", 1)
        for each, text in zip(kept, texts, strict=True)
    ]
