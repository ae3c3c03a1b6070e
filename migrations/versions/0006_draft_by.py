"""Whose draft a reviewer was shown, as far as the rows there are can say it.

- A review with a draft of its own corrects a foreign prediction, whose name has the draft's maker in it.
- One that came with a prediction's key hashed the key along: `corrections.hash` is what was received, so the key is in
  it where the hash comes out the same.
- Chapters that came with a transcript before a model of ours had answered it were made without a draft.
Of all others it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import sqlalchemy as sa
from alembic import op

from errata.domain.hashing import content_hash
from errata.errors import Refused

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

corrections = sa.table(
    "corrections",
    sa.column("seq"),
    sa.column("hash"),
    sa.column("transcript"),
    sa.column("kind"),
    sa.column("chapters", sa.JSON()),
    sa.column("reviewer"),
    sa.column("reviewed_on"),
    sa.column("prediction"),
    sa.column("draft_by"),
)
predictions = sa.table(
    "predictions",
    sa.column("seq"),
    sa.column("hash"),
    sa.column("transcript"),
    sa.column("model"),
    sa.column("chapters", sa.JSON()),
    sa.column("foreign", sa.Boolean()),
)
transcripts = sa.table("transcripts", sa.column("seq"), sa.column("external_id"), sa.column("forgotten"))


def upgrade() -> None:
    with op.batch_alter_table("corrections", recreate="never") as batch_op:
        batch_op.add_column(sa.Column("draft_by", sa.String(), nullable=True))
    connection = op.get_bind()
    answered_before = sa.exists().where(
        predictions.c.transcript == corrections.c.transcript,
        predictions.c.foreign.is_(False),
        predictions.c.seq < corrections.c.seq,
    )
    connection.execute(
        sa.update(corrections).where(corrections.c.kind == "reference", ~answered_before).values(draft_by="")
    )
    for row in connection.execute(_joined()).all():
        drafter = _drafter(row)
        if drafter is not None:
            connection.execute(sa.update(corrections).where(corrections.c.seq == row.seq).values(draft_by=drafter))


def _joined() -> sa.Select[Any]:
    """Reviews that correct a prediction, of transcripts that were not forgotten."""
    return (
        sa.select(
            corrections,
            transcripts.c.external_id,
            predictions.c.hash.label("key"),
            predictions.c.model,
            predictions.c.chapters.label("draft"),
        )
        .join(predictions, predictions.c.seq == corrections.c.prediction)
        .join(transcripts, transcripts.c.seq == corrections.c.transcript)
        .where(corrections.c.kind.in_(("edit", "accept", "reject")), transcripts.c.forgotten.is_(None))
    )


def _drafter(row: sa.Row[Any]) -> str | None:
    name: str = row.model
    if name.startswith("foreign:"):  # foreign:NAME:0123456789ab
        return name.removeprefix("foreign:")[:-13] or "unknown"
    return name if _came_with_the_key(row) else None


def _came_with_the_key(row: sa.Row[Any]) -> bool:
    return any(content_hash(received) == row.hash for received in _as_received(row))


def _as_received(row: sa.Row[Any]) -> Iterator[list[Any]]:
    """What a review with the prediction's key may have said: an edit that changed nothing was recorded as an accept, an
    accept need not have said any chapters, and some tools send the draft and its model's name along."""
    kinds = ("accept", "edit") if row.kind == "accept" else (row.kind,)
    chapters = (row.chapters, None) if row.kind != "edit" else (row.chapters,)
    drafts = ((None, ""), (row.draft, row.model), (row.draft, ""))
    for kind, right, (draft, maker) in product(kinds, chapters, drafts):
        yield [row.external_id, kind, right, row.reviewer, row.reviewed_on, draft, maker, row.key]


def downgrade() -> None:
    """Raises Refused where reviews were made blind: they would be taken for edits of a draft."""
    blind = sa.select(sa.func.count()).where(corrections.c.draft_by == "", corrections.c.kind != "reference")
    if op.get_bind().scalar(blind):
        raise Refused("reviews were made blind, which revision 0005 knows nothing of; stay at 0006")
    with op.batch_alter_table("corrections", recreate="never") as batch_op:
        batch_op.drop_column("draft_by")
