"""The written material of the sample talks: topics, patterns, names and channels, from the files beside this one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Literal

from errata.files import JsonObject

Share = Literal["known", "day-1", "day-2", "day-3", "day-4", "retention"]
"""Where a pattern may be said. Models are taught on `known`; each other share belongs to one part of the sample."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    domain: str
    terms: Words
    known: bool
    """Whether errata-tiny learnt from talks about it."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Words that fill one slot."""

    known: Words
    held_out: Words = ()


@dataclass(frozen=True, slots=True)
class Channel:
    id: str
    show: str
    hosts: Words
    domains: Words
    sponsors: float
    """Share of its talks with a sponsor break; likewise the next two."""
    questions: float
    cold_opens: float
    stumbles: float
    """Share of its words said with an um, or twice."""


@dataclass(frozen=True)
class Material:
    topics: tuple[Topic, ...]
    patterns: Mapping[str, Mapping[str, Words]]
    """Kind of line -> share -> patterns."""
    pools: Mapping[str, Pool]
    goods: Mapping[str, str]
    """What each sponsor sells."""
    titles: Words
    descriptions: Words
    channels: tuple[Channel, ...]

    @cached_property
    def words(self) -> Words:
        """All words of the known patterns, as often as they stand there; slots left out."""
        known = "\n".join("\n".join(shares["known"]) for shares in self.patterns.values())
        return tuple(re.findall(r"[\w']+", re.sub(r"\{\w+\}", " ", known)))

    def early_channels(self) -> tuple[Channel, ...]:
        """The channels whose domains were there before the first day."""
        old = {topic.domain for topic in self.topics if topic.known}
        return tuple(channel for channel in self.channels if old.issuperset(channel.domains))


@cache
def load() -> Material:
    names = _read("names.yaml")
    sponsors = names["sponsors"]
    patterns: dict[str, dict[str, Words]] = {}
    for kind, shares in _read("patterns.yaml").items():
        patterns[kind] = {share: _lines(text) for share, text in shares.items()}
    return Material(
        topics=_topics(_read("topics.yaml")),
        patterns=patterns,
        pools=_pools(names) | {"sponsor": Pool(tuple(sponsors["known"]), tuple(sponsors["held out"]))},
        goods=sponsors["known"] | sponsors["held out"],
        titles=_lines(names["titles"]),
        descriptions=_lines(names["descriptions"]),
        channels=tuple(_channel(name, entry) for name, entry in _read("channels.yaml").items()),
    )


def _read(name: str) -> JsonObject:
    import yaml

    text = (resources.files("errata.demo") / name).read_text(encoding="utf-8")
    loaded: JsonObject = yaml.safe_load(text)
    return loaded


def _lines(text: str) -> Words:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _topics(domains: JsonObject) -> tuple[Topic, ...]:
    topics: list[Topic] = []
    for domain, shares in domains.items():
        for share, terms_by_name in shares.items():
            for name, terms in terms_by_name.items():
                topics.append(Topic(name, domain, tuple(terms.split(", ")), share == "known"))
    return tuple(topics)


_SPACED = {"start": "name starts", "end": "name ends", "person": "people"}
_COMMAS = {"who": "who", "place": "places"}
_SHARED = {"number": "numbers", "weekday": "weekdays", "month": "months"}


def _pools(names: JsonObject) -> dict[str, Pool]:
    """Slot -> pool; the file writes single words apart by spaces, and phrases apart by commas."""
    spaced = {slot: _pool(names[key], None) for slot, key in _SPACED.items()}
    commas = {slot: _pool(names[key], ", ") for slot, key in _COMMAS.items()}
    shared = {slot: Pool(tuple(names[key].split())) for slot, key in _SHARED.items()}
    return spaced | commas | shared | {"filler": Pool(_lines(names["fillers"]))}


def _pool(shares: dict[str, str], separator: str | None) -> Pool:
    return Pool(tuple(shares["known"].split(separator)), tuple(shares["held out"].split(separator)))


def _channel(name: str, entry: JsonObject) -> Channel:
    return Channel(
        id=name,
        show=entry["show"],
        hosts=tuple(entry["hosts"]),
        domains=tuple(entry["domains"]),
        sponsors=entry.get("sponsors", 0.6),
        questions=entry.get("questions", 0.5),
        cold_opens=entry.get("cold opens", 0.3),
        stumbles=entry.get("stumbles", 0.02),
    )
