"""Transcripts as they arrive, and which of them wait for a reviewer. Rows are added; only a tombstone empties any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from errata.database import leak_guard
from errata.database.blobs import Blobs
from errata.database.predictions import is_of_template, reviewed_transcripts
from errata.database.repeated_statement import RepeatedStatement
from errata.database.sequence import AT_ONCE, TEXTS_AT_ONCE, Added, next_seq
from errata.database.tables import PredictionRow, TranscriptRow, core
from errata.database.tombstones import ANY_TOMBSTONE, Tombstones
from errata.database.videos import Videos
from errata.domain.lines import FORM
from errata.domain.media_address import checked_media
from errata.domain.roles import DEFAULT_SHARES, ROLES, Role, own_role
from errata.domain.transcript import Transcript, Unit
from errata.errors import BadInput, Forgotten, NotFound


class Heading(NamedTuple):
    """What a list of transcripts says of one, without its text."""

    hash: str
    external_id: str
    title: str
    channel: str
    duration: float
    unit: Unit


_transcripts = core(TranscriptRow)
_ADD = RepeatedStatement(sa.insert(_transcripts))
_SAME = sa.select(_transcripts.c.seq).where(_transcripts.c.hash == sa.bindparam("hash"))
_KNOWN = RepeatedStatement(sa.select(ANY_TOMBSTONE, _SAME.scalar_subquery()))


class Transcripts:
    def __init__(self, session: Session, blobs: Blobs, tombstones: Tombstones, videos: Videos) -> None:
        self._session = session
        self._blobs = blobs
        self._tombstones = tombstones
        self._videos = videos

    def add(self, transcript: Transcript, role: Role | None = None, source: str = "") -> Added:
        """Records a transcript, finds its twins and gives it its role for ever.

        `role` declares it held out from the start; without it the transcript's own hash draws one. `source` names the
        collection it comes from: one that is known already keeps the name that it came with. Raises BadInput for
        one that was forgotten on request, and where `role` is stricter than what the transcript has had since it came.
        """
        earlier = self.known(transcript)
        if earlier is not None:
            if role is not None:
                self._check_role(transcript, earlier, role)
            return Added(earlier, new=False)
        self._blobs.put(transcript.canonical)
        seq = next_seq(self._session, "transcript")
        row = {
            "seq": seq,
            "hash": transcript.hash,
            "external_id": transcript.external_id,
            "title": transcript.title,
            "channel": transcript.channel,
            "source": source,
            "unit": transcript.unit,
            "duration": transcript.duration,
            "role": role or own_role(transcript.hash, DEFAULT_SHARES),
            "text_hash": transcript.text_hash,
            "signature": transcript.signature,
            "line_form": _line_form(transcript),
            "media": "",
        }
        _ADD.rows(self._session, row)
        leak_guard.enter(self._session, leak_guard.Arrival.of_transcript(seq, transcript))
        return Added(seq, new=True)

    def known(self, transcript: Transcript) -> int | None:
        """`seq` of the row that `add` would find; None where it would make one. Raises Forgotten, as `add` does."""
        ((tombstone, same),) = _KNOWN.rows(self._session, {"hash": transcript.hash})
        if tombstone is not None:
            self._tombstones.refuse(transcript)
        return self._same_words(transcript) if same is None else int(same)

    def _check_role(self, transcript: Transcript, seq: int, role: Role) -> None:
        """Raises BadInput where `role` is stricter than what the transcript has had since it came."""
        had = self.own_role_of(seq)
        if ROLES.index(role) > ROLES.index(had):
            raise BadInput(
                f"the transcript {transcript.external_id!r} came as {had!r}, and a role is for ever: it "
                f"can't become {role!r}; import it without --role"
            )

    def _same_words(self, transcript: Transcript) -> int | None:
        """A text without times under this id that says the same: where its words were counted otherwise, as an older
        version did, it is no other text."""
        if transcript.unit != "words":
            return None
        rows = self._session.scalars(
            sa.select(TranscriptRow).where(
                TranscriptRow.external_id == transcript.external_id,
                TranscriptRow.unit == "words",
                TranscriptRow.forgotten.is_(None),
            )
        )
        words = transcript.unplaced
        return next(
            (row.seq for row in rows if Transcript.from_json(self._blobs.get(row.hash)).unplaced == words), None
        )

    def find(self, external_id: str) -> int:
        """`seq` of the newest transcript under an outside id. Raises NotFound, and Forgotten for one that was."""
        newest = (
            sa.select(TranscriptRow.seq)
            .where(TranscriptRow.external_id == external_id, TranscriptRow.forgotten.is_(None))
            .order_by(TranscriptRow.seq.desc())
            .limit(1)
        )
        seq = self._session.scalar(newest)
        if seq is None and self._tombstones.of(external_id) is not None:
            raise Forgotten(f"the transcript {external_id!r} was forgotten on request; leave out what belongs to it")
        if seq is None:
            raise NotFound("there is no transcript {!r} in the record; import it first", external_id)
        return seq

    def read(self, seq: int) -> Transcript:
        """With the vectors that there are of its recording. Raises NotFound for one that was forgotten on request."""
        row = self._session.get_one(TranscriptRow, seq)
        if row.forgotten is not None:
            raise NotFound(f"the transcript {seq} was forgotten on request")
        transcript = Transcript.from_json(self._blobs.get(row.hash))
        vectors = self._videos.vectors_of(row.external_id)
        return replace(transcript, vectors=vectors) if vectors else transcript

    def has(self, seq: int) -> bool:
        """Whether there is one of that number that was not forgotten."""
        row = self._session.get(TranscriptRow, seq)
        return row is not None and row.forgotten is None

    def heading(self, seq: int) -> Heading:
        row = self._session.get_one(TranscriptRow, seq)
        return Heading(row.hash, row.external_id, row.title, row.channel, row.duration, cast(Unit, row.unit))

    def hash_of(self, seq: int) -> str:
        return self._session.get_one(TranscriptRow, seq).hash

    def duration_of(self, seq: int) -> float:
        """In the transcript's unit."""
        return self._session.get_one(TranscriptRow, seq).duration

    def external_ids(self, beginning: str = "", most: int | None = None) -> Sequence[str]:
        """The outside ids in the record that begin so, in order, or the first of them; none of what was forgotten."""
        query = sa.select(TranscriptRow.external_id).where(TranscriptRow.forgotten.is_(None))
        if beginning:
            query = query.where(TranscriptRow.external_id.startswith(beginning, autoescape=True))
        return self._session.scalars(query.distinct().order_by(TranscriptRow.external_id).limit(most)).all()

    def versions_of(self, external_id: str) -> Sequence[int]:
        """`seq` of each transcript under an outside id, in order."""
        query = sa.select(TranscriptRow.seq).where(TranscriptRow.external_id == external_id)
        return self._session.scalars(query.where(TranscriptRow.forgotten.is_(None)).order_by(TranscriptRow.seq)).all()

    def own_role_of(self, seq: int) -> Role:
        """What its own hash drew, or its import declared; its leak group's may be stricter."""
        return cast(Role, self._session.get_one(TranscriptRow, seq).role)

    def source_of(self, seq: int) -> str:
        """The name that its import gave; empty where it gave none."""
        return self._session.get_one(TranscriptRow, seq).source

    def media_of(self, seq: int) -> str:
        """Where its recording can be played; empty where nobody gave an address."""
        return self._session.get_one(TranscriptRow, seq).media

    def give_media(self, seq: int, address: str) -> None:
        """Says, or says anew, where the recording can be played. Raises BadInput."""
        self._session.get_one(TranscriptRow, seq).media = checked_media(address)
        self._session.flush()

    def unit_of(self, seq: int) -> Unit:
        return cast(Unit, self._session.get_one(TranscriptRow, seq).unit)

    def external_id_of(self, seq: int) -> str:
        return self._session.get_one(TranscriptRow, seq).external_id

    def arrived(self, after: int = 0) -> Sequence[int]:
        """Those with `after` < seq, in order; none of what was forgotten."""
        query = sa.select(TranscriptRow.seq).where(TranscriptRow.seq > after, TranscriptRow.forgotten.is_(None))
        return self._session.scalars(query.order_by(TranscriptRow.seq)).all()

    def with_hashes(self, names: Iterable[str]) -> list[int]:
        """`seq` of those of these hashes, in order; none of what was forgotten."""
        wanted, found = sorted(names), list[int]()
        for begin in range(0, len(wanted), AT_ONCE):
            of_these = TranscriptRow.hash.in_(wanted[begin : begin + AT_ONCE])
            found += self._session.scalars(
                sa.select(TranscriptRow.seq).where(of_these, TranscriptRow.forgotten.is_(None))
            )
        return sorted(found)

    def awaiting_draft(self, model: str, template: str) -> Sequence[int]:
        """Transcripts, in their order, that wait for a reviewer and that `model` has not answered with `template`."""
        answered = (
            sa.select(PredictionRow.transcript)
            .join(TranscriptRow, TranscriptRow.seq == PredictionRow.transcript)
            .where(PredictionRow.model == model, is_of_template(template))
        )
        return self._session.scalars(_awaiting_review().where(TranscriptRow.seq.not_in(answered))).all()

    def awaiting_review(self, upto: int) -> Sequence[int]:
        """Transcripts, in their order, that waited for a reviewer as of `upto`."""
        return self._session.scalars(_awaiting_review(upto).where(TranscriptRow.seq <= upto)).all()

    def note_lines(self) -> int:
        """Reads some of the transcripts that came before lines had this form, to know which of them have derived ones;
        returns how many, 0 where there are none left. Texts that can't be read are taken for short: `fsck` names them.
        """
        old = sa.or_(TranscriptRow.line_form.is_(None), TranscriptRow.line_form.between(1, FORM - 1))
        rows = self._session.scalars(sa.select(TranscriptRow).where(old).limit(TEXTS_AT_ONCE)).all()
        for row in rows:
            row.line_form = 0
            if row.forgotten is None:
                with suppress(NotFound):
                    row.line_form = _line_form(Transcript.from_json(self._blobs.get(row.hash)))
        self._session.flush()
        return len(rows)

    def held_out(self) -> set[str]:
        """Those, by hash, that drew or were declared another role than `train`; their twins aside."""
        return set(self._session.scalars(sa.select(TranscriptRow.hash).where(TranscriptRow.role != "train")))

    def roles(self) -> dict[str, int]:
        """How many transcripts drew each role; without what was forgotten."""
        there = sa.select(TranscriptRow.role, sa.func.count()).where(TranscriptRow.forgotten.is_(None))
        counts = {row[0]: row[1] for row in self._session.execute(there.group_by(TranscriptRow.role))}
        return {role: counts.get(role, 0) for role in ROLES}


def _line_form(transcript: Transcript) -> int:
    return FORM if transcript.has_derived_lines else 0


def _awaiting_review(upto: int | None = None) -> sa.Select[int]:
    query = sa.select(TranscriptRow.seq).where(TranscriptRow.forgotten.is_(None))
    return query.where(TranscriptRow.seq.not_in(reviewed_transcripts(upto))).order_by(TranscriptRow.seq)
