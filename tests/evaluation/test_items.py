"""Which items a night is scored on, and which talks that nobody has reviewed may be judged besides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errata.database.record import Record
from errata.documents.outcome import Outcome
from errata.domain.prediction import Prediction
from errata.domain.transcript import Transcript
from errata.inference.artefact import TRAINING_TRANSCRIPTS
from evaluation.items import (
    Item,
    ScoredModel,
    coarse_labels,
    excluded_since,
    fresh_items,
    gathered_items,
    guardrail_items,
    held_out_items,
    relabelled,
    unreviewed_transcripts,
)
from tests.made_up_answers import corrected, mark
from tests.made_up_record import add, chapters, correction, misheard, shouted, talk


def contender(folder: Path, name: str, *seen: Transcript) -> ScoredModel:
    (folder / name).mkdir()
    (folder / name / TRAINING_TRANSCRIPTS).write_text(json.dumps(sorted(each.hash for each in seen)))
    return ScoredModel(name, name * 8, folder / name, 0)


def names(items: list[Item]) -> list[str]:
    return [item.label.external_id for item in items]


# which items are fresh -----------------------------------------------------------------------------------------------


def test_fresh_are_tonight_s_first_corrections_of_talks_for_training(record: Record, tmp_path: Path) -> None:
    add(record, talk("yesterday"), "train", 0)
    again = add(record, talk("again"), "train", 0)
    add(record, talk("only transcribed"))
    after = mark(record)
    for role in ("train", "dev", "anchor", "sealed"):
        add(record, talk(f"a {role}"), role, 0)
    with record.write() as store:
        store.corrections.add(correction(again, chapters(0, 50)))
    upto = mark(record)
    add(record, talk("tomorrow"), "train", 0)
    models = [contender(tmp_path, "champion")]
    assert names(fresh_items(record, after, upto, models)) == ["a train"]
    assert names(fresh_items(record, 0, after, models)) == ["yesterday", "again"]


def test_no_answer_is_held_against_chapters_that_fall_on_one_line(record: Record, tmp_path: Path) -> None:
    add(record, talk("coarse"), "train", 0, 1, 2, 30)
    add(record, talk("fine"), "train", 0, 30)
    add(record, talk("coarse anchor"), "anchor", 0, 1, 2)
    upto, models = mark(record), [contender(tmp_path, "champion")]
    assert names(fresh_items(record, 0, upto, models)) == ["fine"]
    assert names(gathered_items(record, 0, upto, models)) == ["fine"]
    assert guardrail_items(record, upto, models) == []
    assert coarse_labels(record, 0, upto) == 1, "of those that would be fresh"


def test_what_any_model_has_seen_a_copy_of_is_not_fresh(record: Record, tmp_path: Path) -> None:
    for name in ("one", "two", "three", "four"):
        add(record, talk(name), "train", 0)
    add(record, shouted(talk("two"), "two again"), "train")
    upto = mark(record)
    unlinked = misheard(talk("three"), "three, misheard")
    day0, champion = contender(tmp_path, "day0", talk("one")), contender(tmp_path, "champion", unlinked)
    candidate = contender(tmp_path, "candidate", shouted(talk("two"), "two again"))
    assert names(fresh_items(record, 0, upto, [day0])) == ["two", "three", "four"]
    assert names(fresh_items(record, 0, upto, [day0, champion, candidate])) == ["three", "four"]
    add(record, unlinked)
    assert names(fresh_items(record, 0, mark(record), [day0, champion, candidate])) == ["four"]


def test_a_talk_and_its_copy_count_once(record: Record, tmp_path: Path) -> None:
    add(record, talk("one"), "train", 0)
    add(record, shouted(talk("one"), "copy"), "train", 0)
    assert names(fresh_items(record, 0, mark(record), [contender(tmp_path, "day0")])) == ["copy"]


def test_a_copy_that_was_corrected_earlier_makes_a_talk_no_longer_fresh(record: Record, tmp_path: Path) -> None:
    add(record, talk("one"), "train", 0)
    after = mark(record)
    add(record, shouted(talk("one"), "copy"), "train", 0)
    seen = contender(tmp_path, "champion", talk("one"))
    assert names(fresh_items(record, after, mark(record), [seen])) == []


def test_a_talk_that_turns_out_to_be_held_out_is_not_fresh(record: Record, tmp_path: Path) -> None:
    add(record, talk("one"), "train", 0)
    before = mark(record)
    add(record, misheard(talk("one"), "sealed"), "sealed")
    models = [contender(tmp_path, "day0")]
    assert names(fresh_items(record, 0, before, models)) == ["one"]
    assert names(fresh_items(record, 0, mark(record), models)) == []


def test_a_talk_that_was_rejected_first_is_fresh_when_it_is_first_labelled(record: Record, tmp_path: Path) -> None:
    """A reject says what the chapters are not: until they are given, nobody can have been scored."""
    models = [contender(tmp_path, "day0")]
    rejected, redone, retracted = (add(record, talk(name)) for name in ("rejected", "redone", "retracted"))
    with record.write() as store:
        for seq in (rejected, redone, retracted):
            answer = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", chapters(0, 90))).seq
            store.corrections.add(correction(seq, (), kind="reject", prediction=answer))
        store.corrections.add(correction(redone, chapters(0, 50), "bob"))
        store.corrections.retract(store.corrections.add(correction(retracted, chapters(0, 50), "bob")).seq, "bob", "no")
    after = mark(record)
    with record.write() as store:
        for seq in (rejected, redone, retracted):
            store.corrections.add(correction(seq, chapters(0, 60)))
            store.corrections.add(correction(seq, chapters(0, 60), "bob"))
    assert names(fresh_items(record, after, mark(record), models)) == ["rejected"], "the others had been given chapters"


def test_a_talk_that_a_night_has_scored_is_not_fresh_again_after_a_dispute(record: Record, tmp_path: Path) -> None:
    """A dispute within a night's span left it without a label; one that came later took away one that was scored."""
    models = [contender(tmp_path, "day0")]
    scored, disputed = add(record, talk("scored"), "train", 0), add(record, talk("disputed"), "train", 0)
    with record.write() as store:
        store.corrections.add(correction(disputed, chapters(0, 50), "bob"))
    assert names(fresh_items(record, 0, night(record), models)) == ["scored"]
    with record.write() as store:
        store.corrections.add(correction(scored, chapters(0, 50), "bob"))
    after = night(record)
    with record.write() as store:
        for seq in (scored, disputed):
            store.corrections.adjudicate(seq, chapters(0, 70), "carol")
    assert names(fresh_items(record, after, mark(record), models)) == ["disputed"]


