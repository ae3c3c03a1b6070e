"""What models answered. Rows are added, none is ever changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.repeated_statement import RepeatedStatement
from errata.database.sequence import Added, batches, next_seq
from errata.database.tables import CorrectionRow, MoveRow, PredictionRow, TranscriptRow, core
from errata.database.videos import vectors_digest
from errata.domain.chapter import Chapters, chapters_from_json, chapters_to_json
from errata.domain.prediction import LINES, SENSES, Prediction, with_lines
from errata.domain.transcript import Unit
from errata.errors import Forgotten

_predictions, _transcripts = core(PredictionRow), core(TranscriptRow)
_ADD = RepeatedStatement(sa.insert(_predictions))
_HASH = RepeatedStatement(sa.select(_predictions.c.hash).where(_predictions.c.seq == sa.bindparam("seq")))
_OF_MODEL = sa.select(_predictions.c.seq).where(
    _predictions.c.transcript == sa.bindparam("transcript"),
    _predictions.c.model == sa.bindparam("model"),
    _predictions.c.template == sa.bindparam("template"),
)
_ASKED = RepeatedStatement(_OF_MODEL)
_KNOWN = RepeatedStatement(
    sa.select(_transcripts.c.forgotten, _OF_MODEL.scalar_subquery()).where(
        _transcripts.c.seq == sa.bindparam("transcript")
    )
)


class WaitingDraft(NamedTuple):
    """An answer that waits for a reviewer, without what it says."""

    seq: int
    model: str
    transcript: int
    transcript_hash: str
    unit: Unit
    confidences: tuple[float | None, ...]
    """As a `Prediction` has them."""


class Predictions:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, prediction: Prediction) -> Added:
        """Records an answer; the first one by a model with a template stays, since answers are greedy.

        Raises Forgotten where the transcript was, perhaps while the model still read it.
        """
        asked = {
            "transcript": prediction.transcript,
            "model": prediction.model,
            "template": prediction.template,
        }
        ((forgotten, known),) = _KNOWN.rows(self._session, asked)
        if forgotten is not None:
            raise Forgotten(f"the transcript {prediction.transcript} was forgotten on request; run the command again")
        if known is not None:
            return Added(known, new=False)
        seq = next_seq(self._session, "prediction")
        row = {
            **asked,
            "seq": seq,
            "hash": prediction.hash,
            "chapters": chapters_to_json(prediction.chapters),
            "problems": list(prediction.problems),
            "foreign": prediction.foreign,
            "confidences": list(prediction.confidences) or None,
        }
        _ADD.rows(self._session, row)
        return Added(seq, new=True)

    def find(self, transcript: int, model: str, template: str) -> Prediction | None:
        """What `model` answered with `template` to the transcript's lines as they are now."""
        return self.of_model(model, template, [transcript]).get(transcript)

    def find_by_hash(self, name: str) -> tuple[int, Prediction] | None:
        """The prediction of that content hash: the key that travels with a task to a reviewer's tool."""
        row = self._session.scalar(sa.select(PredictionRow).where(PredictionRow.hash == name))
        return None if row is None else (row.seq, as_prediction(row))

    def read(self, seq: int) -> Prediction:
        return as_prediction(self._session.get_one(PredictionRow, seq))

    def hash_of(self, seq: int) -> str:
        """The key that travels with it."""
        ((name,),) = _HASH.rows(self._session, {"seq": seq})
        return str(name)

    def seq_of(self, transcript: int, model: str, template: str) -> int | None:
        """Of what `model` answered with `template`, the lines' form in it (`template_for`); None where it didn't."""
        asked = {"transcript": transcript, "model": model, "template": template}
        found = _ASKED.row(self._session, asked)
        return None if found is None else int(found[0])

    def read_all(self, seqs: Iterable[int | None]) -> dict[int, Prediction]:
        """Predictions by their `seq`; None, for what had none, is passed over."""
        wanted = sorted({seq for seq in seqs if seq is not None})
        predictions: dict[int, Prediction] = {}
        for batch in batches(wanted):
            rows = self._session.scalars(sa.select(PredictionRow).where(PredictionRow.seq.in_(batch)))
            predictions |= {row.seq: as_prediction(row) for row in rows}
        return predictions

    def of_transcript(self, transcript: int) -> list[tuple[int, Prediction]]:
        """All answers to a transcript, by `seq`, the oldest first."""
        query = sa.select(PredictionRow).where(PredictionRow.transcript == transcript).order_by(PredictionRow.seq)
        return [(row.seq, as_prediction(row)) for row in self._session.scalars(query)]

    def of_model(
        self, model: str, template: str, transcripts: Sequence[int], upto: int | None = None
    ) -> dict[int, Prediction]:
        """What `model` answered with `template` to lines as they are now, by transcript; as of `upto`, if given."""
        predictions: dict[int, Prediction] = {}
        for batch in batches(transcripts):
            query = (
                sa.select(PredictionRow)
                .join(TranscriptRow, TranscriptRow.seq == PredictionRow.transcript)
                .where(PredictionRow.transcript.in_(batch), PredictionRow.model == model, is_of_template(template))
            )
            rows = self._session.scalars(query if upto is None else query.where(PredictionRow.seq <= upto))
            predictions |= {row.transcript: as_prediction(row) for row in rows}
        return predictions

    def awaiting_review(self, model: str) -> list[tuple[str, Prediction]]:
        """What `model` answered on transcripts of which no person has said anything, each with its key: its newest
        answer, as it may have been asked again about other lines."""
        rows = self._session.scalars(
            sa.select(PredictionRow)
            .join(TranscriptRow, TranscriptRow.seq == PredictionRow.transcript)
            .where(PredictionRow.model == model, TranscriptRow.forgotten.is_(None))
            .where(PredictionRow.transcript.not_in(reviewed_transcripts()))
            .order_by(PredictionRow.seq)
        )
        newest = {row.transcript: row for row in rows}
        return [(row.hash, as_prediction(row)) for row in sorted(newest.values(), key=lambda row: row.seq)]

    def waiting_drafts(self, model: str) -> dict[int, WaitingDraft]:
        """What `awaiting_review` has, by transcript, for whoever only puts it in order."""
        columns = (_transcripts.c.seq, _transcripts.c.hash, _transcripts.c.unit, _predictions.c.confidences)
        query = (
            sa.select(_predictions.c.seq, *columns)
            .join_from(_predictions, _transcripts, _transcripts.c.seq == _predictions.c.transcript)
            .where(_predictions.c.model == model, _transcripts.c.forgotten.is_(None))
            .where(_predictions.c.transcript.not_in(reviewed_transcripts()))
            .order_by(_predictions.c.seq)
        )
        rows = self._session.connection().execute(query)
        return {
            transcript: WaitingDraft(seq, model, transcript, name, cast(Unit, unit), tuple(confidences or ()))
            for seq, transcript, name, unit, confidences in rows
        }

    def chapters_of(self, seqs: Sequence[int]) -> dict[int, Chapters]:
        """What each prediction says, by its `seq`."""
        found: dict[int, Chapters] = {}
        for batch in batches(seqs):
            query = sa.select(_predictions.c.seq, _predictions.c.chapters).where(_predictions.c.seq.in_(batch))
            rows = self._session.connection().execute(query)
            found |= {seq: chapters_from_json(chapters) for seq, chapters in rows}
        return found

    def newest_of(self, model: str) -> list[int]:
        """The newest answer of `model` to each transcript, by `seq`, in their order."""
        newest = sa.select(sa.func.max(PredictionRow.seq)).where(PredictionRow.model == model)
        return sorted(self._session.scalars(newest.group_by(PredictionRow.transcript)))

    def drafts(self, model: str) -> int:
        """Of how many transcripts it is that `awaiting_review` has answers."""
        query = (
            sa.select(sa.func.count(PredictionRow.transcript.distinct()))
            .join(TranscriptRow, TranscriptRow.seq == PredictionRow.transcript)
            .where(PredictionRow.model == model, TranscriptRow.forgotten.is_(None))
            .where(PredictionRow.transcript.not_in(reviewed_transcripts()))
        )
        return self._session.scalar(query) or 0

    def last_shown(self, transcript: int) -> tuple[int, Prediction] | None:
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


