"""What `dvc metrics show` and `dvc exp show` say of a night: its main numbers, and nothing that anything rests on."""

from __future__ import annotations

from errata.documents.evaluation import Evaluation
from errata.files import JsonObject


def dvc_metrics(evaluation: Evaluation) -> JsonObject:
    """F1 in percent on the fresh items, by model, and how far each contender is ahead of the champion, in points; DVC
    shows numbers alone, so what isn't known is left out."""
    f1 = {name: mean.f1 for name, mean in evaluation.means.items()} | {"equal_chapters": evaluation.equal_split_f1}
    gain = {scores.name: scores.primary.effect for scores in evaluation.contenders}
    # + 0.0: DVC would show a zero's sign
    metrics = {
        group: {name: round(value, 2) + 0.0 for name, value in values.items() if value is not None}
        for group, values in (("f1", f1), ("gain", gain))
    }
    return {**metrics, "fresh_items": evaluation.fresh_items}
