"""What the record promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
import sqlalchemy as sa

from errata.database.record import Record
from errata.database.store import Store
from errata.database.tables import Base
from errata.domain.correction import Correction, Label
from errata.domain.prediction import Prediction
from errata.domain.roles import Role
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound, Unavailable
from tests.made_up_record import chapters, correction, misheard, shouted, talk
from tests.platform.postgres import Server

Rows = dict[str, list[str]]

APPEND_ONLY = ("events", "transcripts", "leak_bands", "leak_links", "predictions", "corrections")


def rows(record: Record) -> Rows:
    """Every row of the append-only tables, read past the store."""
    with record.look() as (session, _):
        return {
            name: sorted(repr(tuple(row)) for row in session.execute(sa.select(Base.metadata.tables[name])))
            for name in APPEND_ONLY
        }


def add(record: Record, transcript: Transcript, role: Role = "train") -> int:
    with record.write() as store:
        return store.add_transcript(transcript, role).seq


def correct(record: Record, *corrections: Correction) -> int:
    """Records them in their order; returns the watermark after them."""
    with record.write() as store:
        for each in corrections:
            assert store.add_correction(each).new
        return store.watermark()


def standing(record: Record, after: int = 0, upto: int | None = None) -> dict[int, str]:
    """The titles of each label's chapters, or why there is none, by transcript."""
    with record.read() as store:
        found = store.changes(after, store.watermark() if upto is None else upto)
    return {
        seq: " ".join(c.title for c in label.chapters) if isinstance(label, Label) else label for seq, label in found
    }


def everything_once(store: Store) -> list[bool]:
    first, second = talk("first"), talk("second")
    added = [store.add_transcript(first), store.add_transcript(second), store.add_transcript(shouted(first, "third"))]
    asked = Prediction(added[0].seq, "m" * 64, "inline@1", chapters(0, 50))
    added.append(store.add_prediction(asked))
    added.append(store.add_correction(correction(added[0].seq, chapters(0, 40), prediction=added[-1].seq)))
    added.append(store.add_correction(correction(added[1].seq, chapters(0), reviewer="", kind="reference")))
    return [each.new for each in added]


def test_importing_twice_changes_nothing(either: Record) -> None:
    with either.write() as store:
        assert everything_once(store) == [True] * 6
        counts, watermark = store.counts(), store.watermark()
    before = rows(either)
    with either.write() as store:
        assert everything_once(store) == [False] * 6
        assert (store.counts(), store.watermark()) == (counts, watermark)
    assert rows(either) == before
    assert [len(before[name]) for name in ("transcripts", "predictions", "corrections", "leak_links")] == [3, 1, 2, 1]


def test_no_row_is_ever_changed_or_lost(either: Record) -> None:
    steps: list[Callable[[Store], object]] = [
        everything_once,
        lambda store: store.add_correction(correction(1, chapters(0, 60, by="Better"), "ann")),
        lambda store: store.add_correction(correction(1, chapters(0, by="Other"), "bob")),
        lambda store: store.add_correction(correction(1, (), "ann", "reject")),
        lambda store: store.add_transcript(misheard(talk("first"), "late"), "sealed"),
        lambda store: store.add_transcript(replace(talk("first"), title="Renamed")),
        lambda store: store.add_prediction(Prediction(1, "m" * 64, "inline@1", chapters(0, by="Unlike the first"))),
        lambda store: store.loop.begin_night("2026-03-01", 3, 9),
    ]
    before, watermark = rows(either), 0
    for step in steps:
        with either.write() as store:
            step(store)
            assert store.watermark() >= watermark
            watermark = store.watermark()
        after = rows(either)
        assert all(set(before[table]) <= set(after[table]) for table in before)
        before = after
    assert len(before["events"]) == watermark, "nothing was rolled back, so no number is unused"


