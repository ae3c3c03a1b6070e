"""Which transcripts nobody has reviewed may be judged: as of a watermark, one a leak group, drawn by a seed."""

from __future__ import annotations

from errata.database.record import Record
from evaluation.items import unreviewed
from tests.made_up_answers import corrected, mark
from tests.made_up_record import chapters, correction, misheard, shouted, talk

NOTHING = frozenset[str]()


def waiting(record: Record, *names: str, role: str = "train") -> list[int]:
    with record.write() as store:
        return [store.add_transcript(talk(name), role).seq for name in names]


def said_of(record: Record, seq: int, **how: str) -> None:
    with record.write() as store:
        store.add_correction(correction(seq, chapters(0, 50), **how))


def test_only_talks_for_training_of_which_nothing_was_said(record: Record) -> None:
    free = waiting(record, "one", "two", "three")
    reviewed = corrected(record, ["reviewed"])
    for role in ("dev", "anchor", "sealed"):
        waiting(record, f"a {role}", role=role)
    (came_with_chapters, rejected, twin_of_sealed) = waiting(record, "with chapters", "rejected", "twin")
    said_of(record, came_with_chapters, reviewer="", kind="reference")
    said_of(record, rejected, kind="reject")
    with record.write() as store:
        store.add_transcript(misheard(talk("twin"), "twin, sealed"), "sealed")
    found = unreviewed(record, mark(record), NOTHING, "7", 99)
    assert sorted(found) == free
    assert not {*reviewed, came_with_chapters, rejected, twin_of_sealed} & set(found)


def test_what_a_model_has_seen_a_copy_of_is_left_out_and_a_talk_counts_once(record: Record) -> None:
    one, two = waiting(record, "one", "two")
    with record.write() as store:
        copy = store.add_transcript(shouted(talk("two"), "two again")).seq
        hashes = [store.transcript_hash(seq) for seq in (one, copy)]
    assert unreviewed(record, mark(record), frozenset(hashes[:1]), "7", 99) in ([two], [copy])
    assert unreviewed(record, mark(record), frozenset(hashes[1:]), "7", 99) == [one], "of the same leak group"


def test_it_is_as_of_the_watermark(record: Record) -> None:
    """A night that is finished later draws what it would have drawn then."""
    waiting(record, *(f"t{number}" for number in range(12)))
    upto = mark(record)
    first = unreviewed(record, upto, NOTHING, "7", 6)
    said_of(record, first[2])
    waiting(record, "late")
    with record.write() as store:
        store.add_transcript(misheard(talk("t3"), "t3, sealed later"), "sealed")
    assert unreviewed(record, upto, NOTHING, "7", 6) == first
    assert first[2] not in unreviewed(record, mark(record), NOTHING, "7", 99)


def test_a_draw_is_random_repeats_and_keeps_its_order(record: Record) -> None:
    """Where one is reviewed, the others stay in place: their answers are known already."""
    seqs = waiting(record, *(f"t{number}" for number in range(30)))
    upto = mark(record)

    def drawn(draw: str, most: int, seen: frozenset[str] = NOTHING) -> list[int]:
        return unreviewed(record, upto, seen, draw, most)

    assert drawn("7 a", 10) == drawn("7 a", 10) == drawn("7 a", 30)[:10]
    assert sorted(drawn("7 a", 30)) == seqs != drawn("7 a", 30)
    assert drawn("7 a", 10) != drawn("7 b", 10) != drawn("8 b", 10)
    with record.read() as store:
        gone = frozenset({store.transcript_hash(drawn("7 a", 30)[4])})
    assert drawn("7 a", 9, gone) == [seq for place, seq in enumerate(drawn("7 a", 10)) if place != 4]
    assert drawn("7 a", 0) == []


def test_a_draw_depends_on_nothing_but_its_seed(record: Record) -> None:
    """Every transcript comes first now and then: neither the oldest nor the newest are favoured."""
    seqs = waiting(record, *(f"t{number}" for number in range(8)))
    firsts = [unreviewed(record, mark(record), NOTHING, f"{seed} a", 1)[0] for seed in range(120)]
    assert all(3 <= firsts.count(seq) <= 35 for seq in seqs)
