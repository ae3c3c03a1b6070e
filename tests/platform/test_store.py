"""The record, on both databases: append-only, the same in whatever order, and whole when many write at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.database.store import Store
from errata.database.tables import Base, LinkRow
from errata.domain.correction import Correction, Label
from errata.domain.names import LONGEST
from errata.domain.prediction import Prediction
from errata.domain.roles import ROLES, Role, strictest
from errata.domain.transcript import Transcript
from errata.errors import BadInput, NotFound
from tests.examples import costly
from tests.made_up_record import chapters, correction, everything_once, misheard, shouted, talk

Rows = dict[str, list[str]]

APPEND_ONLY = ("events", "transcripts", "leak_bands", "leak_links", "predictions", "corrections")


def rows(record: Record) -> Rows:
    """Every row of the append-only tables, read past the store."""
    with record.look() as (session, _):
        return {
            name: sorted(repr(tuple(row)) for row in session.execute(sa.select(Base.metadata.tables[name])))
            for name in APPEND_ONLY
        }


def reasons(record: Record) -> list[str]:
    with record.look() as (session, _):
        return sorted(session.scalars(sa.select(LinkRow.reason)))


def add(record: Record, transcript: Transcript, role: Role = "train") -> int:
    with record.write() as store:
        return store.transcripts.add(transcript, role).seq


def correct(record: Record, *corrections: Correction) -> int:
    """Records them in their order; returns the watermark after them."""
    with record.write() as store:
        for each in corrections:
            assert store.corrections.add(each).new
        return store.watermark()


def labels(record: Record, after: int = 0, upto: int | None = None) -> list[Label]:
    with record.read() as store:
        return store.labels.between(after, store.watermark() if upto is None else upto)


def standing(record: Record, after: int = 0, upto: int | None = None) -> dict[int, str]:
    """The titles of each label's chapters, or why there is none, by transcript."""
    with record.read() as store:
        found = store.labels.changes(after, store.watermark() if upto is None else upto)
    return {
        seq: " ".join(c.title for c in label.chapters) if isinstance(label, Label) else label for seq, label in found
    }


def test_importing_anything_twice_changes_nothing(either: Record) -> None:
    with either.write() as store:
        assert everything_once(store) == [True] * 6
        counts, watermark = store.counts(), store.watermark()
    before = rows(either)
    with either.write() as store:
        assert everything_once(store) == [False] * 6
        assert (store.counts(), store.watermark()) == (counts, watermark)
    assert rows(either) == before
    assert counts == {"transcripts": 3, "predictions": 1, "corrections": 2, "leak_links": 1}


