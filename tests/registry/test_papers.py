"""A model's card and bill of materials: functions of what is known, and no place for anybody's marks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest
from huggingface_hub import ModelCard

from errata.database.corrections import SourceCount
from errata.documents.decision import Decision
from errata.documents.metric_values import ModelMean
from errata.documents.params import TARGETS, Target
from errata.documents.stage_reports import MixtureReport
from errata.files import json_text
from errata.inference.artefact import Card
from evaluation.statistics.paired import compare
from registry.papers.bill_of_materials import bill_of_materials
from registry.papers.model_card import model_card
from registry.papers.model_facts import BaseModel, ModelFacts, Training, Verdict
from tests.made_up_decision import RESULT

GAIN = compare([52.0, 61.0, 57.0, 66.0], [50.0, 55.0, 56.0, 60.0], ["a", "b", "c", "d"], seed=1)
TRAINING = Training(
    night="2026-03-01",
    snapshot="5" * 64,
    watermark=120,
    sources={"": SourceCount(1, 1), "talks": SourceCount(20, 31)},
    kept=18,
    mixture=MixtureReport(new=10, replayed=8, examples=30, tokens=9000, labels=700, left_out=0),
    packages={"torch": "2.13.0+cpu", "peft": "0.21.0"},
)
VERDICT = Verdict(
    night="2026-03-01",
    evidence="e" * 64,
    decision=Decision("promote", cause="better", comparison=GAIN, guardrails=(RESULT,)),
    mean=ModelMean(n=40, f1=71.25, low=66.0, high=76.0, precision=70.0),
    champion=ModelMean(n=40, f1=64.0, precision=61.0),
)
FACTS = ModelFacts(
    identity="a" * 64,
    source="c" * 64,
    target="server",
    card=Card("inline", 1536, training_watermark=120),
    files={"model.safetensors": "f" * 64, "errata.json": "d" * 64},
    base=BaseModel("b" * 64, "hub", "google/gemma-3-270m", "9" * 40, "gemma", ("en", "de")),
    training=TRAINING,
    verdict=VERDICT,
    parity=None,
    errata="0.1.0",
)
HOSTILE = "a|b\n| c `d` <script>x</script> [e](javascript:1)"


def test_the_hub_reads_the_head_of_a_card() -> None:
    data = ModelCard(model_card(FACTS)).data
    assert data.base_model == "google/gemma-3-270m" and data.license == "gemma" and data.language == ["en", "de"]
    assert data.library_name == "transformers" and data.base_model_relation == "finetune"
    assert [(result.metric_type, result.metric_value) for result in data.eval_results] == [
        ("f1", 71.25),
        ("precision", 70),
    ]


def test_a_card_says_what_it_was_trained_on_and_what_the_gate_found() -> None:
    text = model_card(FACTS)
    assert f"as the snapshot with the sha256 `{'5' * 64}`" in text and "watermark 120" in text
    assert "| talks | 20 | 31 |" in text and "| imported without a name for their source | 1 | 1 |" in text
    assert "| F1 of chapters | 71.2 (90 % interval 66.0 to 76.0) | 64.0 |" in text
    assert f"the gate said **promote** (evidence `{'e' * 64}`)" in text
    assert "- anchor: passed, +0.3 points of F1" in text
    assert "| Licence of the base | gemma |" in text and "## Limits" in text


@pytest.mark.parametrize(
    ("licence", "head"),
    [("apache-2.0", {"license": "apache-2.0"}), ("Gemma Terms", {"license": "other", "license_name": "Gemma Terms"}),
     ("", {"license": "unknown"})],
)  # fmt: skip
def test_a_licence_is_shown_as_the_hub_knows_it(licence: str, head: dict[str, str]) -> None:
    text = model_card(replace(FACTS, base=replace(FACTS.base, licence=licence)))
    data = ModelCard(text).data.to_dict()
    assert {name: data.get(name) for name in ("license", "license_name") if name in data} == head
    assert ("names no licence" in text) == (licence == "")


def test_day_0_says_that_nobody_trained_it_here() -> None:
    text = model_card(replace(FACTS, source="b" * 64, training=None, verdict=None))
    assert "This is Day-0" in text and "No gate has seen this model" in text and "watermark" not in text
    foreign = model_card(replace(FACTS, training=None, verdict=None))
    assert "what it was trained on is not known here" in foreign


def test_nobodys_words_are_marks() -> None:
    base = replace(FACTS.base, name=HOSTILE, licence=HOSTILE)
    training = replace(TRAINING, sources={HOSTILE: SourceCount(1, 1)}, night=HOSTILE)
    text = model_card(replace(FACTS, base=base, training=training))
    body = text.split("\n---\n", 1)[1]
    assert "<script>" not in body and "\n| c" not in body and " [e](" not in body
    assert ModelCard(text).data.base_model == HOSTILE


@pytest.mark.parametrize("target", [None, *TARGETS])
def test_equal_facts_are_equal_bytes(target: Target | None) -> None:
    facts = replace(FACTS, target=target)
    again = replace(facts, training=replace(TRAINING, packages=dict(reversed(TRAINING.packages.items()))))
    assert model_card(facts) == model_card(again)
    assert json_text(bill_of_materials(facts)) == json_text(bill_of_materials(again))


def test_a_bill_lists_model_base_data_and_packages() -> None:
    bill = bill_of_materials(FACTS)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["serialNumber"].startswith("urn:uuid:")
    model, components = bill["metadata"]["component"], {each["bom-ref"]: each for each in bill["components"]}
    assert {file["name"]: file["hashes"][0]["content"] for file in model["components"]} == dict(FACTS.files)
    assert components["base"]["purl"] == f"pkg:huggingface/google/gemma-3-270m@{'9' * 40}"
    assert components["snapshot"]["hashes"] == [{"alg": "SHA-256", "content": "5" * 64}]
    assert components["pkg:pypi/torch@2.13.0%2Bcpu"]["version"] == "2.13.0+cpu"
    metrics = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert metrics[0] == {
        "type": "f1", "value": "71.25", "confidenceInterval": {"lowerBound": "66.0", "upperBound": "76.0"},
    }  # fmt: skip


@pytest.mark.parametrize("facts", [FACTS, replace(FACTS, training=None, verdict=None)])
def test_every_reference_in_a_bill_is_to_one_thing(facts: ModelFacts) -> None:
    bill = bill_of_materials(facts)
    model = bill["metadata"]["component"]
    defined = [model["bom-ref"], *(each["bom-ref"] for each in (*bill["components"], *model["pedigree"]["ancestors"]))]
    assert len(defined) == len(set(defined))
    named: list[Any] = [
        reference for each in bill["dependencies"] for reference in (each["ref"], *each.get("dependsOn", ()))
    ]
    named += [each["ref"] for each in model["modelCard"]["modelParameters"].get("datasets", ())]
    assert set(named) <= set(defined)


def test_no_path_of_a_machine_stands_in_a_paper() -> None:
    for text in (model_card(FACTS), json_text(bill_of_materials(FACTS))):
        assert str(Path.home()) not in text and gettempdir() not in text
