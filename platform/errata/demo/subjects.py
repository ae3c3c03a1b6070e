"""What a chapter is about: one of the written topics of the channel's domains."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from errata.demo.material import Material, Topic


def draw(
    material: Material, domains: Sequence[str], fresh_share: float, rng: Random, others: Sequence[Topic] = ()
) -> Topic:
    """A topic from `domains` that shares no term with `others`, lest one name call two chapters.

    One that errata-tiny never learnt from as often as `fresh_share` says, as far as there are any left of that kind.
    """
    said = {term for other in others for term in other.terms}
    topics = [topic for topic in material.topics if topic.domain in domains and said.isdisjoint(topic.terms)]
    known = rng.random() >= fresh_share
    return rng.choice([topic for topic in topics if topic.known is known] or topics)