def test_no_row_is_ever_changed_or_lost(either: Record) -> None:
    def again(reviewer: str, title: str) -> Correction:
        return correction(1, chapters(0, 60, by=title), reviewer)

    def asked(title: str) -> Prediction:
        return Prediction(1, "m" * 64, "inline@1", chapters(0, by=title))

    steps: list[Callable[[Store], object]] = [
        everything_once,
        lambda store: store.corrections.add(again("ann", "Better")),
        lambda store: store.corrections.add(again("bob", "Other")),
        lambda store: store.corrections.add(correction(1, (), "ann", "retract")),
        lambda store: store.transcripts.add(misheard(talk("first"), "late"), "sealed"),
        lambda store: store.transcripts.add(replace(talk("first"), title="Renamed")),
        lambda store: store.predictions.add(asked("Unlike the first")),
        lambda store: store.nights.begin("2026-03-01", 3, 9),
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


def test_what_went_in_comes_back(either: Record) -> None:
    words = 'two\nlines, „Gänsefüßchen“, 雪, 🙂\u200d, "; DROP TABLE events; --'
    one = replace(talk("t", channel=words), title=words, description=words)
    seq = add(either, one)
    answer = Prediction(seq, "m" * 64, "inline@1", chapters(0, 0.1 + 0.2, by=words), (words,))
    with either.write() as store:
        answered = store.predictions.add(answer).seq
    correct(either, correction(seq, chapters(0, 1e-9, by=words), words, prediction=answered))
    with either.read() as store:
        assert store.transcripts.read(seq) == one
        assert store.transcripts.find("t") == seq
        assert store.predictions.find(seq, "m" * 64, "inline@1") == store.predictions.read(answered) == answer
        assert store.predictions.find(seq, "m" * 64, "inline@2") is None
        assert list(store.transcripts.awaiting_draft("n" * 64, "inline@1")) == [], "it is reviewed"
        (label,) = store.labels.between(0, store.watermark())
        assert (label.chapters, label.reviewer, label.channel) == (chapters(0, 1e-9, by=words), words, words)
        with pytest.raises(NotFound, match="'nobody'"):
            store.transcripts.find("nobody")


def test_what_waits_for_a_reviewer_needs_a_draft(either: Record) -> None:
    drafted, waiting, referred, reviewed = (add(either, talk(name)) for name in "abcd")
    with either.write() as store:
        store.predictions.add(Prediction(drafted, "m" * 64, "inline@1", chapters(0, 50)))
    correct(either, correction(referred, chapters(0, 60), kind="reference"))
    correct(either, correction(reviewed, chapters(0, 60), "ann"))
    with either.read() as store:
        assert list(store.transcripts.awaiting_draft("m" * 64, "inline@1")) == [waiting, referred]
        assert list(store.transcripts.awaiting_draft("n" * 64, "inline@1")) == [drafted, waiting, referred]


def test_numbers_rise_in_the_order_of_writing(either: Record) -> None:
    given = []
    for number in range(6):
        if number == 3:
            with pytest.raises(BadInput), either.write() as store:
                store.transcripts.add(talk("changed its mind"))
                raise BadInput("no")
        given.append(add(either, talk(f"t{number}")))
        with either.read() as store:
            assert store.watermark() == given[-1]
    assert given == sorted(set(given))


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


def test_a_text_that_was_changed_or_lost_is_not_read(either: Record, tmp_path: Path) -> None:
    seq = add(either, talk("t"))
    (blob,) = (tmp_path / "blobs").rglob("*.zz")
    data = bytearray(blob.read_bytes())
    data[-6] ^= 1
    blob.write_bytes(bytes(data))
    with either.read() as store, pytest.raises(NotFound, match=r"backup"):
        store.transcripts.read(seq)
    blob.unlink()
    with either.read() as store, pytest.raises(NotFound, match=r"backup"):
        store.transcripts.read(seq)


# leak groups ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("twin", "reason"),
    [
        (replace(talk("first"), segments=talk("unlike").segments), "id"),
        (shouted(talk("first"), "second"), "text"),
        (misheard(talk("first"), "second"), "near"),
    ],
)
def test_versions_of_a_talk_are_one_leak_group(either: Record, twin: Transcript, reason: str) -> None:
    first, alone, other = (add(either, each) for each in (talk("first"), talk("alone"), twin))
    assert reasons(either) == [reason]
    with either.read() as store:
        group = store.leak_groups.of(other, other)
        assert group == store.leak_groups.of(first, other)
        assert group.name == first
        assert set(group.hashes) == {talk("first").hash, twin.hash}
        assert store.leak_groups.of(first, alone).hashes == (talk("first").hash,)
        assert store.leak_groups.of(alone, other).hashes == (talk("alone").hash,)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting(request: pytest.FixtureRequest, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    folder = tmp_path_factory.mktemp("lasting")
    if request.param == "postgresql":
        made: Record = request.getfixturevalue("postgresql").record(folder / "blobs")
    else:
        shutil.copyfile(empty, folder / "errata.db")
        made = Record(f"sqlite:///{folder / 'errata.db'}", folder / "blobs")
    yield made
    made.close()


_serial = iter(range(1_000_000))


@costly(15)
@given(
    declared=st.tuples(*[st.sampled_from(ROLES)] * 4),
    orders=st.lists(st.sampled_from(list(permutations(range(4)))), min_size=2, max_size=3, unique=True),
)
def test_a_group_has_its_strictest_role_in_whatever_order_it_came(
    lasting: Record, declared: tuple[Role, ...], orders: list[tuple[int, ...]]
) -> None:
    found = set()
    for order in orders:
        salt = f"example {next(_serial)} "
        first = talk(salt + "first")
        renamed = replace(talk(salt + "unlike"), external_id=first.external_id)
        members = [first, renamed, shouted(renamed, salt + "third"), misheard(first, salt + "fourth")]
        seqs = [add(lasting, members[place], declared[place]) for place in order]
        with lasting.read() as store:
            groups = {store.leak_groups.of(seq, seqs[-1]) for seq in seqs}
        assert len(groups) == 1
        group = groups.pop()
        assert set(group.hashes) == {member.hash for member in members}
        assert group.name == min(seqs)
        found.add(group.role)
    assert found == {strictest(declared)}


def test_a_late_twin_holds_a_label_out_from_its_arrival_and_not_before(either: Record) -> None:
    early = add(either, talk("first"))
    seen = correct(either, correction(early, chapters(0, 30)))
    late = add(either, shouted(talk("first"), "held out"), "anchor")
    (before,), (after,) = labels(either, upto=seen), labels(either, upto=late)
    assert (before.role, before.group_hashes) == ("train", (talk("first").hash,))
    assert after.role == "anchor"
    assert len(after.group_hashes) == 2
    assert labels(either, seen, late) == [], "nobody corrected anything in that span"


def test_a_twin_s_arrival_changes_the_labels_of_all_its_group(either: Record) -> None:
    first, second = add(either, talk("first")), add(either, misheard(talk("first"), "second"))
    other = add(either, talk("other"))
    seen = correct(either, *(correction(seq, chapters(0, by=f"Of {seq}")) for seq in (first, second, other)))
    assert set(standing(either)) == {first, second, other}
    assert standing(either, seen) == {}
    late = add(either, shouted(talk("first"), "late"), "sealed")
    with either.read() as store:
        changed = store.labels.changes(seen, late)
        assert [seq for seq, _ in changed] == [first, second]
        assert [label.role for _, label in changed if isinstance(label, Label)] == ["sealed", "sealed"]
        assert store.labels.changes(late, late) == []


# labels --------------------------------------------------------------------------------------------------------------


def test_no_statement_takes_more_values_than_a_database_does(either: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("errata.database.sequence.AT_ONCE", 3)
    seqs = [add(either, talk(f"t{number}", lines=2)) for number in range(6)]
    watermark = correct(either, *(correction(seq, chapters(0)) for seq in seqs))
    for number in range(6):
        add(either, shouted(talk(f"t{number}", lines=2), f"twin {number}"))
    most: list[int] = []

    def note(
        _1: object, _2: object, statement: str, values: tuple[object, ...] | dict[str, object], *_: object
    ) -> None:
        if "FROM corrections JOIN" in statement:
            most.append(len(values))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with either.read() as store:
            assert [seq for seq, _ in store.labels.changes(watermark, store.watermark())] == seqs
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert 0 < max(most) <= 5


def test_a_reviewer_s_newest_correction_counts(either: Record) -> None:
    seq = add(either, talk("t", channel="Rope"))
    first = correct(either, correction(seq, chapters(0, by="Old")))
    second = correct(either, correction(seq, chapters(0, 50, by="New")))
    (label,) = labels(either)
    assert label.chapters == chapters(0, 50, by="New")
    assert (label.correction, label.external_id, label.channel, label.reviewer) == (second, "t", "Rope", "ann")
    assert (label.transcript_hash, label.kind, label.group) == (talk("t", channel="Rope").hash, "edit", seq)
    assert standing(either, upto=first) == {seq: "Old 1"}


def test_reviewers_who_differ_leave_no_label_until_they_agree(either: Record) -> None:
    seq = add(either, talk("t"))
    correct(either, correction(seq, chapters(0, by="Ann's"), "ann"))
    disputed = correct(either, correction(seq, chapters(0, by="Bob's"), "bob"))
    assert standing(either) == {seq: "conflict"}
    assert labels(either) == []
    agreed = correct(either, correction(seq, chapters(0, by="Bob's"), "ann"))
    assert standing(either) == {seq: "Bob's 1"}
    with either.read() as store:
        assert store.conflicts.transcripts(disputed) == [seq]
        assert store.conflicts.transcripts(agreed) == []
        assert store.labels.changed_transcripts(0, agreed) == 1
        assert store.labels.changed_transcripts(agreed, agreed) == 0


def test_a_dispute_ends_when_one_side_takes_it_back(either: Record) -> None:
    seq = add(either, talk("t"))
    correct(either, correction(seq, chapters(0, by="Ann's"), "ann"), correction(seq, chapters(0, by="Bob's"), "bob"))
    correct(either, correction(seq, (), "bob", "retract"))
    assert standing(either) == {seq: "Ann's 1"}


@pytest.mark.parametrize("kind", ["retract", "reject"])
def test_what_is_taken_back_or_rejected_is_no_label(either: Record, kind: str) -> None:
    seq = add(either, talk("t"))
    before = correct(either, correction(seq, chapters(0)))
    correct(either, correction(seq, (), "ann", kind))
    assert standing(either) == {seq: "withdrawn"}
    assert labels(either) == []
    assert standing(either, upto=before) == {seq: "Part 1"}


def test_a_label_is_first_until_somebody_has_corrected_before(either: Record) -> None:
    seq, other = add(either, talk("t")), add(either, talk("other"))
    reference = correct(either, correction(seq, chapters(0), "", "reference"))
    once = correct(either, correction(seq, chapters(0, 20)), correction(other, chapters(0)))
    twice = correct(either, correction(seq, chapters(0, 40)))
    assert [label.first for label in labels(either, reference, once)] == [True, True]
    assert [(label.transcript, label.first) for label in labels(either, once, twice)] == [(seq, False)]
    assert {label.transcript: label.first for label in labels(either, 0, twice)} == {seq: True, other: True}


def test_a_person_outranks_chapters_that_came_along_whenever_these_came(either: Record) -> None:
    early, late = add(either, talk("early")), add(either, talk("late"))
    correct(either, correction(early, chapters(0, by="Came"), "", "reference"), correction(early, chapters(5)))
    correct(either, correction(late, chapters(5)), correction(late, chapters(0, by="Came"), "", "reference"))
    assert standing(either) == {early: "Part 1", late: "Part 1"}
    correct(either, correction(early, (), "ann", "retract"))
    assert standing(either)[early] == "Came 1"


def test_the_longest_names_are_found_again(either: Record) -> None:
    """PostgreSQL's indexes take 2,704 bytes; of what compresses badly, these are nearly as many."""
    random = Random(1)
    name, reviewer = ("".join(chr(random.randrange(0x10000, 0x1F000)) for _ in range(LONGEST)) for _ in range(2))
    seq = add(either, talk(name))
    correct(either, correction(seq, chapters(0), reviewer))
    with either.read() as store:
        assert store.transcripts.find(name) == seq
    [label] = labels(either)
    assert label.reviewer == reviewer
    with pytest.raises(BadInput, match="has 501 characters"):
        talk("x" * (LONGEST + 1))


def test_labels_come_in_the_order_of_their_corrections(either: Record) -> None:
    seqs = [add(either, talk(f"t{number}")) for number in range(5)]
    correct(either, *(correction(seq, chapters(0)) for seq in reversed(seqs)))
    assert [label.transcript for label in labels(either)] == seqs[::-1]
