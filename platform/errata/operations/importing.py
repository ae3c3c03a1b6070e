"""Outside files into the record: good rows go in, bad ones into a rejects file that can be mended and imported."""

from __future__ import annotations

import filecmp
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar
from unicodedata import normalize

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapters, canonical, chapters_to_json
from errata.domain.correction import NO_DRAFT, Correction, Kind, same_chapters
from errata.domain.hashing import content_hash
from errata.domain.names import check_name
from errata.domain.prediction import Prediction
from errata.domain.roles import Role
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Forgotten, NotFound
from errata.formats import detect, review_detect
from errata.formats.reviews_jsonl import NO_REVIEWER, NOBODY, Review
from errata.formats.source_rows import Adjustment, DetectedFile, ImportedTranscript, LeftOut, Rejected, write_rejects
from errata.operations.refusals import Refusal, refusals
from errata.operations.reviewing import before_end_of

Item = TypeVar("Item", ImportedTranscript, Review)

Shown = Literal["blind", "drafted", "unknown"]
"""What a reviewer was shown: no draft, one, or it is not known."""

LONGEST_STEM = 200
"""Bytes of a file's name; disks take 255 in all."""

BATCH = 50
"""Rows a transaction: an interrupted import loses at most so many, and importing again completes it."""


@dataclass(frozen=True, slots=True)
class AdjustmentCount:
    """How much of one kind was put right on the way in."""

    transcripts: int
    """Or reviews of them."""
    lines: int
    """Or chapters."""


class _Adjusted:
    """Counts what was put right, transcript by transcript."""

    def __init__(self) -> None:
        self._transcripts, self._lines = Counter[Adjustment](), Counter[Adjustment]()

    def count(self, adjustments: Mapping[Adjustment, int]) -> None:
        self._transcripts.update(adjustments.keys())
        self._lines.update(adjustments)

    def counts(self) -> dict[Adjustment, AdjustmentCount]:
        return {kind: AdjustmentCount(count, self._lines[kind]) for kind, count in self._transcripts.items()}


@dataclass(frozen=True, slots=True)
class ImportReport:
    read: int
    new: int
    duplicate: int
    rejected: int
    left_out: Mapping[str, int]
    """What asked for nothing and is not among those read, by why: skipped, a draft, not reviewed,
    reviewed later than was asked for."""
    rejects_file: Path | None
    """Where the rejected rows lie; None when there are none."""
    reasons: tuple[Refusal, ...] = ()
    """Why they were rejected, the commonest first."""
    shown: Mapping[Shown, int] = field(default_factory=dict)
    """Of the new corrections, how many were made blind and how many of a draft; nothing of transcripts."""
    adjustments: Mapping[Adjustment, AdjustmentCount] = field(default_factory=dict)
    """What was put right in the transcripts that were taken, new or known already, by what was wrong."""


def import_transcripts(
    record: Record, path: Path, rejects: Path, role: Role | None = None, source: str = ""
) -> ImportReport:
    """Imports whichever format `path` holds; the other arguments are those of `add_transcripts`. Raises BadInput where
    the file as a whole can't be read.
    """
    return add_transcripts(record, detect.transcripts(path), rejects, role, source)


def add_transcripts(
    record: Record,
    file: DetectedFile[ImportedTranscript],
    rejects: Path,
    role: Role | None = None,
    source: str = "",
) -> ImportReport:
    """Imports what is in a file or folder; chapters that came along are a correction of kind `reference`.

    `rejects` is the folder for refused rows; `role` declares all of them held out; `source` names the collection that
    they come from. Raises BadInput for a source that can't be a name.
    """
    check_name(source, "the source")
    adjusted = _Adjusted()

    def add(store: Store, imported: ImportedTranscript) -> bool:
        added = store.transcripts.add(imported.transcript, role, source)
        name = imported.transcript.hash
        # An empty list in a data set means that none are known, not that there are none; and what is placed by one
        # reading of a text without times is not placed by another.
        if imported.reference and store.transcripts.hash_of(added.seq) == name:
            right = imported.reference
            store.corrections.add(_reference(store, added.seq, name, right, file.path.name))
            adjusted.count(_merged(right, imported.transcript))
        adjusted.count(imported.adjustments)
        return added.new

    report = _import(record, file.rows, add, rejects / f"{_short_stem(file.path)}-transcripts.jsonl")
    return replace(report, adjustments=adjusted.counts())


def _merged_of(store: Store, correction: Correction) -> dict[Adjustment, int]:
    if len(correction.chapters) < 2:
        return {}
    try:
        return _merged(correction.chapters, store.transcripts.read(correction.transcript))
    except NotFound:  # a text that was lost, which `fsck` names, is no fault of the review
        return {}


def _merged(chapters: Chapters, transcript: Transcript) -> dict[Adjustment, int]:
    merged = canonical(chapters, transcript).merged
    return {"on one line": merged} if merged else {}