def test_what_is_rolled_back_was_never_there(either: Record) -> None:
    add(either, talk("kept"))
    before = rows(either)
    with pytest.raises(BadInput), either.write() as store:
        everything_once(store)
        raise BadInput("no")
    assert rows(either) == before
    with either.read() as store:
        assert store.watermark() == 1


def test_numbers_rise_in_the_order_of_writing(either: Record) -> None:
    given = []
    for number in range(6):
        if number == 3:
            with pytest.raises(BadInput), either.write() as store:
                store.add_transcript(talk("changed its mind"))
                raise BadInput("no")
        given.append(add(either, talk(f"t{number}")))
        with either.read() as store:
            assert store.watermark() == given[-1]
    assert given == sorted(set(given))


def test_what_went_in_comes_back(either: Record) -> None:
    words = 'two\nlines, „Gänsefüßchen“, 雪, 🙂\u200d, "; DROP TABLE events; --'
    one = replace(talk("t", channel=words), title=words, description=words)
    seq = add(either, one)
    answer = Prediction(seq, "m" * 64, "inline@1", chapters(0, 0.1 + 0.2, by=words), (words,))
    with either.write() as store:
        answered = store.add_prediction(answer).seq
    correct(either, correction(seq, chapters(0, 1e-9, by=words), words, prediction=answered))
    with either.read() as store:
        assert store.transcript(seq) == store.transcript_by_hash(one.hash) == one
        assert store.find_transcript("t") == seq
        assert store.prediction(seq, "m" * 64, "inline@1") == store.prediction_by_seq(answered) == answer
        assert list(store.unpredicted("m" * 64, "inline@1")) == []
        (label,) = store.labels(0, store.watermark())
        assert (label.chapters, label.reviewer, label.channel) == (chapters(0, 1e-9, by=words), words, words)
        with pytest.raises(NotFound, match="'nobody'"):
            store.find_transcript("nobody")


def test_a_reader_sees_one_state_whoever_writes_meanwhile(either: Record) -> None:
    seq = add(either, talk("t"))
    with either.read() as store:
        before = store.watermark()
        correct(either, correction(seq, chapters(0)))
        add(either, shouted(talk("t"), "twin"), "sealed")
        assert store.watermark() == before
        assert (store.counts()["corrections"], store.counts()["transcripts"]) == (0, 1)
    with either.read() as store:
        assert store.watermark() > before


# groups and roles ----------------------------------------------------------------------------------------------------


def test_a_leak_group_is_the_same_in_whatever_order_it_came(either: Record) -> None:
    found = set()
    for serial, order in enumerate(permutations(range(4))):
        if serial % 5:
            continue
        first = talk(f"{serial} first")
        renamed = replace(talk(f"{serial} unlike"), external_id=first.external_id)
        members = [first, renamed, shouted(renamed, f"{serial} third"), misheard(first, f"{serial} fourth")]
        roles: list[Role] = ["train", "anchor", "dev", "train"]
        seqs = [add(either, members[place], roles[place]) for place in order]
        with either.read() as store:
            groups = {store.group(seq, seqs[-1]) for seq in seqs}
        (group,) = groups
        assert group.hashes == tuple(sorted(member.hash for member in members))
        assert group.name == min(seqs)
        found.add(group.role)
    assert found == {"anchor"}


def test_a_late_twin_holds_a_label_out_from_its_arrival_and_not_before(either: Record) -> None:
    early = add(either, talk("first"))
    seen = correct(either, correction(early, chapters(0, 30)))
    late = add(either, shouted(talk("first"), "held out"), "anchor")
    with either.read() as store:
        (before,), (after,) = store.labels(0, seen), store.labels(0, late)
        assert (before.role, before.group_hashes) == ("train", (talk("first").hash,))
        assert (after.role, len(after.group_hashes)) == ("anchor", 2)
        assert [seq for seq, _ in store.changes(seen, late)] == [early]


# labels --------------------------------------------------------------------------------------------------------------


