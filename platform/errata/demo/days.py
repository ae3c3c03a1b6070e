"""The sample's files: four days of talks with reviews, and talks on which Day-0 must not get worse."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from errata.demo import sample_reviewers, styles
from errata.demo.material import Channel, Material, Share, load
from errata.demo.speech import SpeechSetting
from errata.demo.talks import Talk, write_talk
from errata.domain.transcript import Segment

SEED = "errata sample 1"
DAYS: tuple[Share, ...] = ("day-1", "day-2", "day-3", "day-4")
TALKS_A_DAY = 80
RETENTION_TALKS = 48

NEW_PHRASES = 0.15
"""Share of the lines whose pattern no model can have been trained on by then."""

_LATE_DAYS: tuple[Share, ...] = ("day-3", "day-4")
"""From then on there are new domains, and `asrs.json` has the list shape."""
_REPEATS: dict[Share, tuple[int, int]] = {"day-2": (2, 2), "day-3": (1, 2), "day-4": (2, 2)}
"""How many of the earlier talks come again under another id: word for word, and slightly changed."""
_DISPUTED_DAY: Share = "day-2"

_LONG_FORMS = {"it's": "it is", "don't": "do not", "I've": "I have", "that's": "that is", "we're": "we are"}


def write(folder: Path, placebo: bool = False) -> None:
    """Writes `retention/` and `day-1/` to `day-4/` under `folder`; the same bytes each time.

    With `placebo`, each day's `reviewed` lists change places between its transcripts, and nothing else differs.
    """
    shelf = _Shelf(load())
    _write_retention(folder / "retention", shelf.retention())
    for number, share in enumerate(DAYS, start=1):
        date = f"2026-03-{number:02d}"
        talks = shelf.day(share)
        rows = _reviews(talks, share, date)
        if placebo:
            rows = _swapped(rows, talks, _dice(f"placebo {share}"))
        _write_day(folder / share, talks, rows, share)


def _dice(part: str) -> Random:
    return Random(f"{SEED} {part}")


class _Shelf:
    """All talks so far, so that ids are never given twice and earlier talks can come again."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._counts: Counter[str] = Counter()
        self._shown: list[Talk] = []

    def retention(self) -> list[Talk]:
        rng = _dice("retention")
        channels = _round_robin(self._material.early_channels(), RETENTION_TALKS, rng)
        setting = SpeechSetting("retention", own=NEW_PHRASES, fresh=0.2, breaks=False)
        return [self._new(channel, setting, rng) for channel in channels]

    def day(self, share: Share) -> list[Talk]:
        rng = _dice(f"{share}")
        exact, near = _REPEATS.get(share, (0, 0))
        again = rng.sample(self._shown, exact + near)
        channels = self._material.channels if share in _LATE_DAYS else self._material.early_channels()
        setting = SpeechSetting(share, own=NEW_PHRASES, fresh=0.4)
        new = [self._new(channel, setting, rng) for channel in _round_robin(channels, TALKS_A_DAY - len(again), rng)]
        repeats = [self._renamed(talk) for talk in again[:exact]]
        repeats += [_reworded(self._renamed(talk), rng) for talk in again[exact:]]
        self._shown += new
        talks = new + repeats
        rng.shuffle(talks)
        return talks

    def _new(self, channel: Channel, setting: SpeechSetting, rng: Random) -> Talk:
        return write_talk(self._material, channel, setting, rng, self._id(channel.id))

    def _renamed(self, talk: Talk) -> Talk:
        return replace(talk, transcript=replace(talk.transcript, external_id=self._id(talk.transcript.channel)))

    def _id(self, channel: str) -> str:
        self._counts[channel] += 1
        return f"{channel}-{self._counts[channel]:03d}"


def _round_robin(channels: tuple[Channel, ...], count: int, rng: Random) -> list[Channel]:
    rounds: list[Channel] = []
    while len(rounds) < count:
        rounds += rng.sample(channels, len(channels))
    return rounds[:count]


