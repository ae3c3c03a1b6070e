"""The one place that knows what the files between the areas are called.

In the workspace's root stand what the stages write; a night's own copies lie in `nights/<label>/`.
"""

from __future__ import annotations

from pathlib import Path

# the workspace's root
PARAMS, PIPELINE, PIPELINE_LOCK, NIGHT = "params.yaml", "dvc.yaml", "dvc.lock", "night.yaml"
TRAINING = "train.json"
DAY0 = "day0.json"
"""What `errata init` saw of the model that it was given; the embedded one has none."""
LOSS, METRICS, DAY_N = "loss.csv", "metrics.json", "day_n.json"
"""For `dvc plots show` and `dvc metrics show`; nothing of ours reads them."""

PREFLIGHT = Path("work/preflight.json")
"""What the last training was about to cost."""
LAST_DRIFT = Path("work/drift.json")
"""What the newest look at drift has found."""
ABLATION_RUNS, SWEEP_RUNS = Path("work/ablation"), Path("work/sweep")
"""A file for each training that was tried and scored, and a folder for what one is at that was cut short."""

# the stages' folders, in the order of the pipeline
SNAPSHOT, CURATED, AUGMENTED = Path("data/snapshot"), Path("data/curated"), Path("data/augmented")
MIXTURE, CANDIDATE, SCORES = Path("data/mix"), Path("candidate"), Path("scores")
EXPORTS, PARITY_FOLDER = Path("exports"), Path("parity")

ROW_MEMO = Path("work/rows")
"""What stages have found of rows, so that a night looks at new ones alone; no output of theirs."""

# what lies in them
MANIFEST, ROWS, LEFT_OUT, STAGE_REPORT, TRAINING_ROWS = (
    "manifest.json",
    "rows.parquet",
    "left_out.jsonl",
    "report.json",
    "train.parquet",
)
FEATURES = "features"
"""The features store: the workspace's own, and beside rows that name frames the shards that they are trained from."""
SUSPECTS = "suspects.jsonl"
NO_CANDIDATE = "nothing.json"
"""Stands in place of a candidate on a night that trains none, and says why."""
ITEMS, EVALUATION = "items.parquet", "evaluation.json"
CALIBRATION = "calibration.json"
AGREEMENT, UNBUILT = "agreement.json", "unbuilt.json"
"""Beside the exports."""

# a night's folder besides
CURATION_COPY, MIXTURE_COPY = "curated.json", "mix.json"
NIGHT_TIMING, SEEDS, ABLATION = "took.json", "seeds.json", "ablation.json"
CANDIDATE_CHOICE = "candidates.json"
"""Of a night that made several."""
ALIAS_CHECK = "aliases.json"
DRIFT = "drift.json"
PUBLISHED = "published"
"""Stands in a night's folder once MLflow and git know of it."""
REPORT_PAGE, REPORT_SUMMARY, REPORT_DOCUMENT = "report.html", "report.md", "report.json"
REPORT_FILES = (REPORT_PAGE, REPORT_SUMMARY, REPORT_DOCUMENT)


def certificate_file(target: str, evidence: str) -> str:
    """Of an export of a model that was promoted, by the evidence record that it lies beside."""
    return f"certificate-{target}-{evidence[:16]}.json"


def parity_file(contender: str) -> str:
    """What was measured of a contender's exports."""
    return "parity.json" if contender == "candidate" else f"{contender}-parity.json"


def judging_file(contender: str) -> str:
    """What the judges said of a contender before the gate decided."""
    return "judges.json" if contender == "candidate" else f"{contender}-judges.json"


def later_judging_file(contender: str) -> str:
    """What judges said once the gate had decided: the gate's evidence names the other file by its hash."""
    return f"asked-{judging_file(contender)}"