def _reference(store: Store, transcript: int, transcript_hash: str, chapters: Chapters, origin: str) -> Correction:
    """Made without a draft where no model of ours had answered the transcript by then."""
    return Correction(
        transcript=transcript,
        kind="reference",
        chapters=chapters,
        reviewer="",
        origin=origin,
        identity=content_hash(["reference", transcript_hash, chapters_to_json(chapters)]),
        draft_by=NO_DRAFT if store.predictions.last_shown(transcript) is None else None,
    )


def import_corrections(
    record: Record, path: Path, rejects: Path, until: str | None = None, name: str = "auto", key: str | None = None
) -> ImportReport:
    """Imports reviews of whichever format `path` holds, or the one called `name`; those of the day `until` and before.

    Raises BadInput where the file as a whole can't be read.
    """
    return add_corrections(record, review_detect.reviews(path, name, until, key), rejects)


def add_corrections(record: Record, file: DetectedFile[Review], rejects: Path) -> ImportReport:
    """Imports the reviews in a file; `rejects` is the folder for refused rows.

    A review that carries a prediction's key corrects that prediction, one with a draft corrects the draft, and any
    other the newest prediction of a model of ours: it is taken to be better than that, and what its reviewer saw is not
    known.
    """
    shown = Counter[Shown]()
    adjusted = _Adjusted()

    def add(store: Store, review: Review) -> bool | LeftOut:
        _check_names(review)
        identity = content_hash(_plain(review))
        if store.corrections.knows(identity):
            adjusted.count(review.adjustments)
            return False
        transcript = _transcript_called(store, review.video_id)
        fitted = _before_end(store, transcript, review)
        if not review.reviewer and review.kind != "reference":
            return _not_reviewed(store, transcript, fitted)
        correction = _correction(store, transcript, fitted, identity, file.path.name)
        adjusted.count(fitted.adjustments)
        adjusted.count(_merged_of(store, correction))
        if correction.kind != "reference":
            shown[_shown(correction.draft_by)] += 1
        return store.corrections.add(correction).new

    report = _import(record, file.rows, add, rejects / f"{_short_stem(file.path)}-corrections.jsonl")
    return replace(report, shown=shown, adjustments=adjusted.counts())


def _not_reviewed(store: Store, transcript: int, unsigned: Review) -> LeftOut:
    """A task that came back as it went out. Raises BadInput where somebody has changed the draft that its key names."""
    draft = _named_prediction(store, transcript, unsigned.prediction_key, unsigned.video_id)[1]
    if not same_chapters(unsigned.chapters or (), draft.chapters):
        raise BadInput(NO_REVIEWER)
    return LeftOut(unsigned.row.file, unsigned.row.row, NOBODY, None)


def _transcript_called(store: Store, name: str) -> int:
    """By its id, however that composes its letters: macOS takes those of files' names apart. Raises NotFound."""
    for form in dict.fromkeys((name, normalize("NFC", name), normalize("NFD", name))):
        with suppress(NotFound):
            return store.transcripts.find(form)
    return store.transcripts.find(name)


def _shown(draft_by: str | None) -> Shown:
    return "unknown" if draft_by is None else "blind" if draft_by == NO_DRAFT else "drafted"


def _check_names(review: Review) -> None:
    """Raises BadInput."""
    for name, what in (
        (review.video_id, "the video's id"),
        (review.reviewer, "the reviewer's name"),
        (review.draft_by, "the name of the draft's model"),
    ):
        check_name(name, what)


def _before_end(store: Store, transcript: int, review: Review) -> Review:
    """The review, with chapters that begin after the transcript's end at its end. Raises BadInput."""
    right, draft = review.chapters, review.draft
    late = 0
    if right is not None:
        right, late = before_end_of(store, transcript, review.video_id, right)
    if draft is not None:
        draft = before_end_of(store, transcript, review.video_id, draft).chapters
    counted = {**review.adjustments, "after the end": late} if late else review.adjustments
    return replace(review, chapters=right, draft=draft, adjustments=counted)


def _correction(store: Store, transcript: int, review: Review, identity: str, origin: str) -> Correction:
    """What the review says of the transcript. Raises BadInput."""
    if review.kind == "reference":
        return _reference(store, transcript, store.transcripts.hash_of(transcript), review.chapters or (), origin)
    corrected = _corrected_prediction(store, transcript, review)
    return Correction(
        transcript=transcript,
        kind=_kind(store, review, corrected),
        chapters=corrected.right,
        reviewer=review.reviewer,
        origin=origin,
        identity=identity,
        reviewed_on=review.reviewed_on,
        prediction=corrected.prediction,
        draft_by=NO_DRAFT if review.blind else corrected.draft_by,
    )


def _kind(store: Store, review: Review, corrected: _Corrected) -> Kind:
    """An edit of a draft that a key names, and that changed nothing, is an accept; who saw none accepts none."""
    prediction = corrected.prediction
    if review.kind == "edit" and review.prediction_key and prediction is not None and not review.blind:
        untouched = same_chapters(corrected.right, store.predictions.read(prediction).chapters)
        return "accept" if untouched else "edit"
    return review.kind


class _Corrected(NamedTuple):
    """What a review makes of which prediction."""

    prediction: int | None
    right: Chapters
    draft_by: str | None
    """Whose draft the reviewer was shown, unless the review was made blind; None where it is not known."""


