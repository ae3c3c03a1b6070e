"""The whole loop on the sample days: what `make loop` runs."""

from __future__ import annotations

from pathlib import Path

from errata.demo import days
from errata.demo.material import Share
from errata.documents.outcome import Outcome
from errata.loop.init import init
from errata.loop.night import run_night
from errata.operations.importing import import_corrections, import_transcripts
from errata.operations.predicting import predict
from errata.operations.review_tasks import write_tasks
from errata.progress import note, progress_bar
from errata.wording.counts import counted
from errata.wording.night_sentences import night_reason
from errata.workspace import Workspace


def demo(root: Path, placebo: bool = False) -> list[Outcome]:
    """Turns the loop once per sample day, as a team would live it; returns the nights' outcomes.

    Each day's talks arrive, the champion chapters them, reviewers correct what they are shown, the night runs. An
    interrupted demo goes on where it stopped. `placebo` permutes each day's corrections between its talks: then nothing
    may be promoted.
    """
    note(f"making the workspace {root}")
    workspace = init(root)
    samples = workspace.root / "samples"
    days.write(samples)
    rejects = workspace.root / "rejects"
    import_transcripts(workspace.record, samples / "retention", rejects, role="anchor")
    return [_day(workspace, samples / day, day, placebo) for day in days.DAYS]


def _day(workspace: Workspace, folder: Path, label: Share, placebo: bool) -> Outcome:
    with workspace.record.read() as store:
        night = store.nights.find(label)
    if night is None:
        rejects = workspace.root / "rejects"
        arrived = import_transcripts(workspace.record, folder, rejects)
        answered = predict(workspace, progress_bar=progress_bar)
        corrected = import_corrections(workspace.record, _review(workspace, folder, label, placebo), rejects)
        talks, reviews = counted(arrived.new, "new talk"), counted(corrected.new, "correction")
        answers = counted(answered.predicted + answered.by_challenger, "prediction")
        blind = corrected.shown.get("blind", 0)
        note(f"{label}: {talks}, {answers} in {answered.seconds:.0f} s, {reviews}, {blind} of them blind")
    outcome = run_night(workspace, label)
    note(f"{label}: {outcome.verdict}. {night_reason(outcome)}")
    return outcome


def _review(workspace: Workspace, folder: Path, day: Share, placebo: bool) -> Path:
    """The day's reviews, of the tasks that reviewers are given; those that are written already, where it was cut short
    afterwards."""
    reviews, tasks = folder / "reviews.jsonl", folder / "tasks.jsonl"
    if not reviews.exists():
        tasks.unlink(missing_ok=True)
        write_tasks(workspace, tasks, "jsonl")
        days.write_reviews(reviews, day, tasks, placebo)
    return reviews
