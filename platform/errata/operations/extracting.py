"""Vectors of recordings, made once: what the features store has stays, and one that can't be read stops no other.

Where a recording is one that was acquired, the record learns that there are vectors of it: they are shown beside the
words of its transcript, to models that see or hear, from then on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from errata.database.record import Record
from errata.database.store import Store
from errata.documents.file_names import FEATURES
from errata.domain.vector_shard import VectorShard
from errata.domain.video import Video
from errata.errors import BadInput, NotFound
from errata.features.extractor import Extractor, extract
from errata.features.feature_store import FeatureStore, feature_key
from errata.files import file_sha256
from errata.inference.artefact import Card, Sense, model_folder
from errata.inference.sensed_frames import shard_for
from errata.operations.video_folder import recording_of
from errata.progress import progress_bar
from errata.streams.media_probe import MediaFacts
from errata.workspace import Workspace


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
    talks: tuple[str, ...] = ()
    """The outside ids of the talks that it is the recording of; none where it was never acquired."""


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
    other_senses: tuple[Sense, ...] = ()
    """Of the champion, those of this medium that take other vectors than these: it isn't shown these."""


def extract_all(workspace: Workspace, media: Sequence[Path], extractor: Extractor, rate: float) -> Extraction:
    """`rate` vectors a second of each file; without any, of each recording that was acquired.

    Raises BadInput where there is none, and for a rate that is no positive number.
    """
    if not 0 < rate < float("inf"):
        raise BadInput(f"a rate of {rate:g} vectors a second can't be; give a positive number")
    workspace.ignore(f"{FEATURES}/")
    videos = workspace.record.ask(_probed)
    facts = {video.number: recording_of(workspace.root, video) for video in videos}
    by_recording: dict[str, list[Video]] = defaultdict(list)
    for video in videos:
        by_recording[facts[video.number].sha256].append(video)
    by_path = {Path(each.path).resolve(): each for each in facts.values()}
    paths = list(media) or list(by_path)
    if not paths:
        raise BadInput("no recording was named, and none was acquired; name files, or run errata acquire first")
    store = FeatureStore(workspace.root / FEATURES)
    making = _Extracting(store, workspace.record, by_recording, by_path, extractor, rate)
    extracted, unread = list[ExtractedMedia](), list[UnreadMedia]()
    with progress_bar("features", len(paths)) as advance:
        for path in paths:
            try:
                extracted.append(making.of(path))
            except (BadInput, NotFound, OSError) as error:
                unread.append(UnreadMedia(str(path), str(error)))
            advance()
    return Extraction(
        extractor=extractor.version,
        tokens=extractor.tokens,
        size=extractor.size,
        extracted=tuple(extracted),
        unread=tuple(unread),
        other_senses=_other_senses(workspace, extractor, rate),
    )


def only_sense(workspace: Workspace) -> Sense | None:
    """That of the champion, None for one of words alone. Raises BadInput where it has several."""
    senses = _champion_senses(workspace)
    if len(senses) > 1:
        each = " and ".join(f"--by {sense.spec} --rate {sense.rate:g}" for sense in senses)
        raise BadInput(f"the champion has {len(senses)} senses; run errata features once for each, with {each}")
    return senses[0] if senses else None


def _other_senses(workspace: Workspace, extractor: Extractor, rate: float) -> tuple[Sense, ...]:
    made = VectorShard(extractor.version, rate, key="")
    same_medium = [sense for sense in _champion_senses(workspace) if sense.modality == extractor.modality]
    return tuple(sense for sense in same_medium if shard_for(sense, [made]) is None)


def _champion_senses(workspace: Workspace) -> tuple[Sense, ...]:
    champion = workspace.record.ask(lambda store: store.aliases.model_of("champion"))
    return () if champion is None else tuple(Card.read(model_folder(champion, workspace.models)).senses)


def _probed(store: Store) -> list[Video]:
    """The recordings that were looked into."""
    return [video for video in store.videos.all() if video.found("probe") is not None]


@dataclass(frozen=True, slots=True)
class _Extracting:
    store: FeatureStore
    record: Record
    by_recording: Mapping[str, Sequence[Video]]
    """By the recording's sha256."""
    by_path: Mapping[Path, MediaFacts]
    extractor: Extractor
    rate: float

    def of(self, path: Path) -> ExtractedMedia:
        if not path.is_file():
            raise BadInput("there is no file {}", path)
        recording = self._sha256(path)
        key = feature_key(recording, self.extractor.version, self.rate)
        known = key in self.store
        if not known:
            self.store.write(key, extract(self.extractor, str(path), self.rate), self.extractor.version)
        times = self.store.read(key).times
        talks = self._note(recording, key)
        return ExtractedMedia(str(path), key, len(times), float(times[-1]), known, talks)

    def _sha256(self, path: Path) -> str:
        """As it was found when the recording was acquired, where that is still the file: it may have gigabytes."""
        facts = self.by_path.get(path.resolve())
        return facts.sha256 if facts is not None and facts.is_of(path) else file_sha256(path)

    def _note(self, recording: str, key: str) -> tuple[str, ...]:
        """Once the shard is whole: the record names none that isn't there."""
        shard, videos = VectorShard(self.extractor.version, self.rate, key), self.by_recording.get(recording, ())
        unaware = [video for video in videos if shard not in video.vectors]
        if unaware:
            with self.record.write() as store:
                for video in unaware:
                    store.videos.add_vectors(video.number, shard)
        return tuple(video.known.external_id for video in videos)