def is_of_template(template: str) -> sa.ColumnElement[bool]:
    """Of a prediction joined with its transcript: whether it answers by `template` to the lines that the transcript has
    now, and of a model that sees to the vectors that there are, see `template_for`."""
    if template.endswith(SENSES):
        seen = sa.func.coalesce(sa.literal("@") + vectors_digest(), "")
        lines = sa.case((TranscriptRow.line_form > 0, LINES), else_="")
        return PredictionRow.template == sa.literal(template) + seen + lines
    derived = with_lines(template)
    now = sa.case((TranscriptRow.line_form > 0, derived), else_=template)
    return sa.and_(PredictionRow.template.in_((template, derived)), PredictionRow.template == now)


def reviewed_transcripts(upto: int | None = None) -> sa.Select[int]:
    """Transcripts of which a person has said something; as of `upto`, if it is given."""
    query = sa.select(CorrectionRow.transcript).where(CorrectionRow.kind != "reference")
    return query if upto is None else query.where(CorrectionRow.seq <= upto)


def as_prediction(row: PredictionRow) -> Prediction:
    return Prediction(
        transcript=row.transcript,
        model=row.model,
        template=row.template,
        chapters=chapters_from_json(row.chapters),
        problems=tuple(row.problems),
        foreign=row.foreign,
        confidences=tuple(row.confidences or ()),
    )
