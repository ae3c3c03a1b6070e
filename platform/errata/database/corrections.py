"""Reviewers' events as they come: corrections, retractions, adjudications. Rows are added, none is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.active_corrections import label_sources, rejections
from errata.database.conflicts import Conflicts
from errata.database.event_history import EventHistory
from errata.database.reviewers import Reviewers
from errata.database.sequence import Added, next_seq
from errata.database.tables import CorrectionRow, TranscriptRow
from errata.domain.chapter import Chapters, chapters_from_json, chapters_to_json
from errata.domain.correction import Correction, Kind
from errata.domain.hashing import content_hash
from errata.errors import BadInput, NotFound, Refused


@dataclass(frozen=True, slots=True)
class SourceCount:
    talks: int
    """That have a correction."""
    corrections: int


class Corrections:
    def __init__(
        self, session: Session, reviewers: Reviewers, conflicts: Conflicts, event_history: EventHistory
    ) -> None:
        self._session = session
        self._reviewers = reviewers
        self._conflicts = conflicts
        self._event_history = event_history

    def knows(self, identity: str) -> bool:
        return self._session.scalar(sa.select(CorrectionRow.seq).where(CorrectionRow.hash == identity)) is not None

    def add(self, correction: Correction) -> Added:
        """Records an event. Unless it names another, it supersedes the same reviewer's newest one on the transcript."""
        known = self._session.scalar(sa.select(CorrectionRow.seq).where(CorrectionRow.hash == correction.identity))
        if known is not None:
            return Added(known, new=False)
        supersedes = correction.supersedes
        if supersedes is None and correction.kind != "adjudicate":
            supersedes = self._newest_of(correction.transcript, correction.reviewer)
        row = CorrectionRow(
            supersedes=supersedes,
            seq=next_seq(self._session, "correction"),
            hash=correction.identity,
            transcript=correction.transcript,
            kind=correction.kind,
            chapters=chapters_to_json(correction.chapters),
            reviewer=correction.reviewer,
            origin=correction.origin,
            reviewed_on=correction.reviewed_on,
            prediction=correction.prediction,
            why=correction.why,
            draft_by=correction.draft_by,
        )
        self._session.add(row)
        self._session.flush()
        self._conflicts.update_index(correction.transcript)
        return Added(row.seq, new=True)

    def _newest_of(self, transcript: int, reviewer: str) -> int | None:
        """What a reviewer last said of a transcript; retracts and adjudications speak of others' corrections."""
        return self._session.scalar(
            sa.select(CorrectionRow.seq)
            .where(
                CorrectionRow.transcript == transcript,
                CorrectionRow.reviewer == reviewer,
                CorrectionRow.kind.not_in(("retract", "adjudicate")),
            )
            .order_by(CorrectionRow.seq.desc())
            .limit(1)
        )

    def find(self, name: str) -> int:
        """`seq` of a correction by its `seq` or the beginning of its identity. Raises NotFound."""
        # more digits than a database's number holds can only begin an identity
        is_number = name.isdecimal() and len(name) < 18
        named = CorrectionRow.seq == int(name) if is_number else CorrectionRow.hash.startswith(name, autoescape=True)
        seqs = self._session.scalars(sa.select(CorrectionRow.seq).where(named)).all()
        if len(seqs) != 1:
            raise NotFound(
                f"there is no correction {name!r} in the record, or more than one begins so; "
                "give its number, as `errata conflicts` shows it"
            )
        return seqs[0]

    def read(self, seq: int) -> Correction:
        """A recorded event. Raises NotFound."""
        row = self._session.get(CorrectionRow, seq)
        if row is None:
            raise NotFound(f"there is no correction {seq} in the record")
        return _as_correction(row)

    def of_transcript(self, transcript: int) -> list[tuple[int, Correction]]:
        """All that was said of a transcript, by `seq`, in order."""
        return [(row.seq, _as_correction(row)) for row in self._event_history.of(transcript)]

    def counts_by_source(self, upto: int) -> dict[str, SourceCount]:
        """What had been said up to a watermark, by the name of the transcripts' source, in the names' order; what was
        forgotten since is not counted."""
        talks, corrections = sa.func.count(CorrectionRow.transcript.distinct()), sa.func.count(CorrectionRow.seq)
        rows = self._session.execute(
            sa.select(TranscriptRow.source, talks, corrections)
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.seq <= upto, TranscriptRow.forgotten.is_(None))
            .group_by(TranscriptRow.source)
        )
        return {source: SourceCount(*counts) for source, *counts in sorted(rows)}

    def retract(self, seq: int, by: str, why: str) -> Added:
        """Takes a correction out of every label from here on; doing it again changes nothing.

        Raises Refused for a retraction, and for somebody else's correction where `by` may not.
        """
        retracted = self.read(seq)
        if retracted.kind == "retract":
            raise Refused(f"{seq} is a retraction, which can't be taken back; record a new correction instead")
        if by != retracted.reviewer:
            self._reviewers.check(by, "adjudicator", f"retract {retracted.reviewer or 'imported'}'s correction")
        return self.add(
            Correction(
                transcript=retracted.transcript,
                kind="retract",
                chapters=(),
                reviewer=by,
                origin="retract",
                identity=content_hash(["retract", retracted.identity]),
                supersedes=seq,
                why=why,
            )
        )

    def adjudicate(self, transcript: int, decision: int | Chapters, by: str, *, with_key: bool = False) -> Added:
        """Decides what a transcript's chapters are: those of the correction named, or chapters merged from several.

        `with_key`: by a key of the service they may; else it takes an appointment, once somebody was appointed.

        Raises Refused where `by` is a side or may not, NotFound where nobody corrected, BadInput for a correction that
        doesn't stand.
        """
        history = self._event_history.of(transcript)
        sides = _sides(history)
        if not sides:
            raise NotFound("nobody's correction of this transcript stands, so there is nothing to adjudicate")
        if not with_key:
            self._reviewers.check(by, "adjudicator", "adjudicate")
        if by in {row.reviewer for row in sides}:
            raise Refused(f"{by} is a side in this dispute; let somebody else decide, or retract {by}'s correction")
        if isinstance(decision, int):
            named = _choice(decision, [*sides, *label_sources(history)])
            choice, chapters = _original(named, history), chapters_from_json(named.chapters)
        else:
            choice, chapters = None, decision
        adjudication = ["adjudicate", by, choice and choice.seq, chapters_to_json(chapters)]
        for row in label_sources(history):
            if [row.kind, row.reviewer, row.supersedes, row.chapters] == adjudication:
                return Added(row.seq, new=False)
        # the answer that was corrected: the choice's own, or for a merge the one that a side saw last
        origins = [choice] if choice else sides
        predictions = [row.prediction for row in origins if row.prediction is not None]
        drafters = {row.draft_by for row in origins}
        return self.add(
            Correction(
                transcript=transcript,
                kind="adjudicate",
                chapters=chapters,
                reviewer=by,
                origin="adjudicate",
                # with the history in it, the same decision after new events is a new event
                identity=content_hash([*adjudication, [row.hash for row in history]]),
                prediction=predictions[-1] if predictions else None,
                supersedes=choice.seq if choice else None,
                draft_by=drafters.pop() if len(drafters) == 1 else None,
            )
        )


