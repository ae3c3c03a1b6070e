"""What follows from reviewers' events: labels, conflicts, preferences and judgements.

Nothing of it is stored. Each question is answered from the events up to a watermark, so that what comes later, a
retraction too, never changes an earlier answer. Transcripts that were forgotten have none of these any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal, cast

import sqlalchemy as sa

from errata.database.corrections import Corrections
from errata.database.disputes import AT_ONCE, as_chapters, said_by
from errata.database.standing import live, rejects, seconded
from errata.database.tables import CorrectionRow, DisputeRow, LinkRow, TranscriptRow
from errata.domain.correction import Conflict, Judgement, Kind, Label, Preference, Side, preference, said
from errata.domain.prediction import Prediction

Unlabelled = Literal["conflict", "withdrawn"]
"""Why a corrected transcript has no label: its reviewers disagree, or what they said was rejected or taken back."""

History = list[CorrectionRow]


class Labels(Corrections):
    def labels(self, after: int, upto: int) -> list[Label]:
        """The labels of transcripts that got a correction with `after` < seq <= `upto`, as of `upto`, in their order.

        A transcript on which reviewers disagree, or that was rejected or taken back, has none.
        """
        corrected = sa.select(CorrectionRow.transcript).where(CorrectionRow.seq > after, CorrectionRow.seq <= upto)
        return [found for _, found in self._labels(corrected, after, upto) if isinstance(found, Label)]

    def label(self, transcript: int, upto: int) -> Label | Unlabelled | None:
        """One transcript's label as of `upto`; None where nothing had been said of it."""
        asked = sa.select(TranscriptRow.seq).where(TranscriptRow.seq == transcript)
        return next((found for _, found in self._labels(asked, 0, upto)), None)

    def behind(self, transcript: int, upto: int) -> frozenset[int]:
        """Every correction whose words the label as of `upto` is, by `seq`; none where there is no label."""
        asked = sa.select(TranscriptRow.seq).where(TranscriptRow.seq == transcript)
        found = [row for _, history, differ in self._judged(asked, upto) if not differ for row in live(history)]
        chosen = {row.supersedes for row in found if row.kind == "adjudicate" and row.supersedes is not None}
        return frozenset({row.seq for row in found} | chosen)

    def changes(self, after: int, upto: int) -> list[tuple[int, Label | Unlabelled]]:
        """Transcripts, by `seq`, whose label may have changed in that span, and what it is as of `upto`.

        A correction changes one; so does a twin that is found, since it can make a whole leak group held out.
        """
        found = self._session.scalars(
            sa.select(LinkRow.newer).where(LinkRow.since > after, LinkRow.since <= upto).distinct()
        )
        joined = {member for newer in found for member in self.members(newer, upto)}
        corrected = sa.select(CorrectionRow.transcript).where(CorrectionRow.seq > after, CorrectionRow.seq <= upto)
        return list(self._labels(sorted(joined.union(self._session.scalars(corrected))), after, upto))

    def preferences(self, after: int, upto: int) -> list[Preference]:
        """What reviewers left over what was predicted, one pair a label that changed its prediction."""
        found = self.labels(after, upto)
        answers = self._answers(label.prediction for label in found)
        pairs = [preference(label, answers[label.prediction]) for label in found if label.prediction is not None]
        return [pair for pair in pairs if pair is not None]

    def judgements(self, after: int, upto: int) -> list[Judgement]:
        """Whether people found each answer right, by those standing events of the span that say so.

        An accept finds it right, an edit that changed it and a reject find it wrong. Disputed transcripts have none.
        """
        corrected = sa.select(CorrectionRow.transcript).where(CorrectionRow.seq > after, CorrectionRow.seq <= upto)
        undisputed = [history for _, history, differ in self._judged(corrected, upto) if not differ]
        rows = [row for history in undisputed for row in (*live(history), *rejects(history)) if row.seq > after]
        answers = self._answers(row.prediction for row in rows)
        told = sorted((row for row in rows if row.prediction is not None), key=lambda row: row.seq)
        return [_judgement(row, row.prediction, answers[row.prediction]) for row in told if row.prediction is not None]

    def conflicts(self, upto: int | None = None) -> list[int]:
        """Transcripts whose reviewers disagree as of `upto`, or now: then they alone are read."""
        return [transcript.seq for transcript, _ in self._disputed(upto)]

    def disputes(self, upto: int | None = None) -> list[Conflict]:
        """The conflicts as of `upto`, or now, with what each side stands by, in the order of their newest events."""
        return [_conflict(transcript, history) for transcript, history in self._disputed(upto)]

    def _disputed(self, upto: int | None) -> list[tuple[TranscriptRow, History]]:
        if upto is not None:
            judged = list(self._judged(sa.select(CorrectionRow.transcript), upto))
        else:
            judged = list(self._judged(self._session.scalars(sa.select(DisputeRow.transcript)).all(), self.watermark()))
        found = [(transcript, history) for transcript, history, differ in judged if differ]
        return sorted(found, key=lambda one: one[1][-1].seq)

    def corrected(self, after: int, upto: int) -> int:
        """How many transcripts got a correction with `after` < seq <= `upto`."""
        found = (
            sa.select(sa.func.count(CorrectionRow.transcript.distinct()))
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.seq > after, CorrectionRow.seq <= upto, TranscriptRow.forgotten.is_(None))
        )
        return self._session.scalar(found) or 0

    def _labels(
        self, transcripts_asked: sa.Select[int] | Sequence[int], after: int, upto: int
    ) -> Iterator[tuple[int, Label | Unlabelled]]:
        probation = self.reviewers.on_probation(upto)
        for transcript, history, differ in self._judged(transcripts_asked, upto):
            standing = live(history)
            if differ:
                yield transcript.seq, "conflict"
            elif standing:
                before = [row for row in history if row.seq <= after]
                decided = any(row.kind != "reference" for row in before) and not self._differ(before)
                yield (
                    transcript.seq,
                    self._label(transcript, standing[-1], upto, not decided, seconded(history, probation)),
                )
            else:
                yield transcript.seq, "withdrawn"

    def _judged(
        self, transcripts_asked: sa.Select[int] | Sequence[int], upto: int
    ) -> Iterator[tuple[TranscriptRow, History, bool]]:
        """Each transcript with its events up to `upto` and whether people differ, in the order of their newest ones."""
        said_upto = (
            sa.select(CorrectionRow, TranscriptRow)
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.seq <= upto, TranscriptRow.forgotten.is_(None))
            .order_by(CorrectionRow.seq)
        )
        events: dict[int, History] = defaultdict(list)
        transcripts: dict[int, TranscriptRow] = {}
        for part in _parts(transcripts_asked):
            for correction, transcript in self._session.execute(said_upto.where(CorrectionRow.transcript.in_(part))):
                events[transcript.seq].append(correction)
                transcripts[transcript.seq] = transcript
        for seq, history in sorted(events.items(), key=lambda item: item[1][-1].seq):
            yield transcripts[seq], history, self._differ(history)

    def _label(self, transcript: TranscriptRow, row: CorrectionRow, upto: int, first: bool, seconded: bool) -> Label:
        group = self.group(transcript.seq, upto)
        return Label(
            transcript=transcript.seq,
            transcript_hash=transcript.hash,
            external_id=transcript.external_id,
            channel=transcript.channel,
            correction=row.seq,
            kind=cast(Kind, row.kind),
            chapters=as_chapters(row.chapters),
            reviewer=row.reviewer,
            prediction=row.prediction,
            role=group.role,
            group=group.name,
            group_hashes=group.hashes,
            first=first,
            seconded=seconded,
        )


def _parts(asked: sa.Select[int] | Sequence[int]) -> Iterator[sa.Select[int] | Sequence[int]]:
    """What each IN may hold."""
    if isinstance(asked, sa.Select):
        yield asked
        return
    for begin in range(0, len(asked), AT_ONCE):
        yield asked[begin : begin + AT_ONCE]


def _judgement(row: CorrectionRow, seq: int, answer: Prediction) -> Judgement:
    right = row.kind != "reject" and said(row.chapters) == said_by(answer)
    return Judgement(row.transcript, row.seq, seq, right, row.reviewer)


def _conflict(transcript: TranscriptRow, history: History) -> Conflict:
    rows = sorted((*live(history), *rejects(history)), key=lambda row: row.seq)
    sides = (
        Side(row.seq, row.reviewer, cast(Kind, row.kind), as_chapters(row.chapters), row.reviewed_on) for row in rows
    )
    return Conflict(transcript.seq, transcript.external_id, transcript.title, tuple(sides))
