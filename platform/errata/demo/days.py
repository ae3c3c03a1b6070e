"""The sample's files: four days of talks, what reviewers make of their drafts, and talks on which Day-0 must not get
worse."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from errata.demo import sample_reviewers, styles
from errata.demo.material import Channel, Material, Share, load
from errata.demo.sample_reviewers import SampleReview, SampleTask
from errata.demo.speech import SpeechSetting
from errata.demo.talks import Talk, write_talk
from errata.domain.chapter import Chapters, chapters_from_json
from errata.files import JsonObject, write_atomically

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


def write(folder: Path) -> None:
    """Writes the talks: `retention/` and `day-1/` to `day-4/` under `folder`; the same bytes each time."""
    talks = _talks()
    _write_retention(folder / "retention", talks["retention"])
    for day in DAYS:
        _write_day(folder / day, talks[day], day)


def write_reviews(path: Path, day: Share, tasks: Path, placebo: bool = False) -> None:
    """Writes as `reviews.jsonl` what reviewers make of those of the day's talks that are among `tasks`, a file that
    `errata tasks --for jsonl` wrote: of the same tasks, the same bytes each time.

    With `placebo`, the `reviewed` lists change places between the transcripts, and nothing else differs.
    """
    talks = _talks()[day]
    reviews = _reviews(talks, _read_tasks(tasks), day)
    if placebo:
        reviews = _swap_chapters(reviews, talks, _dice(f"placebo {day}"))
    lines = [json.dumps(review.as_json(), ensure_ascii=False) + "\n" for review in reviews]
    write_atomically(path, "".join(lines))


def write_with_chapters(folder: Path, day: Share) -> Path:
    """Writes a day's talks with their right chapters, in the layout of the chapter-llama data set:
    `chapters/chapters_DAY.json` and `asrs/asrs_DAY.json` under `folder`. Returns the former."""
    for part in ("chapters", "asrs"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    chapters = folder / "chapters" / f"chapters_{day}.json"
    _write_chapters(chapters, folder / "asrs" / f"asrs_{day}.json", _talks()[day], day)
    return chapters


@cache
def _talks() -> dict[Share, list[Talk]]:
    shelf = _Shelf(load())
    talks: dict[Share, list[Talk]] = {"retention": shelf.retention()}
    for day in DAYS:
        talks[day] = shelf.day(day)
    return talks


def _read_tasks(path: Path) -> dict[str, SampleTask]:
    """By the talk's id."""
    tasks = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        task = json.loads(line)
        draft = None if task["reviewed"] is None else chapters_from_json(task["reviewed"])
        tasks[task["video_id"]] = SampleTask(task["prediction"], draft)
    return tasks


def _date(day: Share) -> str:
    if day == "retention":
        return "2026-02-20"
    return f"2026-03-{DAYS.index(day) + 1:02d}"


def _dice(part: str) -> Random:
    return Random(f"{SEED} {part}")


