"""What follows from reviewers' events: labels and preferences.

Nothing of it is stored. Each question is answered from the events up to a watermark, so that what comes later, a
retraction too, never changes an earlier answer. Transcripts that were forgotten have none of these any more.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database.active_corrections import History, is_corroborated, label_sources
from errata.database.event_history import EventHistory, TranscriptEvents
from errata.database.label_source import LabelSource, Unlabelled
from errata.database.leak_groups import LeakGroups
from errata.database.predictions import Predictions
from errata.database.reviewers import Reviewers
from errata.database.tables import CorrectionRow, LinkRow, NightRow, TranscriptRow
from errata.domain.chapter import chapters_from_json
from errata.domain.correction import Kind, Label, Preference, preference
from errata.domain.roles import Role
from errata.domain.task_name import TaskName


class Labels(LabelSource):
    def __init__(
        self,
        session: Session,
        leak_groups: LeakGroups,
        reviewers: Reviewers,
        predictions: Predictions,
        event_history: EventHistory,
        task: TaskName = "chapters",
    ) -> None:
        """`task` is what its labels are said to be of: descriptions of chunks are kept as chapters are."""
        self._session = session
        self._leak_groups = leak_groups
        self._reviewers = reviewers
        self._predictions = predictions
        self._event_history = event_history
        self._task = task

    def between(self, after: int, upto: int) -> list[Label]:
        """The labels of transcripts that got a correction with `after` < seq <= `upto`, as of `upto`, in their order.

        A transcript on which reviewers disagree, or that was rejected or taken back, has none.
        """
        labels = self._labels(_corrected_transcripts(after, upto), after, upto)
        return [label for _, label in labels if isinstance(label, Label)]

    def of_role(self, role: Role, upto: int) -> list[Label]:
        """The labels of a role as of `upto`, in their order; only its leak groups' events are read."""
        drawn = self._session.scalars(sa.select(TranscriptRow.seq).where(TranscriptRow.role == role))
        members = {member for seq in drawn for member in self._leak_groups.members(seq, upto)}
        labels = (label for _, label in self._labels(sorted(members), 0, upto))
        return [label for label in labels if isinstance(label, Label) and label.role == role]

    def of(self, transcript: int, upto: int) -> Label | Unlabelled | None:
        """One transcript's label as of `upto`; None where nothing had been said of it."""
        return next((label for _, label in self._labels([transcript], 0, upto)), None)

    def changes(self, after: int, upto: int) -> list[tuple[int, Label | Unlabelled]]:
        """Transcripts, by `seq`, whose label may have changed in that span, and what it is as of `upto`.

        A correction changes one; so does a twin that is found, since it can make a whole leak group held out.
        """
        newcomers = self._session.scalars(
            sa.select(LinkRow.newer).where(LinkRow.since > after, LinkRow.since <= upto).distinct()
        )
        joined = {member for newer in newcomers for member in self._leak_groups.members(newer, upto)}
        corrected = self._session.scalars(_corrected_transcripts(after, upto))
        return list(self._labels(sorted(joined.union(corrected)), after, upto))

    def supporting_corrections(self, transcript: int, upto: int) -> frozenset[int]:
        """Every correction whose words the label as of `upto` is, by `seq`; none where there is no label."""
        history = next(self._event_history.upto([transcript], upto), None)
        if history is None or history.people_differ:
            return frozenset()
        supporting = label_sources(history.events)
        chosen = {row.supersedes for row in supporting if row.kind == "adjudicate" and row.supersedes is not None}
        return frozenset({row.seq for row in supporting} | chosen)

    def preferences(self, after: int, upto: int) -> list[Preference]:
        """What reviewers left over what was predicted, one pair a label that changed its prediction."""
        labels = self.between(after, upto)
        answers = self._predictions.read_all(label.prediction for label in labels)
        pairs = [preference(label, answers[label.prediction]) for label in labels if label.prediction is not None]
        return [pair for pair in pairs if pair is not None]

    def newest(self) -> int:
        return self._session.scalar(sa.select(sa.func.max(CorrectionRow.seq))) or 0

    def changed_transcripts(self, after: int, upto: int) -> int:
        query = (
            sa.select(sa.func.count(CorrectionRow.transcript.distinct()))
            .join(TranscriptRow, TranscriptRow.seq == CorrectionRow.transcript)
            .where(CorrectionRow.seq > after, CorrectionRow.seq <= upto, TranscriptRow.forgotten.is_(None))
        )
        return self._session.scalar(query) or 0

    def _labels(
        self, transcripts: sa.Select[int] | Sequence[int], after: int, upto: int
    ) -> Iterator[tuple[int, Label | Unlabelled]]:
        probation, looks = self._reviewers.on_probation(upto), self._looks(after)
        for history in self._event_history.upto(transcripts, upto):
            if history.people_differ:
                yield history.transcript.seq, "conflict"
            elif label_sources(history.events):
                yield history.transcript.seq, self._label(history, looks, upto, probation)
            else:
                yield history.transcript.seq, "withdrawn"

    def _looks(self, after: int) -> list[int]:
        """As of when it was asked before what the chapters are, in order: at each night's end, and `after`."""
        nights = sa.select(NightRow.gate_watermark).where(NightRow.finished, NightRow.gate_watermark < after)
        return [*self._session.scalars(nights.order_by(NightRow.gate_watermark)), after]

    def _label(self, history: TranscriptEvents, looks: Sequence[int], upto: int, probation: frozenset[str]) -> Label:
        transcript, newest = history.transcript, label_sources(history.events)[-1]
        group = self._leak_groups.of(transcript.seq, upto)
        return Label(
            transcript=transcript.seq,
            transcript_hash=transcript.hash,
            external_id=transcript.external_id,
            channel=transcript.channel,
            source=transcript.source or transcript.channel,
            correction=newest.seq,
            kind=cast(Kind, newest.kind),
            chapters=chapters_from_json(newest.chapters),
            reviewer=newest.reviewer,
            prediction=newest.prediction,
            role=group.role,
            group=group.name,
            group_hashes=group.hashes,
            first=not self._was_decided(history.events, looks),
            corroborated=is_corroborated(history.events, probation),
            draft_by=newest.draft_by,
            task=self._task,
        )

    def _was_decided(self, events: History, looks: Sequence[int]) -> bool:
        """Whether at one of the looks people had said what the chapters are, and agreed; a reject says only what they
        are not. What was said and taken back was said."""
        gave_chapters = False
        ends = [*(row.seq for row in events[1:]), math.inf]
        for length, (row, end) in enumerate(zip(events, ends, strict=True), start=1):
            gave_chapters |= row.kind in ("edit", "accept", "adjudicate")
            is_looked_at = bisect_left(looks, row.seq) < bisect_left(looks, end)
            if gave_chapters and is_looked_at and not self._event_history.people_differ(events[:length]):
                return True
        return False


def _corrected_transcripts(after: int, upto: int) -> sa.Select[int]:
    return sa.select(CorrectionRow.transcript).where(CorrectionRow.seq > after, CorrectionRow.seq <= upto)
