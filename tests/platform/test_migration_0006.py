"""Whose drafts an older record was made from, for all that its rows say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from errata.database.record import Record
from errata.domain.chapter import chapters_to_json
from errata.domain.correction import Correction
from errata.domain.hashing import content_hash
from errata.domain.prediction import Prediction
from errata.errors import Refused
from tests.made_up_record import chapters, correction, migrate_down, talk

CHAMPION = "d" * 64
DRAFT = chapters(0, 50, by="Champion")


def received(
    name: str,
    kind: str,
    right: list[dict[str, Any]] | None,
    draft: list[dict[str, Any]] | None,
    draft_by: str,
    key: str,
) -> str:
    return content_hash([name, kind, right, "ann", "2026-03-01", draft, draft_by, *([key] if key else [])])


KEY_ROWS: dict[str, tuple[str, str, bool, bool]] = {
    # how it is recorded, what was received, whether chapters came along, whether the draft did
    "edited": ("edit", "edit", True, False),
    "left as it was": ("accept", "edit", True, False),
    "accepted": ("accept", "accept", False, False),
    "accepted in a tool": ("accept", "accept", True, True),
    "rejected": ("reject", "reject", False, False),
    "edited in a tool": ("edit", "edit", True, True),
}


def test_an_older_record_says_as_much_as_its_rows_do(either: Record) -> None:
    with either.write() as store:
        seqs = {name: store.transcripts.add(talk(name, lines=8)).seq for name in (*KEY_ROWS, "guessed", "theirs", "c")}
        for name, (kind, said, sent, drafts) in KEY_ROWS.items():
            answer = store.predictions.add(Prediction(seqs[name], CHAMPION, "inline@1", DRAFT)).seq
            key = next(
                key for key, found in store.predictions.awaiting_review(CHAMPION) if found.transcript == seqs[name]
            )
            right = () if kind == "reject" else DRAFT if kind == "accept" else chapters(0, 70)
            came = chapters_to_json(right) if sent else None
            draft, maker = (chapters_to_json(DRAFT), CHAMPION) if drafts else (None, "")
            identity = received(name, said, came, draft, maker, key)
            store.corrections.add(Correction(seqs[name], kind, right, "ann", "f", identity, "2026-03-01", answer))
        store.corrections.add(correction(seqs["c"], chapters(0), "", "reference"))
        answer = store.predictions.add(Prediction(seqs["guessed"], CHAMPION, "inline@1", DRAFT)).seq
        store.corrections.add(correction(seqs["guessed"], chapters(0, 70), prediction=answer))
        store.corrections.add(correction(seqs["guessed"], chapters(0), "", "reference"))
        name = f"foreign:a: machine:{'0' * 12}"
        theirs = store.predictions.add(Prediction(seqs["theirs"], name, "", DRAFT, foreign=True)).seq
        store.corrections.add(correction(seqs["theirs"], chapters(0, 70), prediction=theirs))
    migrate_down(either, "0005")
    either.migrate()
    with either.read() as store:
        corrections = [store.corrections.read(seq) for seq in _corrections(either)]
        found = {(store.transcripts.external_id_of(each.transcript), each.kind): each.draft_by for each in corrections}
    expected = {(name, kind): CHAMPION for name, (kind, *_) in KEY_ROWS.items()}
    assert found == {
        **expected,
        ("c", "reference"): "",
        ("guessed", "edit"): None,
        ("guessed", "reference"): None,
        ("theirs", "edit"): "a: machine",
    }


def _corrections(record: Record) -> list[int]:
    import sqlalchemy as sa

    from errata.database.tables import CorrectionRow

    with record.look() as (session, _):
        return list(session.scalars(sa.select(CorrectionRow.seq).order_by(CorrectionRow.seq)))


def test_blind_reviews_keep_the_schema_up(record: Record) -> None:
    with record.write() as store:
        seq = store.transcripts.add(talk("t"), "train").seq
        store.corrections.add(replace(correction(seq, chapters(0, 70), "ann"), draft_by=""))
    with pytest.raises(Refused, match="made blind"):
        migrate_down(record, "0005")
