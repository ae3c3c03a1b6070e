"""Events, and what is derived from them: retractions by name, adjudications and pairs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.chapter import Chapter
from errata.domain.correction import Correction, Kind, Label
from errata.domain.prediction import Prediction
from errata.errors import NotFound, Refused
from retrain.snapshot import snapshot
from tests.examples import costly
from tests.made_up_record import chapters, correction, talk


def add(record: Record, name: str = "t") -> int:
    with record.write() as store:
        return store.transcripts.add(talk(name, lines=4), "train").seq


def correct(record: Record, *made: Correction) -> list[int]:
    with record.write() as store:
        return [store.corrections.add(each).seq for each in made]


def stands(record: Record, transcript: int, upto: int | None = None) -> str | None:
    """The first title of a transcript's label, or why there is none."""
    with record.read() as store:
        found = store.labels.of(transcript, store.watermark() if upto is None else upto)
    return found.chapters[0].title.split()[0] if isinstance(found, Label) else found


def test_a_retract_takes_out_what_it_names_whoever_gave_it(record: Record) -> None:
    seq = add(record)
    ann, bob = correct(
        record, correction(seq, chapters(0, by="Same"), "ann"), correction(seq, chapters(0, by="Same"), "bob")
    )
    with record.write() as store:
        first = store.corrections.retract(bob, "carol", "wrong talk")
        assert store.corrections.retract(bob, "dora", "again") == replace(first, new=False)
    with record.read() as store:
        label = store.labels.of(seq, store.watermark())
        assert isinstance(label, Label) and label.correction == ann
        assert (
            store.corrections.read(first.seq).why == "wrong talk"
            and store.corrections.read(first.seq).supersedes == bob
        )
    with record.write() as store:
        store.corrections.retract(ann, "ann", "mine too")
    assert (stands(record, seq), stands(record, seq, bob)) == ("withdrawn", "Same")


def test_what_was_superseded_does_not_come_back(record: Record) -> None:
    seq = add(record)
    _, newer = correct(record, correction(seq, chapters(0, by="Old")), correction(seq, chapters(0, by="New")))
    with record.write() as store:
        store.corrections.retract(newer, "ann", "no")
    assert stands(record, seq) == "withdrawn"
    correct(record, correction(seq, chapters(0, by="Newest")))
    assert stands(record, seq) == "Newest"


def test_a_retract_of_another_s_leaves_the_retracter_s_own_alone(record: Record) -> None:
    seq = add(record)
    ann, _ = correct(
        record, correction(seq, chapters(0, by="Ann"), "ann"), correction(seq, chapters(0, by="Bob"), "bob")
    )
    with record.write() as store:
        store.corrections.retract(ann, "bob", "no")
    assert stands(record, seq) == "Bob"
    correct(record, correction(seq, chapters(0, by="Better"), "bob"))
    assert stands(record, seq) == "Better", "and a later one supersedes it as before"


def test_a_retraction_stays(record: Record) -> None:
    seq = add(record)
    (given_one,) = correct(record, correction(seq, chapters(0)))
    with record.write() as store:
        taken = store.corrections.retract(given_one, "ann", "no").seq
    with pytest.raises(Refused, match="retraction"), record.write() as store:
        store.corrections.retract(taken, "ann", "yes after all")
    with record.write() as store:
        assert not store.corrections.add(correction(seq, chapters(0))).new, "importing it again changes nothing"
    assert stands(record, seq) == "withdrawn"
    with pytest.raises(NotFound), record.read() as store:
        store.corrections.find("no such")


def test_a_correction_is_found_by_number_and_by_identity(record: Record) -> None:
    made = correction(add(record), chapters(0))
    (seq,) = correct(record, made)
    with record.read() as store:
        assert store.corrections.find(str(seq)) == store.corrections.find(made.identity[:12]) == seq
        assert store.corrections.read(seq) == made


# what one edit yields --------------------------------------------------------------------------------------------


def test_one_edit_yields_a_target_and_a_pair(record: Record) -> None:
    seq = add(record)
    with record.write() as store:
        answered = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", chapters(0, by="Said"))).seq
        store.corrections.add(correction(seq, chapters(0, 20, by="Right"), prediction=answered))
        upto = store.watermark()
        (label,), (pair,) = store.labels.between(0, upto), store.labels.preferences(0, upto)
        assert label.chapters == pair.chosen == chapters(0, 20, by="Right")
        assert (pair.rejected, pair.model) == (chapters(0, by="Said"), "m" * 64)
        assert store.labels.preferences(upto, upto) == []


@pytest.mark.parametrize("kind", ["accept", "reject", "edit"])
def test_an_answer_left_as_it_was_yields_no_pair(record: Record, kind: Kind) -> None:
    seq = add(record)
    said = chapters(0, by="Said")
    with record.write() as store:
        answered = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", said)).seq
        store.corrections.add(correction(seq, () if kind == "reject" else said, kind=kind, prediction=answered))
        assert store.labels.preferences(0, store.watermark()) == []


def test_nothing_is_learnt_from_a_dispute_until_it_is_decided(record: Record) -> None:
    seq = add(record)
    with record.write() as store:
        answered = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", chapters(0, by="Said"))).seq
        for name in ("ann", "bob"):
            made = correction(seq, chapters(0, by=name), name, prediction=answered)
            chosen = store.corrections.add(made).seq
        upto = store.watermark()
        assert store.labels.between(0, upto) == store.labels.preferences(0, upto) == []
        store.corrections.adjudicate(seq, chosen, "carol")
        (pair,) = store.labels.preferences(0, store.watermark())
        assert (pair.chosen, pair.rejected) == (chapters(0, by="bob"), chapters(0, by="Said"))
        assert store.labels.between(0, upto) == [], "as of before, it is a dispute for ever"


