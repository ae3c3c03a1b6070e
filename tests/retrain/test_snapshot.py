"""Shards that are appended and never rewritten, and say the same whatever came into the record later."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from errata.database.record import Record
from errata.database.store import Store
from errata.domain.prediction import Prediction
from errata.domain.roles import Role
from errata.domain.transcript import Transcript
from errata.errors import BadInput, Refused
from retrain.snapshot import read_manifest, snapshot
from retrain.training_rows import TrainingRow
from tests.made_up_record import chapters, correction, misheard, shouted, talk
from tests.made_up_rows import read_snapshot


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def begin(record: Record) -> int:
    """Two talks with labels, one without."""
    with record.write() as store:
        seqs = [store.transcripts.add(talk(name), "train").seq for name in ("a", "b", "c")]
        for seq in seqs[:2]:
            store.corrections.add(correction(seq, chapters(0, 30)))
        return store.watermark()


def go_on(record: Record) -> int:
    """A twin that is held out, a correction of a correction, an answer, and a new talk."""
    with record.write() as store:
        store.transcripts.add(shouted(talk("a"), "twin"), "anchor")
        store.corrections.add(correction(store.transcripts.find("b"), chapters(0, 60, by="Newer")))
        store.predictions.add(Prediction(1, "m" * 64, "inline@1", chapters(0)))
        store.corrections.add(correction(store.transcripts.add(talk("d"), "train").seq, chapters(10)))
        return store.watermark()


def test_a_row_holds_the_label_and_the_text(record: Record, tmp_path: Path) -> None:
    snapshot(record, tmp_path / "s", begin(record))
    first, second = read_snapshot(tmp_path / "s")
    assert first.read_chapters() == chapters(0, 30)
    assert first.read_transcript() == talk("a")
    assert (first.external_id, first.role, first.group_hashes) == ("a", "train", [talk("a").hash])
    assert (first.kind, first.reviewer, first.altered) == ("edit", "ann", "")
    assert second.external_id == "b" and second.correction > first.correction


def test_a_night_appends_a_shard_and_rewrites_none(record: Record, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    snapshot(record, folder, begin(record))
    before, manifest = files(folder), read_manifest(folder)
    snapshot(record, folder, go_on(record))
    after = files(folder)
    assert {name: after[name] for name in before if name != "manifest.json"}.items() <= before.items()
    assert read_manifest(folder).shards[:1] == manifest.shards
    assert len(after) == 3
    found = {row.external_id: row for row in read_snapshot(folder)}
    assert set(found) == {"a", "b", "d"}
    assert found["a"].role == "anchor", "a twin that is held out takes the row out of training"
    assert found["b"].read_chapters() == chapters(0, 60, by="Newer")


def test_the_record_as_of_a_watermark_has_the_same_bytes_whatever_came_later(record: Record, tmp_path: Path) -> None:
    watermark = begin(record)
    snapshot(record, tmp_path / "then", watermark)
    go_on(record)
    snapshot(record, tmp_path / "later", watermark)
    assert files(tmp_path / "later") == files(tmp_path / "then")


def test_nothing_new_writes_no_shard(record: Record, tmp_path: Path) -> None:
    folder, watermark = tmp_path / "s", begin(record)
    snapshot(record, folder, watermark)
    before = files(folder)
    snapshot(record, folder, watermark)
    assert files(folder) == before
    with record.write() as store:
        later = store.transcripts.add(talk("e")).seq
    snapshot(record, folder, later)
    assert read_manifest(folder) == replace(read_manifest(folder), watermark=later)
    assert files(folder).keys() == before.keys()


def test_an_empty_record_is_a_snapshot_without_rows(record: Record, tmp_path: Path) -> None:
    assert read_snapshot(tmp_path / "s") == []
    snapshot(record, tmp_path / "s", 0)
    assert read_snapshot(tmp_path / "s") == []


def test_it_does_not_go_back(record: Record, tmp_path: Path) -> None:
    watermark = begin(record)
    snapshot(record, tmp_path / "s", watermark)
    before = files(tmp_path / "s")
    with pytest.raises(Refused, match=f"watermark {watermark}, past {watermark - 1}"):
        snapshot(record, tmp_path / "s", watermark - 1)
    assert files(tmp_path / "s") == before


def test_a_run_that_was_cut_short_leaves_nothing_that_counts(record: Record, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    first, second = begin(record), go_on(record)
    snapshot(record, folder, first)
    snapshot(record, tmp_path / "whole", first)
    snapshot(record, tmp_path / "whole", second)
    for name in files(tmp_path / "whole").keys() - {"manifest.json"}:
        shutil.copyfile(tmp_path / "whole" / name, folder / name)
    (folder / "shard.partial").write_bytes(b"half")
    snapshot(record, folder, second)
    assert files(folder) == files(tmp_path / "whole")


def arrive(store: Store, transcript: Transcript, role: Role) -> None:
    """Refused where it came already, under a role that is not as strict."""
    with suppress(BadInput):
        store.transcripts.add(transcript, role)


def random_history(store: Store, random: Random, steps: int) -> None:
    """Talks, twins, corrections by three people, and corrections taken back."""
    said: list[str] = []
    for step in range(steps):
        seq = random.randint(1, max(1, len(said)))
        chance = random.random()
        if not said or chance < 0.25:
            said.append(f"talk {step}")
            # transcripts and corrections share one sequence: names lead back to the transcripts
            arrive(store, talk(said[-1], lines=4), random.choice(("train", "train", "dev")))
        elif chance < 0.45:
            alter = random.choice((shouted, misheard))
            twin = alter(talk(random.choice(said), lines=4), f"twin {step}")
            arrive(store, twin, random.choice(("train", "train", "anchor", "sealed")))
        else:
            transcript = store.transcripts.find(said[seq - 1])
            reviewer = random.choice(("ann", "ann", "bob"))
            kind = random.choice(("edit", "edit", "edit", "retract"))
            right = () if kind == "retract" else chapters(0, 10.0 * random.randint(1, 2))
            made = correction(transcript, right, reviewer, kind)
            store.corrections.add(replace(made, identity=f"step {step}"))


@pytest.mark.parametrize("seed", range(6))
def test_night_by_night_comes_to_the_same_as_all_at_once(record: Record, tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    marks = []
    for _ in range(4):
        with record.write() as store:
            random_history(store, random, 12)
            marks.append(store.watermark())
        snapshot(record, tmp_path / "nightly", marks[-1])
    snapshot(record, tmp_path / "at once", marks[-1])

    def of(folder: Path) -> list[TrainingRow]:
        return read_snapshot(tmp_path / folder)

    assert of(Path("nightly")) == of(Path("at once"))
    assert any(row.correction for row in of(Path("nightly")))


def test_a_row_holds_the_draft_that_was_shown_and_changed(record: Record, tmp_path: Path) -> None:
    with record.write() as store:
        for name, kind, draft_by, shown in (
            ("changed", "edit", "m" * 64, chapters(0)),
            ("blind", "edit", "", chapters(0)),
            ("as it was", "edit", "m" * 64, chapters(0, 30)),
            ("accepted", "accept", "m" * 64, chapters(0, 30)),
            ("not known", "edit", None, chapters(0)),
        ):
            seq = store.transcripts.add(talk(name), "train").seq
            drafted = store.predictions.add(Prediction(seq, "m" * 64, "inline@1", shown))
            said = replace(correction(seq, chapters(0, 30)), kind=kind, prediction=drafted.seq, draft_by=draft_by)
            store.corrections.add(said)
    snapshot(record, tmp_path / "s", 1000)
    rows = {row.external_id: row for row in read_snapshot(tmp_path / "s")}
    assert rows["changed"].read_draft() == rows["not known"].read_draft() == chapters(0)
    assert [rows[name].draft for name in ("blind", "as it was", "accepted")] == ["", "", ""]
    assert [rows[name].draft_by[:1] for name in ("changed", "blind", "as it was", "accepted")] == ["m", "", "m", "m"]
