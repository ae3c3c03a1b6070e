"""Which held-out talk `errata tune` shows."""

from __future__ import annotations

from errata.database.record import Record
from errata.domain.prediction import Prediction
from errata.loop.compare import ModelComparison
from errata.loop.compared_models import ModelDescription
from errata.loop.tune import answered_talks
from tests.made_up_record import chapters, correction, talk


def test_those_that_were_given_to_be_held_out_come_before_what_the_source_has_of_them(record: Record) -> None:
    models = [
        ModelDescription(name, "model", letter * 64, "inline@1", False) for name, letter in (("A", "a"), ("B", "b"))
    ]
    with record.write() as store:
        for name in ("copy", "given", "other", "unasked"):
            seq = store.transcripts.add(talk(name), "anchor").seq
            store.corrections.add(correction(seq, chapters(0, 60)))
            for model in models if name != "unasked" else ():
                store.predictions.add(Prediction(seq, model.model, model.template, chapters(0, 50)))
        labels = store.labels.of_role("anchor", store.watermark())
    comparison = ModelComparison("anchor", 3, 0, *models, {}, None, {}, {}, (), ())
    first = {talk("given").hash, talk("other").hash, talk("unasked").hash}
    shown = [each.transcript.external_id for each in answered_talks(record, labels, comparison, first)]
    assert shown == ["given", "other", "copy"]
    assert [each.transcript.external_id for each in answered_talks(record, labels, comparison)] == sorted(shown)