def test_a_reviewer_s_newest_correction_counts(either: Record) -> None:
    seq = add(either, talk("t"))
    first = correct(either, correction(seq, chapters(0, by="Old")))
    second = correct(either, correction(seq, chapters(0, 50, by="New")))
    with either.read() as store:
        (label,) = store.labels(0, second)
        assert (label.chapters, label.correction) == (chapters(0, 50, by="New"), second)
        assert [label.first for label in store.labels(first, second)] == [False]
    assert standing(either, upto=first) == {seq: "Old 1"}


def test_reviewers_who_differ_leave_no_label_until_they_agree(either: Record) -> None:
    seq = add(either, talk("t"))
    correct(either, correction(seq, chapters(0, by="Ann's"), "ann"))
    disputed = correct(either, correction(seq, chapters(0, by="Bob's"), "bob"))
    assert standing(either) == {seq: "conflict"}
    agreed = correct(either, correction(seq, chapters(0, by="Bob's"), "ann"))
    assert standing(either) == {seq: "Bob's 1"}
    with either.read() as store:
        assert (store.conflicts(disputed), store.conflicts(agreed)) == ([seq], [])


def test_a_person_outranks_chapters_that_came_along(either: Record) -> None:
    seq = add(either, talk("t"))
    correct(either, correction(seq, chapters(5)), correction(seq, chapters(0, by="Came"), "", "reference"))
    assert standing(either) == {seq: "Part 1"}


# the loop ------------------------------------------------------------------------------------------------------------


def test_one_lease_has_one_holder(either: Record) -> None:
    with either.write() as store:
        assert store.loop.take_lease("night", "one", 60) == 1
        assert store.loop.take_lease("night", "one", 60) == 1, "its holder renews it"
    with either.write() as store, pytest.raises(Unavailable, match="one holds the loop"):
        store.loop.take_lease("night", "two", 60)
    with either.write() as store:
        store.loop.take_lease("night", "one", -1)
        assert store.loop.take_lease("night", "two", 60) == 2, "a take-over is told by the token"
        store.loop.drop_lease("night", "one")
        assert store.loop.lease_owner("night") == "two"


def test_moves_are_a_history_and_an_outbox(either: Record) -> None:
    with either.write() as store:
        store.loop.begin_night("2026-03-01", 4, 9)
        store.loop.finish_night("2026-03-01", "promote", {"gain": 0.1})
        for model in ("a" * 64, "b" * 64):
            store.loop.move("champion", model, "promote", "gate", "2026-03-01", None)
    with either.write() as store:
        first, second = store.loop.moves("champion")
        assert (first.previous, second.previous, store.loop.holder("champion")) == (None, "a" * 64, "b" * 64)
        store.loop.mark_applied(first.number)
    with either.read() as store:
        assert [move.model for move in store.loop.unapplied_moves()] == ["b" * 64]
        night = store.loop.last_night()
        assert night is not None
        assert (night.label, night.outcome, night.gate_watermark) == ("2026-03-01", {"gain": 0.1}, 9)


# the address ---------------------------------------------------------------------------------------------------------


def test_a_postgresql_without_tables_is_refused_in_a_sentence(postgresql: Server, tmp_path: Path) -> None:
    postgresql.create("bare")
    with (
        pytest.raises(Unavailable, match=r"bare.*events.* does not exist"),
        Record(postgresql.url("bare"), tmp_path).read() as store,
    ):
        store.watermark()


def test_a_server_that_is_not_there_is_refused_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    gone = Record(f"postgresql+psycopg://ann:secret@/errata?host={tmp_path}", tmp_path)
    with pytest.raises(Unavailable, match="can't be used") as refused, gone.read() as store:
        store.watermark()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["errata.db", "mongodb://here/errata", "sqlite3://x"])
def test_an_address_that_is_none_is_refused_in_a_sentence(address: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"sqlite:///… or postgresql\+psycopg://…"):
        Record(address, tmp_path)
