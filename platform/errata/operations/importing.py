"""Outside files into the record: good rows go in, bad ones into a rejects file that can be mended and imported."""

from __future__ import annotations

import filecmp
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from time import monotonic
from typing import Literal, TypeVar
from unicodedata import normalize

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapters, canonical
from errata.domain.correction import NO_DRAFT, Correction, same_chapters
from errata.domain.hashing import content_hash
from errata.domain.joined_talks import JoinedTalks
from errata.domain.media_address import check_media_pattern, media_address
from errata.domain.names import check_name
from errata.domain.roles import Role
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Forgotten, NotFound
from errata.formats import detect, review_detect
from errata.formats.reviews_jsonl import NO_REVIEWER, NOBODY, Review
from errata.formats.source_rows import Adjustment, DetectedFile, ImportedTranscript, LeftOut, Rejected, write_rejects
from errata.formats.trace_rows import TracedCall
from errata.operations.correcting import (
    check_names,
    correction_of,
    fitted_to_end,
    named_prediction,
    reference_of,
    review_json,
)
from errata.operations.refusals import Refusal, refusals

Item = TypeVar("Item", ImportedTranscript, Review, TracedCall)

Shown = Literal["blind", "drafted", "unknown"]
"""What a reviewer was shown: no draft, one, or it is not known."""

LONGEST_STEM = 200
"""Bytes of a file's name; disks take 255 in all."""

BATCH = 50
"""Rows a transaction, at most: an interrupted import loses no more, and importing again completes it."""
TURN_SECONDS = 0.02
"""That a transaction goes on taking rows: a service that answers meanwhile waits for it."""


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
    unread: Mapping[str, int] = field(default_factory=dict)
    """By field that no review has, in how many reviews it stood; nothing of transcripts."""
    undated: int = 0
    """Of the new corrections, those of which no day is known."""
    joined: JoinedTalks | None = None
    """The leak groups that a new transcript is of, with others; None of corrections."""


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
    media_url: str = "",
) -> ImportReport:
    """Imports what is in a file or folder; chapters that came along are a correction of kind `reference`.

    `rejects` is the folder for refused rows; `role` declares all of them held out; `source` names the collection that
    they come from; `media_url` is where their recordings can be played, with `{id}` for a talk's id. Raises BadInput
    for a source that can't be a name, and for an address that no browser plays.
    """
    check_name(source, "the source")
    if media_url:
        check_media_pattern(media_url)
    adjusted, new = _Adjusted(), set[int]()

    def add(store: Store, imported: ImportedTranscript) -> bool:
        added = store.transcripts.add(imported.transcript, role, source)
        if added.new:
            new.add(added.seq)
        if media_url:
            store.transcripts.give_media(added.seq, media_address(media_url, imported.transcript.external_id))
        name = imported.transcript.hash
        # An empty list in a data set means that none are known, not that there are none; and what is placed by one
        # reading of a text without times is not placed by another.
        if imported.reference and store.transcripts.hash_of(added.seq) == name:
            right = imported.reference
            store.corrections.add(reference_of(store, added.seq, name, right, file.path.name))
            adjusted.count(_merged(right, imported.transcript))
        adjusted.count(imported.adjustments)
        return added.new

    report = import_rows(record, file.rows, add, rejects_of(rejects, file.path, "transcripts"))
    with record.read() as store:
        joined = store.leak_groups.joined(among=new)
    return replace(report, adjustments=adjusted.counts(), joined=joined)


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
    shown, unread = Counter[Shown](), Counter[str]()
    adjusted, undated = _Adjusted(), 0

    def add(store: Store, review: Review) -> bool | LeftOut:
        nonlocal undated
        check_names(review)
        unread.update(review.unread)
        identity = content_hash(review_json(review))
        if store.corrections.knows(identity):
            adjusted.count(review.adjustments)
            return False
        transcript = _transcript_called(store, review.video_id)
        fitted = fitted_to_end(store, transcript, review)
        if not review.reviewer and review.kind != "reference":
            return _not_reviewed(store, transcript, fitted)
        correction = correction_of(store, transcript, fitted, identity, file.path.name)
        adjusted.count(fitted.adjustments)
        adjusted.count(_merged_of(store, correction))
        if correction.kind != "reference":
            shown[_shown(correction.draft_by)] += 1
        added = store.corrections.add(correction)
        undated += added.new and not review.reviewed_on
        return added.new

    report = import_rows(record, file.rows, add, rejects_of(rejects, file.path, "corrections"))
    return replace(report, shown=shown, adjustments=adjusted.counts(), unread=unread, undated=undated)


def _not_reviewed(store: Store, transcript: int, unsigned: Review) -> LeftOut:
    """A task that came back as it went out. Raises BadInput where somebody has changed the draft that its key names."""
    draft = named_prediction(store, transcript, unsigned.prediction_key, unsigned.video_id)[1]
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


def import_rows(
    record: Record, rows: Iterator[Item | Rejected], add: Callable[[Store, Item], bool | LeftOut], rejects: Path
) -> ImportReport:
    """Gives each row to `add`, which says whether it was new; what it raises BadInput or NotFound on is refused, and
    lies in the file `rejects` afterwards.
    """
    added, left_out = Counter[bool](), Counter[str]()
    refused: list[Rejected] = []
    while batch := deque(islice(rows, BATCH)):
        for outcome in _add_rows(record, batch, add):
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


def _add_rows(
    record: Record, rows: deque[Item | Rejected], add: Callable[[Store, Item], bool | LeftOut]
) -> Iterator[bool | LeftOut | Rejected]:
    """What becomes of each; of so many at once as a turn has time for."""
    while rows:
        with record.write() as store:
            outcomes, end = [_add_row(store, rows.popleft(), add)], monotonic() + TURN_SECONDS
            while rows and monotonic() < end:
                outcomes.append(_add_row(store, rows.popleft(), add))
        yield from outcomes


def rejects_of(folder: Path, path: Path, what: str) -> Path:
    """Where the refused rows of the file at `path` go; `what` says what they are."""
    return folder / f"{_short_stem(path)}-{what}.jsonl"


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


def _add_row(
    store: Store, row: Item | Rejected, add: Callable[[Store, Item], bool | LeftOut]
) -> bool | LeftOut | Rejected:
    """Whether the row was new; a row that the record can't take comes back rejected, or left out."""
    if isinstance(row, Rejected):
        return row
    try:
        return add(store, row)
    except Forgotten as problem:
        return replace(row.row, raw=None).reject(problem)
    except (BadInput, NotFound) as problem:
        return row.row.reject(problem)
