"""Each metric for each model on tonight's fresh items, with boundaries and titles apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from errata.documents.metric_values import MessageValues, MetricValues, ModelMean
from errata.domain.task_name import TaskName
from evaluation.metrics.message_score import LOW_PERPLEXITY_IS_GOOD
from evaluation.metrics.score import LOW_IS_GOOD
from evaluation.report.figures import known

NAMES = {"day0": "Day-0", "champion": "Champion", "candidate": "Candidate", "challenger": "Challenger"}
GROUPS: dict[str, dict[str, str]] = {
    "Overlap of chapters": {
        "f1": "F1, %",
        "precision": "Precision, %",
        "recall": "Recall, %",
        "tiou": "tIoU of matched chapters, %",
        "soda_d": "SODA_d: overlap in order, %",
    },
    "Boundaries": {
        "precision_3s": "Precision within 3\u00a0s, %",
        "recall_3s": "Recall within 3\u00a0s, %",
        "precision_5s": "Precision within 5\u00a0s, %",
        "recall_5s": "Recall within 5\u00a0s, %",
        "precision_10s": "Precision within 10\u00a0s, %",
        "recall_10s": "Recall within 10\u00a0s, %",
    },
    "Segmentation": {
        "pk": "Pk, %",
        "windowdiff": "WindowDiff, %",
        "boundary_similarity": "Boundary similarity, %",
        "count_error": "Error in the number of chapters",
    },
    "Answers": {"parsable": "That could be read whole, %"},
    "Titles, where a chapter was found": {
        "title_exact": "Exactly the same, %",
        "title_caseless": "The same but for case, %",
        "title_f1": "Token F1, %",
        "title_similarity": "Similarity in letters, %",
        "cider": "CIDEr",
    },
}
WORDS_SAID = {
    "f1": "F1 of words, %",
    "distinct_1": "Different words, %",
    "distinct_2": "Different pairs of words, %",
}
GROUPS_OF: dict[TaskName, dict[str, dict[str, str]]] = {
    "chapters": GROUPS,
    "chat": {
        "Messages": WORDS_SAID,
        "What viewers wrote, read by the model": {"perplexity": "LM-PPL", "correctness": "LM-Correctness, %"},
        "Answers": GROUPS["Answers"],
    },
    "description": {"Descriptions": WORDS_SAID, "Answers": GROUPS["Answers"]},
}
OTHER = "Others"


@dataclass(frozen=True)
class Measure:
    key: str
    """As in `means` of `evaluation.json`; or `parsable`."""
    title: str
    lower_is_better: bool
    values: tuple[float | None, ...]
    """In the order of `models`."""
    best: tuple[bool, ...]


def models(means: Mapping[str, ModelMean]) -> tuple[str, ...]:
    """The columns; a candidate has one even on a night without, so that its absence is seen."""
    return tuple(name for name in NAMES if name in means or name != "challenger")


def metrics_by_model(
    means: Mapping[str, ModelMean], parsable: Mapping[str, float]
) -> dict[str, dict[str, float | None]]:
    """For every column; nothing of a model that has no items."""
    metrics: dict[str, dict[str, float | None]] = {name: {} for name in models(means)}
    for name in metrics:
        mean = means.get(name)
        if mean is not None and mean.n:
            metrics[name] = _values(mean)
        if name in parsable:
            metrics[name]["parsable"] = parsable[name]
    return metrics


def _values(mean: ModelMean) -> dict[str, float | None]:
    """Of a chat what is known, and of chapters every metric that they have."""
    if mean.perplexity is None and mean.distinct_1 is None:
        return {field.name: getattr(mean, field.name) for field in fields(MetricValues)}
    values = {field.name: getattr(mean, field.name) for field in fields(MessageValues)}
    return {name: value for name, value in values.items() if value is not None}


def measures(
    metrics: Mapping[str, Mapping[str, float | None]], task: TaskName = "chapters"
) -> dict[str, tuple[Measure, ...]]:
    """By group; `metrics` has a column a model. A metric that nobody was scored by has no row; one that no group names
    is not hidden."""
    scored = {key: None for column in metrics.values() for key in column}
    own = GROUPS_OF[task]
    named = {key for rows in own.values() for key in rows}
    groups = {**own, OTHER: {key: key for key in scored if key not in named}}
    measured = {}
    for group, titles in groups.items():
        shown = {key: title for key, title in titles.items() if key in scored}
        if shown:
            values = {key: [column.get(key) for column in metrics.values()] for key in shown}
            measured[group] = tuple(_measure(title, key, values[key]) for key, title in shown.items())
    return measured


def _measure(title: str, key: str, values: list[float | None]) -> Measure:
    """Values that read the same are equally good; where all do, none is marked."""
    finite = [known(value) for value in values]
    read = [None if value is None else round(value, 1) for value in finite]
    lower = key in LOW_IS_GOOD | LOW_PERPLEXITY_IS_GOOD
    best = (min if lower else max)((value for value in read if value is not None), default=None)
    differ = len(set(read) - {None}) > 1
    return Measure(key, title, lower, tuple(finite), tuple(differ and value == best for value in read))