# what a challenger gathered while it waited ---------------------------------------------------------------------------


def night(record: Record) -> int:
    """Finishes one; returns as of when it asked for its labels."""
    with record.write() as store:
        label, trained = f"night {len(store.nights.all())}", store.nights.last_gate_watermark()
        row = store.nights.begin(label, trained, store.labels.newest())
        store.nights.finish(Outcome(night=label, verdict="inconclusive"))
        return row.gate_watermark


def given(items: list[Item]) -> dict[str, list[float]]:
    return {item.label.external_id: [chapter.start for chapter in item.label.chapters] for item in items}


def test_an_item_keeps_the_label_by_which_a_night_first_scored_it(record: Record, tmp_path: Path) -> None:
    models = [contender(tmp_path, "day0")]
    one, two = (add(record, talk(name), "train", 0, 40) for name in ("one", "two"))
    first = night(record)
    with record.write() as store:
        store.corrections.add(correction(one, chapters(0, 80)))
        store.corrections.retract(store.labels.between(0, first)[1].correction, "ann", "the wrong talk")
    add(record, talk("three"), "train", 0, 50)
    night(record)
    with record.write() as store:
        store.corrections.add(correction(one, chapters(0, 90)))
    add(record, talk("four"), "train", 0, 60)
    upto = mark(record)
    expected = {"one": [0, 40], "two": [0, 40], "three": [0, 50], "four": [0, 60]}
    items = gathered_items(record, 0, upto, models)
    assert given(items) == expected
    assert given(gathered_items(record, first, upto, models)) == {"three": [0, 50], "four": [0, 60]}
    changed, withdrawn = relabelled(record, items, 0, upto)
    assert (given(changed), withdrawn) == ({"one": [0, 90]}, 1)
    assert two not in {item.label.transcript for item in changed}


