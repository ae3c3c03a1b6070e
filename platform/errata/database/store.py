"""The only code that reads and writes the record. It never commits: the caller owns the transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.blobs import Blobs
from errata.database.loop import Loop
from errata.database.tables import BandRow, CorrectionRow, EventRow, LinkRow, PredictionRow, TranscriptRow
from errata.domain import twins
from errata.domain.chapter import Chapter, Chapters
from errata.domain.correction import Correction, Kind, Label
from errata.domain.hashing import content_hash
from errata.domain.prediction import Prediction
from errata.domain.roles import DEFAULT_SHARES, ROLES, Role, own_role, strictest
from errata.domain.transcript import Transcript
from errata.errors import NotFound

HOT_BAND = 1000
"""At most so many candidates are compared for one band: boilerplate that thousands share says nothing."""


Unlabelled = Literal["conflict", "withdrawn"]
"""Why a corrected transcript has no label: its reviewers disagree, or what they said was rejected or taken back."""


@dataclass(frozen=True, slots=True)
class Added:
    seq: int
    new: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A leak group as of some watermark."""

    name: int
    hashes: tuple[str, ...]
    role: Role


class Store:
    def __init__(self, session: Session, blobs: Blobs) -> None:
        self._session = session
        self._blobs = blobs
        self.loop = Loop(session)

    # transcripts -----------------------------------------------------------------------------------------------------

    def add_transcript(self, transcript: Transcript, role: Role | None = None) -> Added:
        """Records a transcript, finds its twins and gives it its role for ever.

        `role` declares it held out from the start; without it the transcript's own hash draws one.
        """
        known = self._session.scalar(sa.select(TranscriptRow.seq).where(TranscriptRow.hash == transcript.hash))
        if known is not None:
            return Added(known, new=False)
        row = TranscriptRow(
            seq=self._next("transcript"),
            hash=self._blobs.put(transcript.as_json()),
            external_id=transcript.external_id,
            title=transcript.title,
            channel=transcript.channel,
            unit=transcript.unit,
            duration=transcript.duration,
            role=role or own_role(transcript.hash, DEFAULT_SHARES),
            text_hash=twins.text_hash(transcript.text),
            signature=twins.signature(transcript.text),
        )
        links = self._twins(row)
        self._session.add(row)
        self._session.flush()
        self._session.add_all(BandRow(band=band, transcript=row.seq) for band in set(twins.bands(row.signature)))
        self._session.add_all(links)
        self._session.flush()
        return Added(row.seq, new=True)

    def _twins(self, row: TranscriptRow) -> list[LinkRow]:
        reasons: dict[int, str] = {}
        near = (
            sa.select(TranscriptRow.seq, TranscriptRow.signature)
            .join(BandRow, BandRow.transcript == TranscriptRow.seq)
            .where(BandRow.band.in_(twins.bands(row.signature)))
            .distinct()
            .limit(HOT_BAND)
        )
        for seq, signature in self._session.execute(near):
            if twins.similarity(row.signature, signature) >= twins.NEAR:
                reasons[seq] = "near"
        for reason, same in (
            ("text", TranscriptRow.text_hash == row.text_hash),
            ("id", TranscriptRow.external_id == row.external_id),
        ):
            reasons.update(dict.fromkeys(self._session.scalars(sa.select(TranscriptRow.seq).where(same)), reason))
        return [LinkRow(newer=row.seq, older=older, reason=reason) for older, reason in sorted(reasons.items())]

    def find_transcript(self, external_id: str) -> int:
        """`seq` of the newest transcript under an outside id. Raises NotFound."""
        newest = (
            sa.select(TranscriptRow.seq)
            .where(TranscriptRow.external_id == external_id)
            .order_by(TranscriptRow.seq.desc())
            .limit(1)
        )
        seq = self._session.scalar(newest)
        if seq is None:
            raise NotFound(f"there is no transcript {external_id!r} in the record; import it first")
        return seq

    def transcript(self, seq: int) -> Transcript:
        name = self._session.scalar(sa.select(TranscriptRow.hash).where(TranscriptRow.seq == seq))
        return Transcript.from_json(self._blobs.get(cast(str, name)))

    def transcript_by_hash(self, name: str) -> Transcript:
        return Transcript.from_json(self._blobs.get(name))

    def unpredicted(self, model: str, template: str) -> Sequence[int]:
        """Transcripts that `model` has not answered with `template`, in their order."""
        asked = sa.select(PredictionRow.transcript).where(
            PredictionRow.model == model, PredictionRow.template == template
        )
        query = sa.select(TranscriptRow.seq).where(TranscriptRow.seq.not_in(asked)).order_by(TranscriptRow.seq)
        return self._session.scalars(query).all()

    # predictions -----------------------------------------------------------------------------------------------------

    def add_prediction(self, prediction: Prediction) -> Added:
        """Records an answer; the first one by a model with a template stays, since answers are greedy."""
        known = self._prediction(prediction.transcript, prediction.model, prediction.template)
        if known is not None:
            return Added(known.seq, new=False)
        chapters = [chapter.as_json() for chapter in prediction.chapters]
        row = PredictionRow(
            seq=self._next("prediction"),
            hash=content_hash([prediction.transcript, prediction.model, prediction.template, chapters]),
            transcript=prediction.transcript,
            model=prediction.model,
            template=prediction.template,
            chapters=chapters,
            problems=list(prediction.problems),
            foreign=prediction.foreign,
        )
        self._session.add(row)
        self._session.flush()
        return Added(row.seq, new=True)

    def _prediction(self, transcript: int, model: str, template: str) -> PredictionRow | None:
        return self._session.scalar(
            sa.select(PredictionRow).where(
                PredictionRow.transcript == transcript,
                PredictionRow.model == model,
                PredictionRow.template == template,
            )
        )

    def prediction(self, transcript: int, model: str, template: str) -> Prediction | None:
        row = self._prediction(transcript, model, template)
        return None if row is None else _as_prediction(row)

    def prediction_by_seq(self, seq: int) -> Prediction:
        return _as_prediction(self._session.get_one(PredictionRow, seq))

    def latest_prediction(self, transcript: int) -> tuple[int, Prediction] | None:
        """The newest answer of a model of ours: what a reviewer without a draft of their own has seen."""
        row = self._session.scalar(
            sa.select(PredictionRow)
            .where(PredictionRow.transcript == transcript, PredictionRow.foreign.is_(False))
            .order_by(PredictionRow.seq.desc())
            .limit(1)
        )
        return None if row is None else (row.seq, _as_prediction(row))

    # corrections -----------------------------------------------------------------------------------------------------

    def knows_correction(self, identity: str) -> bool:
        return self._session.scalar(sa.select(CorrectionRow.seq).where(CorrectionRow.hash == identity)) is not None

    def add_correction(self, correction: Correction) -> Added:
        """Records an event; it supersedes the same reviewer's newest one on the transcript."""
        known = self._session.scalar(sa.select(CorrectionRow.seq).where(CorrectionRow.hash == correction.identity))
        if known is not None:
            return Added(known, new=False)
        earlier = (
            sa.select(CorrectionRow.seq)
            .where(CorrectionRow.transcript == correction.transcript, CorrectionRow.reviewer == correction.reviewer)
            .order_by(CorrectionRow.seq.desc())
            .limit(1)
        )
        row = CorrectionRow(
            supersedes=self._session.scalar(earlier),
            seq=self._next("correction"),
            hash=correction.identity,
            transcript=correction.transcript,
            kind=correction.kind,
            chapters=[chapter.as_json() for chapter in correction.chapters],
            reviewer=correction.reviewer,
            origin=correction.origin,
            reviewed_on=correction.reviewed_on,
            prediction=correction.prediction,
        )
        self._session.add(row)
        self._session.flush()
        return Added(row.seq, new=True)

    def labels(self, after: int, upto: int) -> list[Label]:
        """The labels of transcripts that got a correction with `after` < seq <= `upto`, as of `upto`, in their order.

        A transcript on which reviewers disagree, or that was rejected or taken back, has none.
        """
        corrected = sa.select(CorrectionRow.transcript).where(CorrectionRow.seq > after, CorrectionRow.seq <= upto)
        return [found for _, found in self._labels(corrected, after, upto) if isinstance(found, Label)]

    def changes(self, after: int, upto: int) -> list[tuple[int, Label | Unlabelled]]:
        """Transcripts, by `seq`, whose label may have changed in that span, and what it is as of `upto`.

        A correction changes one; so does a twin that arrives, since it can make a whole leak group held out.
        """
        arrived = self._session.scalars(
            sa.select(LinkRow.newer).where(LinkRow.newer > after, LinkRow.newer <= upto).distinct()
        )
        joined = {member for newer in arrived for member in self._members(newer, upto)}
        changed = sa.select(CorrectionRow.transcript).where(
            sa.or_(
                sa.and_(CorrectionRow.seq > after, CorrectionRow.seq <= upto),
                sa.and_(CorrectionRow.transcript.in_(joined), CorrectionRow.seq <= upto),
            )
        )
        return list(self._labels(changed, after, upto))

    def conflicts(self, upto: int) -> list[int]:
        """Transcripts whose reviewers disagree as of `upto`."""
        histories = self._histories(sa.select(CorrectionRow.transcript), upto)
        return [transcript.seq for transcript, history in histories if _disputed(_live(history))]

    def corrected(self, after: int, upto: int) -> int:
        """How many transcripts got a correction with `after` < seq <= `upto`."""
        found = sa.select(sa.func.count(CorrectionRow.transcript.distinct())).where(
            CorrectionRow.seq > after, CorrectionRow.seq <= upto
        )
        return self._session.scalar(found) or 0

    def _labels(
        self, transcripts_asked: sa.Select[int], after: int, upto: int
    ) -> Iterable[tuple[int, Label | Unlabelled]]:
        for transcript, history in self._histories(transcripts_asked, upto):
            live = _live(history)
            if _disputed(live):
                yield transcript.seq, "conflict"
            elif live:
                first = not any(row.seq <= after and row.kind != "reference" for row in history)
                yield transcript.seq, self._label(transcript, live[-1], upto, first)
            else:
                yield transcript.seq, "withdrawn"

    def _histories(
        self, transcripts_asked: sa.Select[int], upto: int
    ) -> Iterable[tuple[TranscriptRow, list[CorrectionRow]]]:
        """Each transcript with its events up to `upto`, in the order of their newest ones."""
        rows = self._session.execute(
            sa.select(CorrectionRow, TranscriptRow)
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.transcript.in_(transcripts_asked), CorrectionRow.seq <= upto)
            .order_by(CorrectionRow.seq)
        )
        events: dict[int, list[CorrectionRow]] = defaultdict(list)
        transcripts: dict[int, TranscriptRow] = {}
        for correction, transcript in rows:
            events[transcript.seq].append(correction)
            transcripts[transcript.seq] = transcript
        newest = sorted(events.items(), key=lambda item: item[1][-1].seq)
        return [(transcripts[seq], history) for seq, history in newest]

    def _label(self, transcript: TranscriptRow, row: CorrectionRow, upto: int, first: bool) -> Label:
        group = self.group(transcript.seq, upto)
        return Label(
            transcript=transcript.seq,
            transcript_hash=transcript.hash,
            external_id=transcript.external_id,
            channel=transcript.channel,
            correction=row.seq,
            kind=cast(Kind, row.kind),
            chapters=_as_chapters(row.chapters),
            reviewer=row.reviewer,
            prediction=row.prediction,
            role=group.role,
            group=group.name,
            group_hashes=group.hashes,
            first=first,
        )

    def group(self, seq: int, upto: int) -> Group:
        """The leak group of a transcript as of `upto`, whatever order its members came in."""
        members = self._members(seq, upto)
        rows = self._session.execute(
            sa.select(TranscriptRow.hash, TranscriptRow.role).where(TranscriptRow.seq.in_(members))
        ).all()
        return Group(min(members), tuple(sorted(row.hash for row in rows)), strictest(row.role for row in rows))

    def _members(self, seq: int, upto: int) -> set[int]:
        members, frontier = {seq}, {seq}
        while frontier:
            linked = self._session.execute(
                sa.select(LinkRow.older, LinkRow.newer).where(
                    LinkRow.newer <= upto, sa.or_(LinkRow.newer.in_(frontier), LinkRow.older.in_(frontier))
                )
            )
            frontier = {end for link in linked for end in link} - members
            members |= frontier
        return members

    # the record as a whole -------------------------------------------------------------------------------------------

    def watermark(self) -> int:
        """The highest `seq`; with one writer at a time, no lower one is still in flight."""
        return self._session.scalar(sa.select(sa.func.max(EventRow.seq))) or 0

    def newest_correction(self) -> int:
        return self._session.scalar(sa.select(sa.func.max(CorrectionRow.seq))) or 0

    def counts(self) -> dict[str, int]:
        tables: dict[str, Any] = {
            "transcripts": TranscriptRow,
            "predictions": PredictionRow,
            "corrections": CorrectionRow,
            "leak_links": LinkRow,
        }
        return {
            name: self._session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in tables.items()
        }

    def roles(self) -> dict[str, int]:
        found = self._session.execute(sa.select(TranscriptRow.role, sa.func.count()).group_by(TranscriptRow.role))
        counted = {row[0]: row[1] for row in found}
        return {role: counted.get(role, 0) for role in ROLES}

    def _next(self, kind: str) -> int:
        event = EventRow(kind=kind)
        self._session.add(event)
        self._session.flush()
        return event.seq


def _live(history: Sequence[CorrectionRow]) -> list[CorrectionRow]:
    """Events that still say what the chapters are: not superseded, not taken back; a person outranks a reference."""
    superseded = {row.supersedes for row in history}
    live = [row for row in history if row.seq not in superseded and row.kind not in ("reject", "retract")]
    people = [row for row in live if row.kind != "reference"]
    return people or live[-1:]


def _disputed(live: Sequence[CorrectionRow]) -> bool:
    return len({content_hash(row.chapters) for row in live}) > 1


def _as_chapters(rows: list[dict[str, Any]]) -> Chapters:
    return tuple(Chapter(float(row["start"]), str(row["title"])) for row in rows)


def _as_prediction(row: PredictionRow) -> Prediction:
    return Prediction(
        transcript=row.transcript,
        model=row.model,
        template=row.template,
        chapters=_as_chapters(row.chapters),
        problems=tuple(row.problems),
        foreign=row.foreign,
    )
