"""What a chapter is about: a written topic, or a name put together so that its title can only be copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from errata.demo.material import Material, Pool, Topic, Words


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    """As said inside a sentence."""
    terms: Words
    """What goes with it; at least five."""
    fresh: bool
    """Whether the name holds a topic or a word that errata-tiny never learnt from."""


def draw(
    material: Material, domains: Sequence[str], fresh_share: float, rng: Random, others: Sequence[Subject] = ()
) -> Subject:
    """A subject from `domains` that shares no term with `others`, lest one name call two chapters.

    Fresh as often as `fresh_share` says, as far as there are topics left of that kind.
    """
    said = {term for other in others for term in other.terms}
    topics = [topic for topic in material.topics if topic.domain in domains and said.isdisjoint(topic.terms)]
    known = rng.random() >= fresh_share
    topic = rng.choice([topic for topic in topics if topic.known is known] or topics)
    fresh = not topic.known
    name = rng.choices((_written, _narrowed, _modified, _eponym), weights=(30, 20, 25, 25))[0](material, topic, rng)
    return Subject(name, tuple(term for term in topic.terms if not name.endswith(term)), fresh)


def _written(material: Material, topic: Topic, rng: Random) -> str:
    return topic.name


def _narrowed(material: Material, topic: Topic, rng: Random) -> str:
    """One of the topic's terms, made a topic itself."""
    return rng.choice(topic.terms).removeprefix("a ")


def _modified(material: Material, topic: Topic, rng: Random) -> str:
    name = rng.choice((topic.name, *topic.terms)).removeprefix("the ").removeprefix("a ")
    return f"{rng.choice(_words(material.pools['modifier'], not topic.known))} {name}"


def _eponym(material: Material, topic: Topic, rng: Random) -> str:
    fresh = not topic.known
    return f"the {surname(material, fresh, rng)} {rng.choice(_words(material.pools['head'], fresh))}"


def surname(material: Material, fresh: bool, rng: Random) -> str:
    start, end = (rng.choice(_words(material.pools[part], fresh)) for part in ("start", "end"))
    return start + end


def _words(pool: Pool, fresh: bool) -> Words:
    return pool.held_out if fresh else pool.known