def _corrected_prediction(store: Store, transcript: int, review: Review) -> _Corrected:
    if review.prediction_key:
        return _of_named_prediction(store, transcript, review)
    chapters, maker = review.chapters or (), review.draft_by or None
    if review.draft is not None:
        maker = maker or "unknown"
        model = f"foreign:{maker}:{content_hash(_plain_chapters(review.draft))[:12]}"
        draft = Prediction(transcript, model, "", review.draft, foreign=True)
        return _Corrected(store.predictions.add(draft).seq, chapters, maker)
    latest = store.predictions.last_shown(transcript)
    if review.kind == "accept" and review.chapters is None:
        if latest is None:
            raise BadInput(
                "it accepts a prediction for {!r}, but there is none; run `errata predict` first, or give the row its "
                "chapters",
                review.video_id,
            )
        return _Corrected(latest[0], latest[1].chapters, maker)
    if latest is None or (review.kind == "accept" and not same_chapters(chapters, latest[1].chapters)):
        return _Corrected(None, chapters, maker)  # who accepts these chapters has seen another answer
    return _Corrected(latest[0], chapters, maker)


def _named_prediction(store: Store, transcript: int, key: str, video_id: str) -> tuple[int, Prediction]:
    """With its number. Raises BadInput where the record holds none of that key and transcript."""
    pair = store.predictions.find_by_hash(key)
    if pair is None or pair[1].transcript != transcript:
        raise BadInput(
            "it names the prediction {!r}, which this record does not hold for {!r}; import it where the task was "
            "made, or take the key out",
            key[:16],
            video_id,
        )
    return pair


def _of_named_prediction(store: Store, transcript: int, review: Review) -> _Corrected:
    seq, prediction = _named_prediction(store, transcript, review.prediction_key, review.video_id)
    if review.kind != "accept":
        return _Corrected(seq, review.chapters or (), prediction.model)
    if review.chapters is not None and not same_chapters(review.chapters, prediction.chapters):
        raise BadInput(
            "it accepts the prediction {!r} and has other chapters; make it an edit, or take the chapters out",
            review.prediction_key[:16],
        )
    return _Corrected(seq, prediction.chapters, prediction.model)


def _plain(review: Review) -> list[Any]:
    """All that a review says, for its identity."""
    return [
        review.video_id,
        review.kind,
        _plain_chapters(review.chapters),
        review.reviewer,
        review.reviewed_on,
        _plain_chapters(review.draft),
        review.draft_by,
        *([review.prediction_key] if review.prediction_key else []),
        *([{"blind": True}] if review.blind else []),
    ]


def _plain_chapters(chapters: Chapters | None) -> list[dict[str, Any]] | None:
    return None if chapters is None else chapters_to_json(chapters)


def _import(
    record: Record, rows: Iterator[Item | Rejected], add: Callable[[Store, Item], bool | LeftOut], rejects: Path
) -> ImportReport:
    added, left_out = Counter[bool](), Counter[str]()
    refused: list[Rejected] = []
    while batch := list(islice(rows, BATCH)):
        with record.write() as store:
            for row in batch:
                outcome = _add_row(store, row, add)
                if isinstance(outcome, LeftOut):
                    left_out[outcome.reason] += 1
                elif isinstance(outcome, Rejected):
                    refused.append(outcome)
                else:
                    added[outcome] += 1
    return ImportReport(
        read=added.total() + len(refused),
        new=added[True],
        duplicate=added[False],
        rejected=len(refused),
        left_out=left_out,
        rejects_file=_write_rejects(rejects, refused) if refused else None,
        reasons=refusals(refused),
    )


def _short_stem(path: Path) -> str:
    """What the rejects of a file are called by: its stem, so much of it as leaves room for an ending and a number."""
    stem = path.stem.strip(".") or path.resolve().stem  # of . and ..
    return stem.encode(errors="replace")[:LONGEST_STEM].decode(errors="ignore")


def _write_rejects(rejects: Path, refused: list[Rejected]) -> Path:
    """Where the refused rows lie now. A file of that name that says anything else stays as it is, and the rows go
    beside it under a number: it may be another day's, or half mended.
    """
    rejects.parent.mkdir(parents=True, exist_ok=True)
    written = rejects.with_name(f".{rejects.name}")  # a .jsonl, in which `errata forget` looks too
    write_rejects(written, refused)
    for number in count(1):
        place = rejects if number == 1 else rejects.with_stem(f"{rejects.stem}-{number}")
        if not place.exists() or filecmp.cmp(written, place, shallow=False):
            written.replace(place)
            break
    return place


def _add_row(store: Store, row: Item | Rejected, add: Callable[[Store, Item], bool | LeftOut]) -> bool | Rejected:
    """Whether the row was new; a row that the record can't take comes back rejected, or left out."""
    if isinstance(row, Rejected):
        return row
    try:
        return add(store, row)
    except Forgotten as problem:
        return replace(row.row, raw=None).reject(problem)
    except (BadInput, NotFound) as problem:
        return row.row.reject(problem)