def test_a_twin_that_is_found_late_excludes_what_was_scored(record: Record, tmp_path: Path) -> None:
    copy = misheard(talk("seen"), "copy")
    models = [contender(tmp_path, "champion", copy)]
    for name in ("seen", "held out", "twice", "kept"):
        add(record, talk(name), "train", 0, 40)
    first = night(record)
    assert len(gathered_items(record, 0, first, models)) == 4
    add(record, copy)
    add(record, misheard(talk("held out"), "sealed"), "sealed")
    add(record, shouted(talk("twice"), "twice again"), "train", 0, 90)
    upto = mark(record)
    assert given(gathered_items(record, 0, upto, models)) == {"twice": [0, 40], "kept": [0, 40]}, "a talk counts once"
    items = gathered_items(record, 0, upto, models)
    gone = {"seen": [0, 40], "held out": [0, 40]}
    assert given(excluded_since(record, items, 0, upto, models)) == gone
    assert excluded_since(record, items, first, upto, models) == [], "nothing was scored since"


def test_what_was_in_dispute_is_gathered_by_the_label_that_ended_it(record: Record, tmp_path: Path) -> None:
    disputed = add(record, talk("disputed"), "train", 0)
    with record.write() as store:
        store.corrections.add(correction(disputed, chapters(0, 50), "bob"))
    first = night(record)
    models = [contender(tmp_path, "day0")]
    assert gathered_items(record, 0, first, models) == []
    with record.write() as store:
        store.corrections.adjudicate(disputed, chapters(0, 70), "carol")
    night(record)
    with record.write() as store:
        store.corrections.adjudicate(disputed, chapters(0, 80), "carol")
    assert given(gathered_items(record, 0, mark(record), models)) == {"disputed": [0, 70]}


def test_guardrails_are_held_out_and_told_apart_by_who_gave_the_chapters(record: Record, tmp_path: Path) -> None:
    add(record, talk("corrected"), "anchor", 0)
    kept = add(record, talk("as it came"), "anchor")
    add(record, talk("known"), "anchor", 0)
    add(record, talk("for training"), "train", 0)
    add(record, talk("sealed"), "sealed", 0)
    with record.write() as store:
        store.corrections.add(correction(kept, chapters(0), "", "reference"))
    items = guardrail_items(record, mark(record), [contender(tmp_path, "day0", talk("known"))])
    assert {item.label.external_id: item.part for item in items} == {
        "corrected": "anchor",
        "as it came": "retention",
    }


def test_a_label_that_the_guideline_contradicts_is_superseded(record: Record, tmp_path: Path) -> None:
    """The newest label is asked for, and what a person corrected is no longer Day-0's own."""
    seqs = [add(record, talk(name), "anchor") for name in ("kept", "rewritten", "rewritten twice")]
    with record.write() as store:
        for seq in seqs:
            store.corrections.add(correction(seq, chapters(0), "", "reference"))
    asked = {"kept": ("retention", 1), "rewritten": ("anchor", 2), "rewritten twice": ("anchor", 3)}
    with record.write() as store:
        store.corrections.add(correction(seqs[1], chapters(0, 50)))
        store.corrections.add(correction(seqs[2], chapters(0, 50)))
        store.corrections.add(correction(seqs[2], chapters(0, 50, 80)))
    found = guardrail_items(record, mark(record), [contender(tmp_path, "day0")])
    assert {item.label.external_id: (item.part, len(item.label.chapters)) for item in found} == asked


def test_roles_share_no_leak_group(record: Record, tmp_path: Path) -> None:
    for role in ("train", "dev", "anchor", "sealed"):
        add(record, talk(role), role, 0)
        add(record, shouted(talk(role), f"{role} again"), "train", 0)
        add(record, misheard(talk(role), f"{role} misheard"), "dev", 0)
    seen, upto = frozenset[str](), mark(record)
    by_role = {role: held_out_items(record, role, upto, seen) for role in ("dev", "anchor", "sealed")}
    groups = [item.label.group for items in by_role.values() for item in items]
    groups += [item.label.group for item in fresh_items(record, 0, upto, [contender(tmp_path, "day0")])]
    assert len(groups) == len(set(groups)) == 4
    assert {role: len(items) for role, items in by_role.items()} == {"dev": 2, "anchor": 1, "sealed": 1}
    with pytest.raises(ValueError, match="not held out"):
        held_out_items(record, "train", upto, seen)


