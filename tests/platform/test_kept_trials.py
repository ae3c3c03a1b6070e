"""What a trial has found is kept, one that was cut short goes on, and two processes don't make the same one at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from errata.documents.document import Document
from errata.loop import kept_trials
from errata.loop.kept_trials import kept_trial


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundF1(Document):
    f1: float


def never(room: Path) -> FoundF1:
    raise AssertionError("it was made already")


def test_what_was_cut_short_goes_on_in_its_folder_and_what_has_ended_is_read(tmp_path: Path) -> None:
    path = tmp_path / "work" / "a trial.json"

    def killed(room: Path) -> FoundF1:
        (room / "checkpoint").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept_trial(FoundF1, path, killed)
    found = kept_trial(FoundF1, path, lambda room: FoundF1(f1=float((room / "checkpoint").read_text() == "half")))
    assert kept_trial(FoundF1, path, never) == found == FoundF1(f1=1.0)
    assert list(path.parent.iterdir()) == [path]


def test_who_wants_what_another_process_is_making_waits_and_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, begun, waits, said = tmp_path / "a trial.json", Event(), Event(), list[str]()

    def slow(room: Path) -> FoundF1:
        begun.set()
        assert waits.wait(60)
        return FoundF1(f1=0.5)

    monkeypatch.setattr(kept_trials, "note", lambda sentence: (said.append(sentence), waits.set()))
    with ThreadPoolExecutor() as threads:  # a lock is a descriptor's, and so is each thread's as a process's would be
        first = threads.submit(kept_trial, FoundF1, path, slow)
        assert begun.wait(60)
        assert kept_trial(FoundF1, path, never) == first.result() == FoundF1(f1=0.5)
    assert said == [f"another process works at the same trial, in {path.with_suffix('')}; waiting for what it finds"]
    assert list(tmp_path.iterdir()) == [path]