class _Shelf:
    """All talks so far, so that ids are never given twice and earlier talks can come again."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._counts: Counter[str] = Counter()
        self._earlier: list[Talk] = []

    def retention(self) -> list[Talk]:
        rng = _dice("retention")
        setting = SpeechSetting("retention", own=NEW_PHRASES, fresh=0.2, breaks=False)
        return self._new(self._material.early_channels(), RETENTION_TALKS, setting, rng)

    def day(self, share: Share) -> list[Talk]:
        rng = _dice(share)
        exact, near = _REPEATS.get(share, (0, 0))
        again = rng.sample(self._earlier, exact + near)
        channels = self._material.channels if share in _LATE_DAYS else self._material.early_channels()
        setting = SpeechSetting(share, own=NEW_PHRASES, fresh=0.4)
        new = self._new(channels, TALKS_A_DAY - len(again), setting, rng)
        repeats = [self._under_new_id(talk) for talk in again[:exact]]
        repeats += [_reword(self._under_new_id(talk), rng) for talk in again[exact:]]
        self._earlier += new
        talks = new + repeats
        rng.shuffle(talks)
        return talks

    def _new(self, channels: tuple[Channel, ...], count: int, setting: SpeechSetting, rng: Random) -> list[Talk]:
        order = _round_robin(channels, count, rng)
        return [write_talk(self._material, channel, setting, rng, self._id(channel.id)) for channel in order]

    def _under_new_id(self, talk: Talk) -> Talk:
        return replace(talk, transcript=replace(talk.transcript, external_id=self._id(talk.transcript.channel)))

    def _id(self, channel: str) -> str:
        self._counts[channel] += 1
        return f"{channel}-{self._counts[channel]:03d}"


def _round_robin(channels: tuple[Channel, ...], count: int, rng: Random) -> list[Channel]:
    rounds: list[Channel] = []
    while len(rounds) < count:
        rounds += rng.sample(channels, len(channels))
    return rounds[:count]


def _reword(talk: Talk, rng: Random) -> Talk:
    """The same talk as another recogniser would have written it: commas gone, some short forms written out."""
    segments = []
    for segment in talk.transcript.segments:
        text = _rewrite(segment.text) if rng.random() < 0.3 else segment.text
        segments.append(replace(segment, text=text))
    return replace(talk, transcript=replace(talk.transcript, segments=tuple(segments)))


def _rewrite(text: str) -> str:
    words = re.sub(r"\b(um|uh),? ", "", text.replace(",", "")).split()
    return " ".join(_LONG_FORMS.get(word, word) for word in words)


def _reviews(talks: list[Talk], tasks: dict[str, SampleTask], day: Share) -> list[SampleReview]:
    """Who reviews a talk, and how, doesn't depend on what the others' drafts are, or whether there are any."""
    disputed = _dice(f"dispute {day}").randrange(len(talks)) if day == _DISPUTED_DAY else None
    reviews: list[SampleReview] = []
    for index, talk in enumerate(talks):
        name = talk.transcript.external_id
        rng, task = _dice(f"review {name}"), tasks.get(name)
        if task is None:
            continue
        if index == disputed:
            reviews += sample_reviewers.dispute(talk, task, _date(day), rng)
        else:
            reviewer = sample_reviewers.random_reviewer(rng)
            reviews.append(sample_reviewers.review(talk, task, reviewer, _date(day), rng))
    return reviews


def _swap_chapters(reviews: list[SampleReview], talks: list[Talk], rng: Random) -> list[SampleReview]:
    """Each edit gets the chapters of another transcript, stretched to its own length."""
    durations = {talk.transcript.external_id: talk.transcript.duration for talk in talks}
    edits = [review for review in reviews if review.chapters is not None]
    swapped = []
    for edit, giver in zip(edits, _shuffle_apart(edits, rng), strict=True):
        ratio = durations[edit.video_id] / durations[giver.video_id]
        swapped.append(replace(edit, chapters=_stretch(giver.chapters or (), ratio)))
    in_order = iter(swapped)
    return [review if review.chapters is None else next(in_order) for review in reviews]


def _shuffle_apart(edits: list[SampleReview], rng: Random) -> list[SampleReview]:
    """The same reviews in an order in which none stands where one of its own transcript stood."""
    while True:
        shuffled = rng.sample(edits, len(edits))
        if all(one.video_id != other.video_id for one, other in zip(edits, shuffled, strict=True)):
            return shuffled


def _stretch(chapters: Chapters, ratio: float) -> Chapters:
    """Starts scaled and floored: inside the talk, since the last one was inside its own by a line or more."""
    return tuple(replace(chapter, start=float(int(chapter.start * ratio))) for chapter in chapters)


def _write_retention(folder: Path, talks: list[Talk]) -> None:
    """Reference chapters in the house's words: their borders are the same in both styles."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_chapters(folder / "chapters.json", folder / "asrs.json", talks, "retention")


def _write_chapters(chapters: Path, speech: Path, talks: list[Talk], share: Share) -> None:
    facts = {}
    for talk in talks:
        right = styles.chapters(talk, styles.house(talk))
        starts = {str(int(chapter.start)): chapter.title for chapter in right}
        facts[talk.transcript.external_id] = _metadata(talk, _date(share)) | {"chapters": starts}
    _write_json(chapters, facts)
    _write_speech(speech, talks, share)


def _write_speech(path: Path, talks: list[Talk], share: Share) -> None:
    shape = _rows if share in _LATE_DAYS else _columns
    _write_json(path, {talk.transcript.external_id: shape(talk) for talk in talks})


def _write_day(folder: Path, talks: list[Talk], share: Share) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    facts = {talk.transcript.external_id: _metadata(talk, _date(share)) for talk in talks}
    _write_json(folder / "transcripts.json", facts)
    _write_speech(folder / "asrs.json", talks, share)


def _metadata(talk: Talk, date: str) -> JsonObject:
    transcript = talk.transcript
    return {
        "duration": transcript.duration,
        "title": transcript.title,
        "description": transcript.description,
        "channel_id": transcript.channel,
        "upload_date": date,
    }


def _columns(talk: Talk) -> JsonObject:
    segments = talk.transcript.segments
    return {name: [getattr(segment, name) for segment in segments] for name in ("text", "start", "end", "speaker")}


def _rows(talk: Talk) -> list[JsonObject]:
    return [segment.as_json() for segment in talk.transcript.segments]


def _write_json(path: Path, value: JsonObject) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
