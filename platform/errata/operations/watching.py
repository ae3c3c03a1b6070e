"""A model that watches a recording, or an address, from its pixels and samples on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from pathlib import Path

from errata.errors import BadInput
from errata.features.extractor import Extractor, Vector
from errata.features.extractors import find_extractor
from errata.inference.artefact import Card, Sense
from errata.inference.stream_reader import open_reader
from errata.inference.stream_watcher import Moment, StreamWatcher, Utterance


def watch_media(
    folder: Path, models: Path, media: str, specs: Sequence[str] = (), live: bool = False
) -> Iterator[Utterance]:
    """What the model in `folder` says of `media`, as it is read. `specs` name extractors with weights of their own, as
    `find_extractor` takes them.

    Raises BadInput for a model of words alone, and where vectors would come of another extractor than its own.
    """
    senses = Card.read(folder).senses
    watcher = StreamWatcher(open_reader(folder, models))
    by_name = {spec.partition("=")[0].partition(":")[0]: spec for spec in specs}
    pairs = [(sense, extractor_of(sense, by_name)) for sense in senses]
    yield from watcher.watch(moments_of(media, pairs), live)


def extractor_of(sense: Sense, specs: Mapping[str, str]) -> Extractor:
    """By the name in the sense, or what `specs` say of that name."""
    name = sense.extractor.partition("@")[0]
    extractor = find_extractor(specs.get(name) or sense.spec)
    if extractor.version != sense.extractor:
        raise BadInput(
            f"the model was trained on vectors of {sense.extractor}, and these would be of {extractor.version}; name "
            "its weights with --extractor"
        )
    return extractor


def moments_of(media: str, pairs: Sequence[tuple[Sense, Extractor]]) -> Iterator[Moment]:
    """In the order of their times; media that are known at the same time are one moment's."""
    streams = [_timed(extractor, media, sense.rate) for sense, extractor in pairs]
    for time, group in groupby(merge(*streams, key=_time), key=_time):
        yield Moment(time, {extractor.modality: vector for _, extractor, vector in group})


_Timed = tuple[float, Extractor, Vector]


def _timed(extractor: Extractor, media: str, rate: float) -> Iterator[_Timed]:
    for time, vector in extractor.vectors(media, rate):
        yield time, extractor, vector


def _time(timed: _Timed) -> float:
    return timed[0]
