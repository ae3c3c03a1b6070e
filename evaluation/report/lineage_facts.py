"""From the record to the candidate: what was read, what was left out, and the hashes by which it is found again."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from errata.documents.decision import leading_decision
from errata.documents.file_names import EVALUATION, ITEMS, MANIFEST, PIPELINE_LOCK
from evaluation.report.content import Fact, NightFiles, Report
from evaluation.report.measures import NAMES

STARTS = {"champion": "from the champion", "base": "from base"}
FILES = {
    MANIFEST: ("Snapshot", "Manifest, SHA-256"),
    PIPELINE_LOCK: ("Pipeline", f"{PIPELINE_LOCK}, SHA-256"),
    EVALUATION: ("Scores", f"{EVALUATION}, SHA-256"),
    ITEMS: ("Scores", f"{ITEMS}, SHA-256"),
}


def lineage(report: Report) -> tuple[Fact, ...]:
    files = report.files
    return (
        *_record(files),
        *_snapshot(files),
        *_curation(files),
        *_mixture(files),
        *_interpolation(files),
        *_movement(files),
        *_models(report),
        *_choice(files),
        *_starts(report),
        *_scores(report),
        *_pipeline(files),
    )


def _record(files: NightFiles) -> Iterator[Fact]:
    if files.night:
        yield Fact("Record", "Training watermark", files.night.training_watermark)
        yield Fact("Record", "Gate watermark", files.night.gate_watermark)


def _snapshot(files: NightFiles) -> Iterator[Fact]:
    if files.manifest:
        yield Fact("Snapshot", "Shards", len(files.manifest.shards))
        yield Fact("Snapshot", "Rows, replaced ones too", files.manifest.rows)
    yield from _hashes(files, "Snapshot")


def _curation(files: NightFiles) -> Iterator[Fact]:
    if files.curation:
        yield Fact("Curated", "Kept", files.curation.kept)
        for reason, count in files.curation.left_out.items():
            yield Fact("Curated", f"Left out: {reason}", count)


def _mixture(files: NightFiles) -> Iterator[Fact]:
    if files.mixture:
        yield Fact("Mix", "Rows from new corrections", files.mixture.new)
        yield Fact("Mix", "Rows the champion has trained on", files.mixture.replayed)
        for alteration, count in files.mixture.altered.items():
            yield Fact("Mix", f"Of these, altered copies: {alteration}", count)
        yield Fact("Mix", "Rows that don’t fit the model", files.mixture.left_out)
        if files.mixture.merged:
            yield Fact("Mix", "Chapters on a line that has one already", files.mixture.merged)
        yield Fact("Mix", "Rows in all", files.mixture.examples)
        yield Fact("Mix", "Tokens", files.mixture.tokens)
        if files.mixture.seen:
            yield Fact("Mix", "Rows that show what is seen or heard", files.mixture.seen)
        if files.mixture.pairs:
            yield Fact("Mix", "Rows with a draft that was changed", files.mixture.pairs)
        if files.mixture.lightest < files.mixture.heaviest:
            span = f"{files.mixture.lightest:.2f} to {files.mixture.heaviest:.2f}"
            yield Fact("Mix", "Weight of a row, 1 on average", span)


def _interpolation(files: NightFiles) -> Iterator[Fact]:
    """How far the candidate lies from the champion, 1 being what was trained."""
    choice = files.training and files.training.interpolation
    if not choice:
        return
    if choice.obstacle:
        yield Fact("Candidate", "Not drawn towards the champion", choice.obstacle)
        return
    yield Fact("Candidate", "Part of the way from the champion to what was trained", f"{choice.alpha:g}")
    yield Fact("Candidate", "Items of dev that it was chosen on", choice.items)
    for way in choice.scores:
        kept = "" if way.energy is None else f", {way.energy:.1%} of the energy kept"
        yield Fact("Candidate", f"F1 on dev at {way.alpha:g}", f"{way.f1:.1f}{kept}")


def _movement(files: NightFiles) -> Iterator[Fact]:
    """In nats a label: what is forgotten later shows here first."""
    moved = files.training and files.training.movement
    if moved:
        of = f"mean KL, nats a label, {moved.windows} windows of dev"
        yield Fact("Candidate", f"Moved from the champion ({of})", f"{moved.from_champion:.3f}")
        yield Fact("Candidate", f"Moved from Day-0 ({of})", f"{moved.from_day0:.3f}")


def _choice(files: NightFiles) -> Iterator[Fact]:
    """Between the candidates of tonight, on the same items of dev."""
    choice = files.choice
    if not choice:
        return
    group = "Continue or retrain"
    yield Fact(group, "Tonight’s candidate goes on", STARTS[choice.taken])
    yield Fact(group, "Items of dev that neither has seen", choice.gain.n)
    for candidate in choice.candidates:
        score = "too few rows" if not candidate.model else "–" if candidate.f1 is None else f"{candidate.f1:.1f} F1"
        yield Fact(group, f"On these, {STARTS[candidate.start]}", score)
    if choice.gain.effect is not None:
        low, high = choice.gain.low, choice.gain.high
        span = "" if low is None or high is None else f" (90 % interval {low:+.1f} to {high:+.1f})"
        yield Fact(group, "From base, against from the champion", f"{choice.gain.effect:+.1f} F1{span}")
    if not choice.is_by_score:
        yield Fact(group, "Not chosen by score", f"at least {choice.least} items and both candidates are wanted")


def _starts(report: Report) -> Iterator[Fact]:
    """Continue or retrain? Each kind of candidate on the nights that made one, once there were both."""
    starts = {start: [night for night in report.nights if night.start == start] for start in STARTS}
    if not all(starts.values()):
        return
    for start, nights in starts.items():
        effects = [night.effect for night in nights if night.effect is not None]
        promoted = sum(night.promoted == "candidate" for night in nights)
        yield Fact("Continue or retrain", f"Candidates {STARTS[start]}", f"{len(nights)}, {promoted} promoted at once")
        if effects:
            yield Fact("Continue or retrain", f"Their mean gain {STARTS[start]}", f"{fmean(effects):+.1f} F1")


def _models(report: Report) -> Iterator[Fact]:
    """Whom the night began with, and whoever contended."""
    night = report.files.night
    named = {"day0": night.day0, "champion": night.champion, "challenger": night.challenger} if night else {}
    named |= {entry.name: entry.model for entry in report.decisions}
    for name, model in named.items():
        if model:
            yield Fact("Models", NAMES.get(name, name), model)


def _scores(report: Report) -> Iterator[Fact]:
    entry = leading_decision(report.decisions)
    yield from _hashes(report.files, "Scores")
    if report.evaluation.coarse:
        yield Fact("Scores", "Left out: chapters fall on a line that has one already", report.evaluation.coarse)
    if entry and entry.evidence:
        yield Fact("Scores", "Evidence record, SHA-256", entry.evidence)


def _pipeline(files: NightFiles) -> Iterator[Fact]:
    if files.night and files.night.code:
        yield Fact("Pipeline", "Installed code, hash", files.night.code)
    yield from _hashes(files, "Pipeline")


def _hashes(files: NightFiles, group: str) -> Iterator[Fact]:
    for file, (of, name) in FILES.items():
        if of == group and file in files.sha256:
            yield Fact(group, name, files.sha256[file])
