"""Who may decide, how far reviewers are trusted, and how much one of them can put into a night."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from typer.testing import CliRunner

from errata.cli.app import app
from errata.database.record import Record
from errata.database.store import Store
from errata.documents.file_names import PARAMS
from errata.documents.params import CurateParams, read_params
from errata.domain.correction import Label
from errata.domain.reviewer import PROBATION_FLOOR, PROBATION_ITEMS, AgreementCount, on_probation
from errata.errors import BadInput, Refused
from errata.settings import FILE
from retrain.curate import cap_reviewers
from retrain.snapshot import read_manifest, snapshot
from retrain.training_rows import TrainingRow
from tests.made_up_params import write_params
from tests.made_up_record import chapters, correction, talk


def dispute(store: Store, name: str, right: str, wrong: str, decided: bool = True) -> int:
    """A talk on which two differ, decided for one of them by carol."""
    seq = store.transcripts.add(talk(name, lines=3), "train").seq
    chosen = store.corrections.add(correction(seq, chapters(0, by=right), right)).seq
    store.corrections.add(correction(seq, chapters(0, by=wrong), wrong))
    if decided:
        store.corrections.adjudicate(seq, chosen, "carol")
    return seq


def agreement_in(record: Record) -> dict[str, AgreementCount]:
    with record.read() as store:
        return store.reviewers.agreement(store.watermark())


@given(agreed=st.integers(0, 200), differed=st.integers(0, 200))
def test_trust_is_the_beta_posterior(agreed: int, differed: int) -> None:
    trust = AgreementCount(agreed, differed).trust()
    posterior = stats.beta(1 + agreed, 1 + differed)
    assert trust.mean == pytest.approx(posterior.mean())
    assert (trust.low, trust.high) == pytest.approx(posterior.interval(0.9), abs=1e-9)
    assert trust.low < trust.mean < trust.high


def test_adjudicated_items_say_who_was_right(record: Record) -> None:
    with record.write() as store:
        for number in range(3):
            dispute(store, f"t{number}", "ann", "bob")
        dispute(store, "other", "bob", "ann")
        dispute(store, "open", "ann", "bob", decided=False)
    assert agreement_in(record) == {"ann": AgreementCount(3, 1), "bob": AgreementCount(1, 3)}


def test_a_merge_that_is_nobody_s_answer_says_nothing_of_anybody(record: Record) -> None:
    with record.write() as store:
        store.corrections.adjudicate(dispute(store, "t", "ann", "bob", decided=False), chapters(0, by="Both"), "carol")
    assert agreement_in(record) == {}


def test_who_was_wrong_stays_so_after_taking_it_back(record: Record) -> None:
    with record.write() as store:
        seq = dispute(store, "t", "ann", "bob")
        store.corrections.add(correction(seq, (), "bob", "retract"))
    assert agreement_in(record)["bob"] == AgreementCount(0, 1)


def test_an_adjudication_that_is_taken_back_counts_no_more(record: Record) -> None:
    with record.write() as store:
        seq = dispute(store, "t", "ann", "bob")
        label = store.labels.of(seq, store.watermark())
        assert isinstance(label, Label)
        store.corrections.retract(label.correction, "carol", "no")
    assert agreement_in(record) == {}


def test_probation_is_for_want_of_items_or_of_being_right() -> None:
    assert not on_probation(AgreementCount(), "reviewer", tested=False), "nobody is there to test anybody"
    assert on_probation(AgreementCount(PROBATION_ITEMS - 1, 0), "reviewer", tested=True)
    assert not on_probation(AgreementCount(PROBATION_ITEMS, 0), "reviewer", tested=True)
    assert on_probation(AgreementCount(5, 5), "reviewer", tested=False)
    assert AgreementCount(5, 5).trust().low < PROBATION_FLOOR
    assert not on_probation(AgreementCount(), "adjudicator", tested=True)


def test_the_word_of_one_on_probation_does_not_gate_alone(record: Record) -> None:
    with record.write() as store:
        for number in range(PROBATION_ITEMS):
            dispute(store, f"t{number}", "ann", "bob")
        before = store.watermark()
        store.reviewers.appoint("carol", "adjudicator", "ann")
        seqs = {name: store.transcripts.add(talk(name, lines=3), "train").seq for name in ("ann", "new", "two")}
        for name in ("ann", "new"):
            store.corrections.add(correction(seqs[name], chapters(0), name))
        for name in ("new", "newer"):
            store.corrections.add(correction(seqs["two"], chapters(0), name))
        found = {label.external_id: label.corroborated for label in store.labels.between(before, store.watermark())}
        assert found == {"ann": True, "new": False, "two": True}
        assert store.reviewers.on_probation(store.watermark()) == {"bob", "new", "newer"}
        assert store.reviewers.on_probation(before) == {"bob"}, "as of before, nobody tested anybody but on merit"


def test_roles_decide_who_may_decide(record: Record) -> None:
    with record.write() as store:
        seq = dispute(store, "t", "ann", "bob", decided=False)
        store.reviewers.appoint("dora", "adjudicator", "ann")
        with pytest.raises(Refused, match=r"carol is a reviewer .* ask an adjudicator, .* --role adjudicator"):
            store.corrections.adjudicate(seq, chapters(0), "carol")
        with pytest.raises(Refused, match="retract ann's"):
            store.corrections.retract(2, "carol", "no")
        store.corrections.adjudicate(seq, chapters(0), "dora")
        store.corrections.retract(2, "ann", "my own")
        store.reviewers.appoint("olga", "release owner", "ann")
        with pytest.raises(Refused, match="release owner"):
            store.reviewers.appoint("ann", "adjudicator", "dora")
        store.reviewers.appoint("dora", "reviewer", "olga")
        with pytest.raises(Refused):
            store.corrections.adjudicate(seq, chapters(0, by="Else"), "dora")
        assert store.reviewers.roles() == {"dora": "reviewer", "olga": "release owner"}


def test_the_command_prints_and_appoints(record: Record, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("")
    write_params(tmp_path)
    with record.write() as store:
        dispute(store, "t", "ann", "bob")

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["reviewers", "-w", str(tmp_path), *words])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    assert "ann" in run()
    run("--appoint", "olga", "--role", "release-owner", "--by", "ann")
    found = {one["name"]: one for one in json.loads(run("--json"))}
    assert found["olga"]["role"] == "release owner" and not found["olga"]["probation"]
    assert (found["ann"]["agreed"], found["ann"]["adjudicated"], found["ann"]["probation"]) == (1, 1, True)
    assert found["ann"]["trust"] == pytest.approx(2 / 3)
    with pytest.raises(BadInput, match="by is empty"):
        run("--appoint", "eve")
    with pytest.raises(BadInput, match="whom to appoint is empty"):
        run("--appoint", " ", "--role", "release-owner", "--by", "olga")


# the cap ---------------------------------------------------------------------------------------------------------


def row(correction: int, reviewer: str, kind: str = "edit") -> TrainingRow:
    return replace(
        TrainingRow.unlabelled(correction, f"t{correction}", kind),
        correction=correction,
        reviewer=reviewer,
        role="train",
        group=correction,
    )


_rows = st.lists(st.sampled_from(("ann", "bob", "eve", "")), max_size=40).map(
    lambda names: [row(place, name, "edit" if name else "reference") for place, name in enumerate(names, start=1)]
)


@given(rows=_rows, share=st.sampled_from((0.1, 0.3, 0.5)), since=st.integers(0, 20), data=st.data())
def test_nobody_fills_a_night_and_nothing_is_lost(
    rows: list[TrainingRow], share: float, since: int, data: st.DataObject
) -> None:
    caps, probation = CurateParams(share, share), {"ann", "bob", "eve"}
    kept, waiting = cap_reviewers(rows, caps, since, probation)
    new = [each for each in rows if each.correction > since]
    waiting_rows = [row for row in rows if row.transcript in {entry.transcript for entry in waiting}]
    most = max(1, share * len(new) + 1e-9)
    given_now = Counter(each.reviewer for each in kept if each in new and each.reviewer)
    assert all(count <= most for count in given_now.values())
    assert sorted((*kept, *waiting_rows), key=lambda each: each.correction) == rows
    assert all(each.correction > since and each.reviewer for each in waiting_rows)
    for each in waiting_rows:
        assert not [late for late in kept if late.reviewer == each.reviewer and late.correction > each.correction]
    shuffled = data.draw(st.permutations(rows))
    assert cap_reviewers(shuffled, caps, since, probation)[0] == kept


CAPS = CurateParams(reviewer_share=0.5, probation_share=0.1)


def test_probation_is_capped_harder_and_a_lone_reviewer_is_not() -> None:
    both = [row(place, "ann" if place % 2 else "new") for place in range(1, 41)]
    kept, waiting = cap_reviewers(both, CAPS, 0, {"new"})
    assert Counter(each.reviewer for each in kept) == {"ann": 20, "new": 4}
    full = {(entry.reason, entry.detail) for entry in waiting}
    assert full == {("it waits, since its reviewer's share of the night is full", "new")}
    alone = [row(place, "ann") for place in range(1, 11)]
    assert cap_reviewers(alone, CAPS, 0, set()) == (alone, [])
    assert len(cap_reviewers(alone, CAPS, 0, {"ann"})[0]) == 1
    decided = [row(place, "carol", "adjudicate") for place in range(1, 11)]
    assert cap_reviewers([*alone, *decided], CAPS, 0, set())[1] == []


@pytest.mark.parametrize("changes", [{"reviewer_share": 0}, {"reviewer_share": "half"}, {"probation_share": None}])
def test_a_share_that_is_none_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    write_params(tmp_path, curate=changes)
    with pytest.raises(BadInput, match=rf"curate\.{min(changes)}"):
        read_params(tmp_path / PARAMS)


def test_the_snapshot_says_who_was_on_probation(record: Record, tmp_path: Path) -> None:
    with record.write() as store:
        for number in range(PROBATION_ITEMS):
            dispute(store, f"t{number}", "ann", "bob")
        watermark = store.watermark()
    snapshot(record, tmp_path / "s", watermark)
    assert read_manifest(tmp_path / "s").probation == ("bob",)