# whatever comes later ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lasting(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return empty, tmp_path_factory.mktemp("histories")


_serial = iter(range(1_000_000))


def fresh(place: tuple[Path, Path]) -> tuple[Record, Path]:
    folder = place[1] / str(next(_serial))
    folder.mkdir()
    shutil.copyfile(place[0], folder / "errata.db")
    return Record(f"sqlite:///{folder / 'errata.db'}", folder / "blobs"), folder


def go_on(store: Store, random: Random, steps: int) -> None:
    """Edits, accepts and rejects by three people, retractions of anything, adjudications, appointments."""
    for step in range(steps):
        transcript, name = random.randint(1, 3), random.choice(("ann", "bob", "eve"))
        kind: Kind = random.choice(("edit", "edit", "accept", "reject"))
        right = () if kind == "reject" else chapters(0, 10.0 * random.randint(1, 2))
        chance = random.random()
        events = [seq for seq in range(4, store.watermark() + 1) if _is_correction(store, seq)]
        try:
            if chance < 0.6 or not events:
                made = correction(transcript, right, name, kind)
                store.corrections.add(replace(made, identity=f"{store.watermark()} {step} {random.random()}"))
            elif chance < 0.8:
                store.corrections.retract(random.choice(events), name, "no")
            elif chance < 0.97:
                store.corrections.adjudicate(transcript, chapters(0, 30.0), "carol")
            else:
                store.reviewers.appoint("carol", "adjudicator", "carol")
        except (Refused, NotFound):
            continue


def _is_correction(store: Store, seq: int) -> bool:
    try:
        return store.corrections.read(seq).kind != "retract"
    except NotFound:
        return False


@costly(12)
@given(seed=st.integers(0, 10_000))
def test_a_snapshot_as_of_a_watermark_never_changes_whatever_comes_later(lasting: tuple[Path, Path], seed: int) -> None:
    record, folder = fresh(lasting)
    random = Random(seed)
    with record.write() as store:
        for name in ("a", "b", "c"):
            store.transcripts.add(talk(name, lines=4), "train")
        go_on(store, random, 12)
        mark = store.watermark()
    with record.read() as store:
        then = (
            store.labels.between(0, mark),
            store.conflicts.all(mark),
            store.reviewers.all(mark),
            store.labels.preferences(0, mark),
        )
    snapshot(record, folder / "then", mark)
    with record.write() as store:
        go_on(store, random, 12)
    with record.read() as store:
        assert then == (
            store.labels.between(0, mark),
            store.conflicts.all(mark),
            store.reviewers.all(mark),
            store.labels.preferences(0, mark),
        )
    snapshot(record, folder / "later", mark)
    one, other = ({path.name: path.read_bytes() for path in (folder / name).iterdir()} for name in ("then", "later"))
    assert one == other
    record.close()


@costly(25)
@given(seed=st.integers(0, 10_000))
def test_the_conflicts_of_now_are_found_as_surely_as_those_of_a_watermark(
    lasting: tuple[Path, Path], seed: int
) -> None:
    record, _ = fresh(lasting)
    random = Random(seed)
    with record.write() as store:
        for name in ("a", "b", "c"):
            store.transcripts.add(talk(name, lines=4), "train")
    for _ in range(15):
        with record.write() as store:
            go_on(store, random, 1)
        with record.read() as store:
            assert store.conflicts.transcripts() == store.conflicts.transcripts(store.watermark())
            assert store.conflicts.all() == store.conflicts.all(store.watermark())
    record.close()


_given = st.tuples(
    st.sampled_from(("ann", "bob", "eve")), st.sampled_from(("edit", "accept", "reject")), st.integers(1, 2)
)


@costly(20)
@given(events=st.lists(_given, min_size=2, max_size=4), data=st.data())
def test_the_order_of_import_does_not_change_labels(
    lasting: tuple[Path, Path], events: list[tuple[str, Kind, int]], data: st.DataObject
) -> None:
    """As long as each reviewer's own events keep their order, which is what says which of them counts."""
    own = [[event for event in events if event[0] == name] for name in ("ann", "bob", "eve")]
    orders = [
        order
        for order in permutations(events)
        if [[event for event in order if event[0] == name] for name in ("ann", "bob", "eve")] == own
    ]
    found = set()
    for order in (tuple(events), data.draw(st.sampled_from(orders))):
        record, _ = fresh(lasting)
        seq = add(record)
        with record.write() as store:
            answers = [
                store.predictions.add(Prediction(seq, f"model {n}", "inline@1", chapters(0, 10.0 * n))).seq
                for n in (1, 2)
            ]
            for place, (name, kind, number) in enumerate(order):
                right = () if kind == "reject" else chapters(0, 10.0 * number)
                made = correction(seq, right, name, kind, answers[number - 1])
                store.corrections.add(replace(made, identity=f"{place} {made.identity}"))
            label = store.labels.of(seq, store.watermark())
        found.add(label.chapters if isinstance(label, Label) else label)
        record.close()
    assert len(found) == 1


def test_spaces_and_whole_numbers_are_no_difference(record: Record) -> None:
    seq = add(record)
    correct(
        record,
        correction(seq, (Chapter(0, "In"), Chapter(12, "On  and on")), "ann"),
        correction(seq, (Chapter(0.0, "In "), Chapter(12.0, "On and on")), "bob"),
    )
    assert stands(record, seq) == "In"
