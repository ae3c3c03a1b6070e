"""How people correct a draft: what is near enough to what they would have written stays as it is."""

from __future__ import annotations

from errata.domain.chapter import Chapter, Chapters

NEAR = 20.0
"""Seconds by which a border may be off before anybody moves it."""


def edit(draft: Chapters, wanted: Chapters) -> Chapters:
    """The draft as somebody leaves it who would have written `wanted`.

    A border stays where it is if it is near to a wanted one and no other is nearer to either; so does its title, if it
    has half of the wanted one's words. Other borders are taken out, and wanted ones without a near border added.
    """
    return tuple(_kept(draft, chapter, wanted) or chapter for chapter in wanted)


def _kept(draft: Chapters, chapter: Chapter, wanted: Chapters) -> Chapter | None:
    """What stands in the draft for a wanted chapter; None where nothing does.

    Each is the other's nearest, so that no two chapters change places.
    """
    if not draft:
        return None
    drafted = _nearest(draft, chapter)
    if abs(drafted.start - chapter.start) > NEAR or _nearest(wanted, drafted) != chapter:
        return None
    return drafted if _says_the_same(drafted.title, chapter.title) else Chapter(drafted.start, chapter.title)


def _nearest(chapters: Chapters, to: Chapter) -> Chapter:
    return min(chapters, key=lambda chapter: abs(chapter.start - to.start))


def _says_the_same(title: str, wanted: str) -> bool:
    words = set(wanted.lower().split())
    return 2 * len(words & set(title.lower().split())) >= len(words)