def _as_correction(row: CorrectionRow) -> Correction:
    return Correction(
        transcript=row.transcript,
        kind=cast(Kind, row.kind),
        chapters=chapters_from_json(row.chapters),
        reviewer=row.reviewer,
        origin=row.origin,
        identity=row.hash,
        reviewed_on=row.reviewed_on,
        prediction=row.prediction,
        supersedes=row.supersedes,
        why=row.why,
        draft_by=row.draft_by,
    )


def _sides(history: Sequence[CorrectionRow]) -> list[CorrectionRow]:
    """What reviewers stand by, and reject, whatever was decided since: an adjudication may be decided again."""
    given = [row for row in history if row.kind != "adjudicate"]
    return [row for row in (*label_sources(given), *rejections(given)) if row.kind != "reference"]


def _choice(seq: int, rows: Sequence[CorrectionRow]) -> CorrectionRow:
    """The correction that an adjudication chooses. Raises BadInput where it is none of `rows` with chapters."""
    choices = {row.seq: row for row in rows if row.kind != "reject"}
    if seq not in choices:
        known = ", ".join(map(str, choices)) or "none"
        raise BadInput(f"{seq} is no standing correction with chapters of this transcript; choose of: {known}")
    return choices[seq]


def _original(choice: CorrectionRow, history: Sequence[CorrectionRow]) -> CorrectionRow:
    """The correction that an adjudication chose, where `choice` is one, so that the new one falls with it too; else
    `choice` itself."""
    if choice.kind != "adjudicate":
        return choice
    return next((row for row in history if row.seq == choice.supersedes), choice)
