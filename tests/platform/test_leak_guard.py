"""The leak guard: copies of a talk are one group however they were edited and in whatever order they came, and nothing
of a held-out group ever trains."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, islice, permutations
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from errata.database import leak_guard
from errata.database.fsck import fsck
from errata.database.leak_guard import FULL
from errata.database.record import Record
from errata.database.tables import BandRow
from errata.domain import twins
from errata.domain.roles import ROLES, Role, strictest
from errata.domain.transcript import Segment, Transcript
from errata.formats import detect
from errata.formats.source_rows import Rejected
from retrain.curate import curate
from retrain.snapshot import snapshot
from tests.examples import costly
from tests.made_up_record import chapters, correction, misheard, shouted, talk
from tests.made_up_rows import facts, names, read_snapshot

Said = list[str]


Edit = Callable[[Said, Random], Said]


FILLERS = ("so", "well", "you", "know", "um", "the", "right", "and", "like", "okay")


def reheard(share: float) -> Edit:
    """Of so many words, three in five are heard as another, one in five is lost, and one has another after it."""

    def edit(said: Said, random: Random) -> Said:
        heard: Said = []
        for word in said:
            change = random.random() / share
            other = random.choice(FILLERS)
            heard += [other] if change < 0.6 else [] if change < 0.8 else [word, other] if change < 1 else [word]
        return heard

    return edit


def repunctuated(said: Said, random: Random) -> Said:
    before, after = ("", "— ", "(", "¿"), ("", ",", ".", " …", "?!")
    return [f"{random.choice(before)}{word.title()}{random.choice(after)}" for word in said]


EDITS: dict[str, Edit] = {
    "the first half is missing": lambda said, _: said[len(said) // 2 :],
    "the second half is missing": lambda said, _: said[: len(said) // 2],
    "three in five are missing": lambda said, _: said[-len(said) * 2 // 5 :],
    "one word in ten was heard otherwise": reheard(0.10),
    "three words in twenty were heard otherwise": reheard(0.15),
    "one word in four was heard otherwise": reheard(0.25),
    "four in five are missing": lambda said, _: said[len(said) // 2 : len(said) * 7 // 10],
    "it was punctuated anew": repunctuated,
    "one in ten was heard otherwise, and a third is missing": lambda said, random: reheard(0.10)(
        said[: len(said) * 2 // 3], random
    ),
}


def copy(original: Transcript, name: str, edit: str, seed: object = 0) -> Transcript:
    said = EDITS[edit](list(twins.words(original.text)), Random(f"{seed} {edit}"))
    lines = [" ".join(said[at : at + 12]) for at in range(0, len(said), 12)]
    segments = tuple(Segment(5.0 * place, 5.0 * place + 4, line) for place, line in enumerate(lines))
    return Transcript(name, segments, 5.0 * len(lines))


def add(record: Record, transcript: Transcript, role: Role = "train") -> int:
    with record.write() as store:
        return store.transcripts.add(transcript, role).seq


def group(record: Record, seq: int) -> set[str]:
    with record.read() as store:
        return set(store.leak_groups.of(seq, store.watermark()).hashes)


@pytest.fixture(scope="module")
def lasting(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Record:
    folder = tmp_path_factory.mktemp("lasting")
    shutil.copyfile(empty, folder / "errata.db")
    return Record(f"sqlite:///{folder / 'errata.db'}", folder / "blobs")


# copies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("first", ["the original", "the copy"])
def test_an_edited_copy_is_found_whichever_came_first(record: Record, edit: str, first: str) -> None:
    original = talk("original", lines=100)
    pair = [original, copy(original, "copy", edit)]
    for each in pair if first == "the original" else pair[::-1]:
        seq = add(record, each)
    other = add(record, talk("other", lines=100))
    assert group(record, seq) == {each.hash for each in pair}
    assert len(group(record, other)) == 1


@pytest.mark.parametrize("lines", [15, 30])
def test_an_excerpt_is_a_twin(record: Record, lines: int) -> None:
    whole = talk("whole", lines=100)
    add(record, whole)
    excerpt = replace(whole, external_id="excerpt", title="A clip", segments=whole.segments[40 : 40 + lines])
    assert group(record, add(record, excerpt)) == {whole.hash, excerpt.hash}


@pytest.mark.parametrize("known_by", ["title", "channel"])
def test_who_shares_a_title_or_a_channel_and_length_is_compared_whatever_the_keys_say(
    record: Record, known_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "KEYS", 0)
    named = {"title": "How tea is made"} if known_by == "title" else {"title": "", "channel": "tea"}
    whole = replace(talk("whole", lines=100), **named)
    heard = replace(misheard(whole, "heard"), duration=whole.duration + 3)
    nameless = copy(whole, "nameless", "one word in ten was heard otherwise")
    other = replace(talk("other", lines=100), **named)
    seqs = [add(record, each) for each in (whole, heard, nameless, other)]
    groups = [{whole.hash, heard.hash}] * 2 + [{nameless.hash}, {other.hash}]
    assert [group(record, seq) for seq in seqs] == groups


def test_a_length_that_many_talks_of_a_channel_have_is_no_clue(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "KEYS", 0)
    monkeypatch.setattr(leak_guard, "FULL", 5)
    compared: list[bytes] = []
    monkeypatch.setattr(twins, "similarity", lambda _, other: compared.append(other) or 0.0)
    for number in range(8):
        add(record, replace(talk(f"talk {number}", channel="tea"), title=""))
    assert len(compared) == 1 + 2 + 3 + 4


def test_two_talks_with_one_sponsor_at_both_ends_are_no_twins(record: Record) -> None:
    sponsor = talk("sponsor", lines=8).segments
    for number in range(2):
        own = talk(f"own {number}", lines=60).segments
        lines = [segment.text for segment in (*sponsor, *own, *sponsor)]
        segments = tuple(Segment(10.0 * place, 10.0 * place + 9, line) for place, line in enumerate(lines))
        seq = add(record, Transcript(f"talk {number}", segments, 10.0 * len(lines)))
        assert len(group(record, seq)) == 1


@pytest.fixture(scope="module")
def real_talks(shared: Path) -> list[Transcript]:
    folder = shared / "data" / "talks"
    if not folder.is_dir():
        pytest.skip("the real talks (../shared/data/talks) are not here")
    found = [arrival.transcript for arrival in detect.transcripts(folder).rows if not isinstance(arrival, Rejected)]
    assert len(found) == 100
    return found


def test_the_real_talks_have_no_twins_and_each_edited_copy_finds_its_own(
    record: Record, real_talks: list[Transcript]
) -> None:
    seqs = [add(record, each) for each in real_talks]
    with record.read() as store:
        assert store.counts()["leak_links"] == 0
    for place, edit in enumerate(EDITS):
        for number, original in enumerate(real_talks[place :: len(EDITS)]):
            edited = copy(original, f"copy {place} {number}", edit, original.external_id)
            found = group(record, add(record, edited))
            assert found == {original.hash, edited.hash}, (original.external_id, edit)
    assert len({tuple(sorted(group(record, seq))) for seq in seqs}) == 100


def test_every_edit_of_a_real_talk_is_near_its_own_and_no_other(real_talks: list[Transcript]) -> None:
    signed = [twins.signature(each.text) for each in real_talks]
    assert max(twins.similarity(one, other) for one, other in combinations(signed, 2)) < 0.1
    for edit in EDITS:
        for original, own in islice(zip(real_talks, signed, strict=True), 0, None, 3):
            edited = twins.signature(copy(original, "copy", edit, original.external_id).text)
            assert twins.similarity(edited, own) >= twins.NEAR, (original.external_id, edit)
            assert set(twins.bands(edited)) & set(twins.bands(own)), (original.external_id, edit)


def test_words_that_all_talks_begin_with_join_none_and_fill_no_index(record: Record) -> None:
    opening = talk("opening", lines=6).segments
    made = []
    for number in range(FULL + 15):
        own = talk(f"own {number}", lines=30)
        segments = opening + tuple(replace(s, start=s.start + 60, end=s.end + 60) for s in own.segments)
        made.append(replace(own, segments=segments, duration=360.0))
    seqs = [add(record, each) for each in made]
    assert all(group(record, seq) == {each.hash} for seq, each in zip(seqs, made, strict=True))
    with record.look() as (session, _):
        entries = sa.select(sa.func.count()).select_from(BandRow).group_by(BandRow.band)
        assert max(session.scalars(entries)) == FULL
    late = copy(made[-1], "late", "one word in ten was heard otherwise")
    assert group(record, add(record, late)) == {made[-1].hash, late.hash}


def test_a_place_that_a_forgotten_talk_leaves_in_a_full_key_is_taken_by_the_next(either: Record) -> None:
    copies = [shouted(talk("original", lines=20), f"copy {number}") for number in range(FULL + 3)]
    for each in copies:
        add(either, each)
    for forgotten in ("copy 0", "copy 7"):
        with either.write() as store:
            store.tombstones.record_deletion(forgotten, "ann", "asked")
        assert not fsck(either).problems
    with either.look() as (session, _):
        places = set(session.scalars(sa.select(BandRow.transcript)))
    assert len(places) == FULL


def test_more_copies_than_the_index_has_room_for_are_one_group(record: Record) -> None:
    original = talk("original", lines=20)
    copies = [shouted(original, f"copy {number}") for number in range(FULL + 10)]
    last = [add(record, each) for each in (original, *copies)][-1]
    assert len(group(record, last)) == FULL + 11


# order and roles -----------------------------------------------------------------------------------------------------

_serial = iter(range(1_000_000))


def family(salt: str) -> list[Transcript]:
    """Five of one group, held together by an id, by words and by nearly the same words; and two of none."""
    first = talk(f"{salt} first", lines=40)
    renamed = replace(talk(f"{salt} unlike", lines=40), external_id=first.external_id)
    return [
        first,
        renamed,
        shouted(renamed, f"{salt} third"),
        misheard(first, f"{salt} fourth"),
        copy(renamed, f"{salt} fifth", "the first half is missing"),
        talk(f"{salt} alone", lines=40),
        talk(f"{salt} other", lines=40),
    ]


@costly(10)
@given(
    declared=st.tuples(*[st.sampled_from(ROLES)] * 7),
    orders=st.lists(st.permutations(range(7)), min_size=2, max_size=3, unique_by=tuple),
    nights=st.integers(1, 7),
)
def test_groups_and_roles_are_the_same_in_whatever_order_and_portions_they_came(
    lasting: Record, declared: tuple[Role, ...], orders: list[list[int]], nights: int
) -> None:
    for order in orders:
        members = family(f"example {next(_serial)}")
        seqs: dict[int, int] = {}
        for begin in range(0, 7, nights):
            with lasting.write() as store:
                for place in order[begin : begin + nights]:
                    seqs[place] = store.transcripts.add(members[place], declared[place]).seq
        with lasting.read() as store:
            groups = [store.leak_groups.of(seqs[place], store.watermark()) for place in range(7)]
        assert len(set(groups[:5])) == 1
        assert set(groups[0].hashes) == {member.hash for member in members[:5]}
        assert groups[0].role == strictest(declared[:5])
        assert [(set(alone.hashes), alone.role) for alone in groups[5:]] == [
            ({members[5].hash}, declared[5]),
            ({members[6].hash}, declared[6]),
        ]


def test_all_orders_of_a_chain_give_one_group(lasting: Record) -> None:
    for serial, order in enumerate(permutations(range(4))):
        members = family(f"chain {serial}")[:4]
        seqs = [add(lasting, members[place]) for place in order]
        assert all(group(lasting, seq) == {member.hash for member in members} for seq in seqs)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("role", ["dev", "anchor", "sealed"])
def test_a_late_copy_of_a_held_out_talk_never_trains(record: Record, tmp_path: Path, edit: str, role: Role) -> None:
    held_out = talk("held out", lines=60)
    add(record, held_out, role)
    late = add(record, copy(held_out, "late", edit), "train")
    add(record, talk("open", lines=60), "train")
    with record.write() as store:
        for seq in (late, 1):
            store.corrections.add(correction(seq, chapters(0, 30)))
        store.corrections.add(correction(store.transcripts.find("open"), chapters(0, 30)))
        watermark = store.watermark()
        assert {label.external_id: label.role for label in store.labels.between(0, watermark)} == {
            "held out": role,
            "late": role,
            "open": "train",
        }
        assert [label.external_id for label in store.labels.of_role(role, watermark)] == ["late", "held out"]
        assert [label.external_id for label in store.labels.of_role("train", watermark)] == ["open"]
    snapshot(record, tmp_path / "snapshot", watermark)
    kept, left_out = curate(facts(read_snapshot(tmp_path / "snapshot")))
    assert names(kept) == ["open"]
    assert {entry.external_id for entry in left_out} == {"held out", "late"}


def test_a_talk_whose_copy_was_trained_on_before_is_known_by_it(record: Record) -> None:
    """By the copy's hash, which a model names among what it has seen, so that it is never scored on the talk."""
    trained = talk("trained on", lines=40)
    with record.write() as store:
        seq = store.transcripts.add(trained, "train").seq
        store.corrections.add(correction(seq, chapters(0, 30)))
        (before,) = store.labels.between(0, store.watermark())
        late = store.transcripts.add(copy(trained, "held out", "the first half is missing"), "sealed").seq
        store.corrections.add(correction(late, chapters(0, 30)))
        labels = store.labels.between(0, store.watermark())
    assert before.role == "train"
    assert [label.role for label in labels] == ["sealed", "sealed"]
    assert all(trained.hash in label.group_hashes for label in labels)
