"""Podlove Simple Chapters (https://podlove.org/simple-chapters): XML, alone or within a feed, and JSON.

    <psc:chapters version="1.2" xmlns:psc="http://podlove.org/simple-chapters">
      <psc:chapter start="00:02:48.000" title="Bags" href="…"/>
    [{"start": "00:02:48.000", "title": "Bags"}]

A start is `HH:MM:SS.mmm`, of which hours and decimals may be missing. One without a title is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from errata.errors import BadInput
from errata.files import JsonObject
from errata.formats.fields import objects
from errata.formats.json_files import json_object
from errata.formats.video_ids import id_in
from errata.formats.xml_files import local_name, parse_xml

_NAMESPACE = "podlove.org/simple-chapters"


class Episode(NamedTuple):
    name: str
    """Its id; empty where the list stands alone, under its file's name."""
    starts: JsonObject
    """start → title, as both are written."""


def fits_xml(text: str) -> bool:
    return text.lstrip().startswith("<") and _NAMESPACE in text


def fits_json(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_chapter(item) for item in value)


def _is_chapter(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("start"), str) and "title" in item and "text" not in item


def json_starts(value: Any) -> JsonObject:
    """Raises BadInput."""
    return _starts((item.get("start"), item.get("title")) for item in objects(value, "the file", "chapter"))


def episodes(text: str) -> list[Episode]:
    """The list of a file, or those of a feed's episodes. Raises BadInput."""
    root = parse_xml(text)
    if local_name(root) == "chapters":
        return [Episode("", _element_starts(root))]
    items = [element for element in root.iter() if local_name(element) == "item"]
    episode_lists = [Episode(_name(item), _element_starts(lists)) for item in items for lists in _lists(item)]
    if not episode_lists:
        raise BadInput("it has no chapters of an episode; export it again, or leave it out")
    return episode_lists


def _lists(item: Element) -> Iterator[Element]:
    return (element for element in item if local_name(element) == "chapters")


def _element_starts(chapters: Element) -> JsonObject:
    items = (element for element in chapters if local_name(element) == "chapter")
    return _starts((item.get("start"), item.get("title")) for item in items)


def _starts(pairs: Iterable[tuple[Any, Any]]) -> JsonObject:
    items = list(pairs)
    for start, title in items:
        if not title:
            raise BadInput("the chapter at {} has no title; add one", start)
    return json_object((str(start), title) for start, title in items)


def _name(item: Element) -> str:
    """What the episode's sound file is called, or else its guid."""
    by_name = {local_name(element): element for element in item}
    sound = by_name["enclosure"].get("url", "") if "enclosure" in by_name else ""
    guid = (by_name["guid"].text or "").strip() if "guid" in by_name else ""
    if not sound and not guid:
        raise BadInput("an episode has neither a sound file nor a guid, by which to know it; add one")
    return id_in(sound) if sound else guid
