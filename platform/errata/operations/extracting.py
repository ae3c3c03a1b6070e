"""Vectors of recordings, made once: what the features store has stays, and one that can't be read stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.errors import BadInput, NotFound
from errata.features.extractor import Extractor, extract
from errata.features.feature_store import FeatureStore, feature_key
from errata.files import file_sha256
from errata.progress import progress_bar


@dataclass(frozen=True, slots=True)
class ExtractedMedia:
    media: str
    key: str
    """Of its shard."""
    vectors: int
    seconds: float
    """When the last is known."""
    known: bool
    """Whether they were there already."""


@dataclass(frozen=True, slots=True)
class UnreadMedia:
    media: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extraction:
    extractor: str
    tokens: int
    size: int
    extracted: tuple[ExtractedMedia, ...]
    unread: tuple[UnreadMedia, ...]


def extract_all(store: FeatureStore, media: Sequence[Path], extractor: Extractor, rate: float) -> Extraction:
    """`rate` vectors a second of each file."""
    extracted, unread = list[ExtractedMedia](), list[UnreadMedia]()
    with progress_bar("features", len(media)) as advance:
        for path in media:
            try:
                extracted.append(_extracted(store, path, extractor, rate))
            except (BadInput, NotFound, OSError) as error:
                unread.append(UnreadMedia(str(path), str(error)))
            advance()
    return Extraction(extractor.version, extractor.tokens, extractor.size, tuple(extracted), tuple(unread))


def _extracted(store: FeatureStore, path: Path, extractor: Extractor, rate: float) -> ExtractedMedia:
    if not path.is_file():
        raise BadInput("there is no file {}", path)
    key = feature_key(file_sha256(path), extractor.version, rate)
    known = key in store
    if not known:
        store.write(key, extract(extractor, str(path), rate), extractor.version)
    features = store.read(key)
    return ExtractedMedia(str(path), key, len(features.times), float(features.times[-1]), known)