def _reworded(talk: Talk, rng: Random) -> Talk:
    """The same talk as another recogniser would have written it: commas gone, some short forms written out."""
    segments = tuple(
        replace(segment, text=_rewrite(segment.text)) if rng.random() < 0.3 else segment
        for segment in talk.transcript.segments
    )
    return replace(talk, transcript=replace(talk.transcript, segments=segments))


def _rewrite(text: str) -> str:
    words = re.sub(r"\b(um|uh),? ", "", text.replace(",", "")).split()
    return " ".join(_LONG_FORMS.get(word, word) for word in words)


def _reviews(talks: list[Talk], share: Share, date: str) -> list[dict[str, Any]]:
    rng = _dice(f"reviews {share}")
    disputed = rng.randrange(len(talks)) if share == _DISPUTED_DAY else None
    rows: list[dict[str, Any]] = []
    for index, talk in enumerate(talks):
        if index == disputed:
            rows += sample_reviewers.dispute(talk, date, rng)
        else:
            rows.append(sample_reviewers.review(talk, sample_reviewers.random_reviewer(rng), date, rng))
    return rows


def _swapped(rows: list[dict[str, Any]], talks: list[Talk], rng: Random) -> list[dict[str, Any]]:
    """Each edit gets the chapters of another transcript, stretched to its own length."""
    durations = {talk.transcript.external_id: talk.transcript.duration for talk in talks}
    edits = [row for row in rows if "reviewed" in row]
    while True:
        givers = rng.sample(edits, len(edits))
        if all(giver["video_id"] != row["video_id"] for giver, row in zip(givers, edits, strict=True)):
            break
    given = {
        (row["video_id"], row["reviewer"]): _stretched(
            giver["reviewed"], durations[row["video_id"]] / durations[giver["video_id"]]
        )
        for giver, row in zip(givers, edits, strict=True)
    }
    return [row | {"reviewed": given[row["video_id"], row["reviewer"]]} if "reviewed" in row else row for row in rows]


def _stretched(reviewed: list[dict[str, Any]], ratio: float) -> list[dict[str, Any]]:
    """Starts scaled and floored: inside the talk, since the last one was inside its own by a line or more."""
    return [chapter | {"start": int(chapter["start"] * ratio)} for chapter in reviewed]


def _write_retention(folder: Path, talks: list[Talk]) -> None:
    """Reference chapters in the house's words: their borders are the same in both styles."""
    folder.mkdir(parents=True, exist_ok=True)
    chapters = {}
    for talk in talks:
        reference = styles.chapters(talk, styles.house(talk))
        starts = {str(int(chapter.start)): chapter.title for chapter in reference}
        chapters[talk.transcript.external_id] = _facts(talk, "2026-02-20") | {"chapters": starts}
    _write_json(folder / "chapters.json", chapters)
    _write_json(folder / "asrs.json", {talk.transcript.external_id: _columns(talk) for talk in talks})


def _write_day(folder: Path, talks: list[Talk], rows: list[dict[str, Any]], share: Share) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    date = rows[0]["reviewed_on"]
    lay_out = _rows if share in _LATE_DAYS else _columns
    _write_json(folder / "transcripts.json", {talk.transcript.external_id: _facts(talk, date) for talk in talks})
    _write_json(folder / "asrs.json", {talk.transcript.external_id: lay_out(talk) for talk in talks})
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "reviews.jsonl").write_text(text, encoding="utf-8")


def _facts(talk: Talk, date: str) -> dict[str, Any]:
    transcript = talk.transcript
    return {
        "duration": transcript.duration,
        "title": transcript.title,
        "description": transcript.description,
        "channel_id": transcript.channel,
        "upload_date": date,
    }


_FIELDS = ("text", "start", "end", "speaker")


def _columns(talk: Talk) -> dict[str, list[Any]]:
    return {field: [getattr(segment, field) for segment in talk.transcript.segments] for field in _FIELDS}


def _rows(talk: Talk) -> list[dict[str, Any]]:
    return [_row(segment) for segment in talk.transcript.segments]


def _row(segment: Segment) -> dict[str, Any]:
    return {"start": segment.start, "end": segment.end, "text": segment.text, "speaker": segment.speaker}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
