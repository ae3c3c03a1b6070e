"""What a review says of a transcript, as the record keeps it: whose answer it corrects, and what its reviewer saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from errata.database.store import Store
from errata.domain.chapter import Chapters, chapters_to_json
from errata.domain.correction import NO_DRAFT, Correction, Kind, same_chapters
from errata.domain.hashing import content_hash
from errata.domain.names import check_name
from errata.domain.prediction import Prediction
from errata.errors import BadInput, NotFound
from errata.files import JsonObject
from errata.formats.reviews_jsonl import Review, review_of
from errata.formats.source_rows import SourceRow
from errata.operations.reviewing import before_end_of


@dataclass(frozen=True, slots=True)
class RecordedCorrection:
    correction: int
    """Its number in the record."""
    new: bool
    """False where the reviewer's last word was the same."""
    kind: Kind
    """As it was recorded: an edit that changed nothing is an accept."""
    external_id: str


def correct_prediction(store: Store, said: JsonObject, reviewer: str, origin: str) -> RecordedCorrection:
    """Records what `reviewer` makes of the prediction whose key `said` names; `said` is a line of `reviews_jsonl`
    without its video and reviewer. Said again, nothing changes, unless the reviewer said something else in between.

    Raises NotFound where there is no such prediction, and BadInput for what can't be its right chapters.
    """
    found = store.predictions.find_by_hash(str(said.get("prediction")))
    if found is None:
        raise NotFound("there is no prediction {!r}; name one that the service gave", str(said.get("prediction"))[:64])
    transcript = found[1].transcript
    external_id = store.transcripts.external_id_of(transcript)
    row = SourceRow("the request", 1, {**said, "video_id": external_id, "reviewer": reviewer})
    review = review_of(row)
    if not isinstance(review, Review):
        raise BadInput("it says nothing; give it the chapters, or a kind")
    check_names(review)
    fitted = fitted_to_end(store, transcript, review)
    before = [
        (seq, earlier) for seq, earlier in store.corrections.of_transcript(transcript) if earlier.reviewer == reviewer
    ]
    identity = content_hash([origin, review_json(review), [earlier.identity for _, earlier in before]])
    correction = correction_of(store, transcript, fitted, identity, origin)
    if before and _says_the_same(before[-1][1], correction):
        return RecordedCorrection(before[-1][0], False, correction.kind, external_id)
    return RecordedCorrection(store.corrections.add(correction).seq, True, correction.kind, external_id)


def _says_the_same(earlier: Correction, correction: Correction) -> bool:
    return (
        (earlier.kind, earlier.prediction, earlier.draft_by)
        == (correction.kind, correction.prediction, correction.draft_by)
    ) and same_chapters(earlier.chapters, correction.chapters)


def check_names(review: Review) -> None:
    """Raises BadInput."""
    for name, what in (
        (review.video_id, "the video's id"),
        (review.reviewer, "the reviewer's name"),
        (review.draft_by, "the name of the draft's model"),
    ):
        check_name(name, what)


def fitted_to_end(store: Store, transcript: int, review: Review) -> Review:
    """The review, with chapters that begin after the transcript's end at its end. Raises BadInput."""
    right, draft = review.chapters, review.draft
    late = 0
    if right is not None:
        right, late = before_end_of(store, transcript, review.video_id, right)
    if draft is not None:
        draft = before_end_of(store, transcript, review.video_id, draft).chapters
    counted = {**review.adjustments, "after the end": late} if late else review.adjustments
    return replace(review, chapters=right, draft=draft, adjustments=counted)


def correction_of(store: Store, transcript: int, review: Review, identity: str, origin: str) -> Correction:
    """What the review says of the transcript. Raises BadInput."""
    if review.kind == "reference":
        return reference_of(store, transcript, store.transcripts.hash_of(transcript), review.chapters or (), origin)
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


def named_prediction(store: Store, transcript: int, key: str, video_id: str) -> tuple[int, Prediction]:
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
    seq, prediction = named_prediction(store, transcript, review.prediction_key, review.video_id)
    if review.kind != "accept":
        return _Corrected(seq, review.chapters or (), prediction.model)
    if review.chapters is not None and not same_chapters(review.chapters, prediction.chapters):
        raise BadInput(
            "it accepts the prediction {!r} and has other chapters; make it an edit, or take the chapters out",
            review.prediction_key[:16],
        )
    return _Corrected(seq, prediction.chapters, prediction.model)


def review_json(review: Review) -> list[Any]:
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


def reference_of(store: Store, transcript: int, transcript_hash: str, chapters: Chapters, origin: str) -> Correction:
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