# talks that nobody has reviewed ---------------------------------------------------------------------------------------

NOTHING = frozenset[str]()


def waiting(record: Record, *names: str, role: str = "train") -> list[int]:
    with record.write() as store:
        return [store.transcripts.add(talk(name), role).seq for name in names]


def said_of(record: Record, seq: int, **how: str) -> None:
    with record.write() as store:
        store.corrections.add(correction(seq, chapters(0, 50), **how))


def test_only_talks_for_training_of_which_nothing_was_said(record: Record) -> None:
    free = waiting(record, "one", "two", "three")
    reviewed = corrected(record, ["reviewed"])
    for role in ("dev", "anchor", "sealed"):
        waiting(record, f"a {role}", role=role)
    (came_with_chapters, rejected, twin_of_sealed) = waiting(record, "with chapters", "rejected", "twin")
    said_of(record, came_with_chapters, reviewer="", kind="reference")
    said_of(record, rejected, kind="reject")
    with record.write() as store:
        store.transcripts.add(misheard(talk("twin"), "twin, sealed"), "sealed")
    found = unreviewed_transcripts(record, mark(record), NOTHING, "7", 99)
    assert sorted(found) == free
    assert not {*reviewed, came_with_chapters, rejected, twin_of_sealed} & set(found)


def test_what_a_model_has_seen_a_copy_of_is_left_out_and_a_talk_counts_once(record: Record) -> None:
    one, two = waiting(record, "one", "two")
    with record.write() as store:
        copy = store.transcripts.add(shouted(talk("two"), "two again")).seq
        hashes = [store.transcripts.hash_of(seq) for seq in (one, copy)]
    assert unreviewed_transcripts(record, mark(record), frozenset(hashes[:1]), "7", 99) in ([two], [copy])
    assert unreviewed_transcripts(record, mark(record), frozenset(hashes[1:]), "7", 99) == [one], (
        "of the same leak group"
    )


def test_it_is_as_of_the_watermark(record: Record) -> None:
    """A night that is finished later draws what it would have drawn then."""
    waiting(record, *(f"t{number}" for number in range(12)))
    upto = mark(record)
    first = unreviewed_transcripts(record, upto, NOTHING, "7", 6)
    said_of(record, first[2])
    waiting(record, "late")
    with record.write() as store:
        store.transcripts.add(misheard(talk("t3"), "t3, sealed later"), "sealed")
    assert unreviewed_transcripts(record, upto, NOTHING, "7", 6) == first
    assert first[2] not in unreviewed_transcripts(record, mark(record), NOTHING, "7", 99)


def test_a_draw_is_random_repeats_and_keeps_its_order(record: Record) -> None:
    """Where one is reviewed, the others stay in place: their answers are known already."""
    seqs = waiting(record, *(f"t{number}" for number in range(30)))
    upto = mark(record)

    def drawn(draw: str, most: int, seen: frozenset[str] = NOTHING) -> list[int]:
        return unreviewed_transcripts(record, upto, seen, draw, most)

    assert drawn("7 a", 10) == drawn("7 a", 10) == drawn("7 a", 30)[:10]
    assert sorted(drawn("7 a", 30)) == seqs != drawn("7 a", 30)
    assert drawn("7 a", 10) != drawn("7 b", 10) != drawn("8 b", 10)
    with record.read() as store:
        gone = frozenset({store.transcripts.hash_of(drawn("7 a", 30)[4])})
    assert drawn("7 a", 9, gone) == [seq for place, seq in enumerate(drawn("7 a", 10)) if place != 4]
    assert drawn("7 a", 0) == []


def test_a_draw_depends_on_nothing_but_its_seed(record: Record) -> None:
    """Every transcript comes first now and then: neither the oldest nor the newest are favoured."""
    seqs = waiting(record, *(f"t{number}" for number in range(8)))
    firsts = [unreviewed_transcripts(record, mark(record), NOTHING, f"{seed} a", 1)[0] for seed in range(120)]
    assert all(3 <= firsts.count(seq) <= 35 for seq in seqs)
