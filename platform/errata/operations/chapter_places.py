"""Where the chapters of several talks go, so that none is written over another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from errata.errors import BadInput
from errata.formats.out_chapters import SUFFIXES, ChapterFormat
from errata.operations.chaptering import UnansweredTalk


def chapter_places(talks: Sequence[UnansweredTalk], layout: ChapterFormat, out: Path | None) -> list[Path | None]:
    """A file for each talk, None for stdout; JSON, but in a folder, is one document of them all.

    Raises BadInput where two talks would be written to one place, or one over a file that was read.
    """
    if is_one_document(layout, out) or (len(talks) == 1 and (out is None or not out.is_dir())):
        places = [out] * len(talks)
    elif out is None or out.is_file():
        raise BadInput(f"{len(talks)} talks don't fit into one {layout} file; name a folder with --out")
    else:
        places = [_place(talk, layout, out) for talk in talks]
        _check_places(talks, places)
    sources = {talk.source.resolve() for talk in talks}
    for place in places:
        if place is not None and place.resolve() in sources:
            raise BadInput(f"{place} is what is read here, and would be written over; name another place with --out")
    return places


def is_one_document(layout: ChapterFormat, out: Path | None) -> bool:
    return layout == "json" and (out is None or not out.is_dir())


def distinct_names(names: Sequence[str], talks: Sequence[UnansweredTalk]) -> list[str]:
    """A name for each talk: with its file where others are called the same."""
    counts = Counter(names)
    return [name if counts[name] == 1 else f"{name} ({talk.source})" for name, talk in zip(names, talks, strict=True)]


def _check_places(talks: Sequence[UnansweredTalk], places: Sequence[Path | None]) -> None:
    first: dict[str, UnansweredTalk] = {}
    for talk, place in zip(talks, places, strict=True):
        other = first.setdefault(str(place).casefold(), talk)  # to some disks a and A are one name
        if other is not talk:
            one, two = (f"{each.transcript.external_id!r} of {each.source}" for each in (other, talk))
            raise BadInput(f"{one} and {two} would both be written to {place}; name one otherwise, or write it apart")


def _place(talk: UnansweredTalk, layout: ChapterFormat, folder: Path) -> Path:
    """A file by the talk's id, whatever is in that."""
    name = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in talk.transcript.external_id)
    return folder / f"{name[:200].lstrip('.') or 'talk'}{SUFFIXES[layout]}"
