"""The only code that reads and writes the record. It never commits: the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database import leak_guard
from errata.database.blobs import Blobs
from errata.database.disputes import AT_ONCE, as_prediction
from errata.database.groups import Added, next_seq
from errata.database.holdout import Holdout
from errata.database.labels import Labels
from errata.database.loop import Loop
from errata.database.repairs import Repairs
from errata.database.tables import CorrectionRow, LinkRow, MoveRow, PredictionRow, TranscriptRow
from errata.database.tombstones import Tombstones
from errata.domain import twins
from errata.domain.hashing import content_hash
from errata.domain.prediction import Prediction
from errata.domain.roles import DEFAULT_SHARES, ROLES, Role, own_role
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Forgotten, NotFound


class Store(Labels):
    def __init__(self, session: Session, blobs: Blobs) -> None:
        super().__init__(session, blobs)
        self.loop = Loop(session)
        self.tombstones = Tombstones(session, blobs)
        self.holdout = Holdout(session)
        self.repairs = Repairs(session, blobs)

    # transcripts -----------------------------------------------------------------------------------------------------

    def add_transcript(self, transcript: Transcript, role: Role | None = None) -> Added:
        """Records a transcript, finds its twins and gives it its role for ever.

        `role` declares it held out from the start; without it the transcript's own hash draws one. Raises BadInput for
        one that was forgotten on request, and where `role` is stricter than what the transcript has had since it came.
        """
        self.tombstones.refuse(transcript)
        known = self._session.scalar(sa.select(TranscriptRow).where(TranscriptRow.hash == transcript.hash))
        if known is not None:
            if role is not None and ROLES.index(role) > ROLES.index(cast(Role, known.role)):
                raise BadInput(
                    f"the transcript {transcript.external_id!r} came as {known.role!r}, and a role is for ever: it "
                    f"can't become {role!r}; import it without --role"
                )
            return Added(known.seq, new=False)
        row = TranscriptRow(
            seq=next_seq(self._session, "transcript"),
            hash=self._blobs.put(transcript.canonical),
            external_id=transcript.external_id,
            title=transcript.title,
            channel=transcript.channel,
            unit=transcript.unit,
            duration=transcript.duration,
            role=role or own_role(transcript.hash, DEFAULT_SHARES),
            text_hash=twins.text_hash(transcript.text),
            signature=twins.signature(transcript.text),
        )
        self._session.add(row)
        self._session.flush()
        leak_guard.enter(self._session, row)
        return Added(row.seq, new=True)

    def find_transcript(self, external_id: str) -> int:
        """`seq` of the newest transcript under an outside id. Raises NotFound, and Forgotten for one that was."""
        newest = (
            sa.select(TranscriptRow.seq)
            .where(TranscriptRow.external_id == external_id, TranscriptRow.forgotten.is_(None))
            .order_by(TranscriptRow.seq.desc())
            .limit(1)
        )
        seq = self._session.scalar(newest)
        if seq is None and self.tombstones.of(external_id) is not None:
            raise Forgotten(f"the transcript {external_id!r} was forgotten on request; leave out what belongs to it")
        if seq is None:
            raise NotFound(f"there is no transcript {external_id!r} in the record; import it first")
        return seq

    def transcript(self, seq: int) -> Transcript:
        """Raises NotFound for one that was forgotten on request."""
        row = self._session.get_one(TranscriptRow, seq)
        if row.forgotten is not None:
            raise NotFound(f"the transcript {seq} was forgotten on request")
        return Transcript.from_json(self._blobs.get(row.hash))

    def transcript_hash(self, seq: int) -> str:
        return self._session.get_one(TranscriptRow, seq).hash

    def duration(self, seq: int) -> float:
        """In the transcript's unit."""
        return self._session.get_one(TranscriptRow, seq).duration

    def external_id(self, seq: int) -> str:
        return self._session.get_one(TranscriptRow, seq).external_id

    def version_in_question(self, external_id: str) -> int:
        """`seq` of the version under an outside id that is in conflict, or else of the newest. Raises NotFound."""
        newest = self.find_transcript(external_id)
        versions = sa.select(TranscriptRow.seq).where(TranscriptRow.external_id == external_id)
        disputed = [seq for seq in self._session.scalars(versions) if self.label(seq, self.watermark()) == "conflict"]
        return max(disputed, default=newest)

    def undrafted(self, model: str, template: str) -> Sequence[int]:
        """Transcripts, in their order, that wait for a reviewer and that `model` has not answered with `template`."""
        asked = sa.select(PredictionRow.transcript).where(
            PredictionRow.model == model, PredictionRow.template == template
        )
        return self._session.scalars(_waiting().where(TranscriptRow.seq.not_in(asked))).all()

    def waiting(self, upto: int) -> Sequence[int]:
        """Transcripts, in their order, that waited for a reviewer as of `upto`."""
        return self._session.scalars(_waiting(upto).where(TranscriptRow.seq <= upto)).all()

    # predictions -----------------------------------------------------------------------------------------------------

    def add_prediction(self, prediction: Prediction) -> Added:
        """Records an answer; the first one by a model with a template stays, since answers are greedy.

        Raises Forgotten where the transcript was, perhaps while the model still read it.
        """
        if self._session.get_one(TranscriptRow, prediction.transcript).forgotten is not None:
            raise Forgotten(f"the transcript {prediction.transcript} was forgotten on request; run the command again")
        known = self._prediction(prediction.transcript, prediction.model, prediction.template)
        if known is not None:
            return Added(known.seq, new=False)
        chapters = [chapter.as_json() for chapter in prediction.chapters]
        row = PredictionRow(
            seq=next_seq(self._session, "prediction"),
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
        return None if row is None else as_prediction(row)

    def answers_of(
        self, model: str, template: str, transcripts: Sequence[int], upto: int | None = None
    ) -> dict[int, Prediction]:
        """What `model` answered with `template`, by transcript; as of `upto`, if it is given."""
        found: dict[int, Prediction] = {}
        for begin in range(0, len(transcripts), AT_ONCE):
            query = sa.select(PredictionRow).where(
                PredictionRow.transcript.in_(transcripts[begin : begin + AT_ONCE]),
                PredictionRow.model == model,
                PredictionRow.template == template,
            )
            known = self._session.scalars(query if upto is None else query.where(PredictionRow.seq <= upto))
            found |= {row.transcript: as_prediction(row) for row in known}
        return found

    def prediction_by_seq(self, seq: int) -> Prediction:
        return as_prediction(self._session.get_one(PredictionRow, seq))

    def prediction_by_hash(self, name: str) -> tuple[int, Prediction] | None:
        """The prediction of that content hash: the key that travels with a task to a reviewer's tool."""
        row = self._session.scalar(sa.select(PredictionRow).where(PredictionRow.hash == name))
        return None if row is None else (row.seq, as_prediction(row))

    def unreviewed(self, model: str) -> list[tuple[str, Prediction]]:
        """What `model` answered on transcripts of which no person has said anything, each with its key."""
        rows = self._session.scalars(
            sa.select(PredictionRow)
            .join(TranscriptRow, TranscriptRow.seq == PredictionRow.transcript)
            .where(PredictionRow.model == model, TranscriptRow.forgotten.is_(None))
            .where(PredictionRow.transcript.not_in(_reviewed()))
            .order_by(PredictionRow.seq)
        )
        return [(row.hash, as_prediction(row)) for row in rows]

    def latest_prediction(self, transcript: int) -> tuple[int, Prediction] | None:
        """What a reviewer without a draft of their own has seen: the newest answer of a model that serves or has
        served, or else of any of ours. A night's candidates answer too, and nobody is shown that."""
        served = sa.select(MoveRow.model).where(MoveRow.alias.in_(("day0", "champion")))
        row = self._session.scalar(
            sa.select(PredictionRow)
            .where(PredictionRow.transcript == transcript, PredictionRow.foreign.is_(False))
            .order_by(PredictionRow.model.in_(served).desc(), PredictionRow.seq.desc())
            .limit(1)
        )
        return None if row is None else (row.seq, as_prediction(row))

    # the record as a whole -------------------------------------------------------------------------------------------

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


def _reviewed(upto: int | None = None) -> sa.Select[int]:
    """Transcripts of which a person has said something; as of `upto`, if it is given."""
    said = sa.select(CorrectionRow.transcript).where(CorrectionRow.kind != "reference")
    return said if upto is None else said.where(CorrectionRow.seq <= upto)


def _waiting(upto: int | None = None) -> sa.Select[int]:
    query = sa.select(TranscriptRow.seq).where(TranscriptRow.forgotten.is_(None))
    return query.where(TranscriptRow.seq.not_in(_reviewed(upto))).order_by(TranscriptRow.seq)
