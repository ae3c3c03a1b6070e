"""Documents between the areas: read back as they were written, and as the version before wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from errata.documents.comparison import Comparison
from errata.documents.document import Document, as_json, from_json, read_document, write_document
from errata.documents.engine_agreement import AnswerAgreement
from errata.documents.evaluation import ContenderScores, ContinualScores, Evaluation, TaughtNight, VintageModel
from errata.documents.metric_values import ModelMean
from errata.documents.params import params_of, read_params
from errata.documents.parity import Parity, ParityReport
from errata.documents.scored_items import ScoredItemRow, read_scored_items, write_scored_items
from errata.documents.snapshot import Shard, SnapshotManifest
from errata.documents.stage_reports import TrainingLog
from errata.errors import BadInput, NotFound
from errata.project_files import project_file

COMPARED = Comparison(4, 2, 61.5, 60.0, 1.5, -0.5, 3.5, 0.2, 1.0, 2.0, 3.0, None)
CONTENDER = ContenderScores(
    name="candidate",
    model="c" * 64,
    watermark=12,
    primary=COMPARED,
    against_day0=COMPARED,
    guardrails={"anchor": COMPARED},
    more_guardrails={"forgetting": COMPARED},
    continual=ContinualScores((TaughtNight(1, "one", 4, 9),), (VintageModel(0, "d"),), ((None,),), {"gem_acc": None}),
)
EVALUATION = Evaluation(
    night="two",
    fresh_items=4,
    accepted=1,
    equal_split_f1=33.3,
    means={"day0": ModelMean(n=4, low=1.0, high=2.0, f1=1.5), "champion": ModelMean()},
    contenders=(CONTENDER,),
)
PARITY = ParityReport(
    {"server": Parity(model="e" * 64, size=12, agreement=AnswerAgreement(100.0, 100.0, None), f1=COMPARED)}
)
MANIFEST = SnapshotManifest(9, (Shard("ab" * 32, 7, 0, 9),), ("bob",))


@pytest.mark.parametrize("document", [EVALUATION, PARITY, MANIFEST, TrainingLog(2, (0.5, 0.25))])
def test_a_document_is_read_back_as_it_was_written(tmp_path: Path, document: Document) -> None:
    write_document(tmp_path / "d.json", document)
    assert read_document(type(document), tmp_path / "d.json", "make it again") == document
    assert json.loads((tmp_path / "d.json").read_text())["version"] == 1


def test_an_evaluation_of_before_is_read() -> None:
    """Without a version, without what came later, and with an empty object where nothing had been taught."""
    older: dict[str, Any] = as_json(EVALUATION)
    for name in ("version", "accepted"):
        del older[name]
    older["means"]["champion"] = {"n": 0}
    contender = older["contenders"][0]
    del contender["more_guardrails"]
    contender["continual"] = {}
    found = from_json(Evaluation, older, "it", "mend it")
    assert found.means == EVALUATION.means
    assert found.contenders[0].primary == COMPARED and found.contenders[0].continual is None
    assert found.contenders[0].all_guardrails == {"anchor": COMPARED}


def test_parity_and_a_manifest_of_before_are_read() -> None:
    assert from_json(ParityReport, as_json(PARITY)["exports"], "it", "mend it") == PARITY
    assert from_json(SnapshotManifest, {"watermark": 3, "shards": []}, "it", "mend it") == SnapshotManifest(3)


def test_what_is_missing_or_newer_or_none_is_said_in_one_sentence(tmp_path: Path) -> None:
    value = as_json(EVALUATION)
    del value["contenders"][0]["primary"]["n"]
    with pytest.raises(BadInput, match=r"^it can't be read at contenders\.0\.primary\.n .*; mend it$"):
        from_json(Evaluation, value, "it", "mend it")
    with pytest.raises(BadInput, match="newer Errata"):
        from_json(Evaluation, {**value, "version": 99}, "it", "mend it")
    with pytest.raises(NotFound, match="make it again"):
        read_document(Evaluation, tmp_path / "none.json", "make it again")
    (tmp_path / "half.json").write_text('{"night":')
    with pytest.raises(BadInput, match="isn't JSON"):
        read_document(Evaluation, tmp_path / "half.json", "make it again")


# items.parquet -------------------------------------------------------------------------------------------------------


def scored(number: int, **changes: Any) -> ScoredItemRow:
    values = {
        "night": "one",
        "part": "fresh",
        "name": "day0",
        "model": "d" * 64,
        "transcript": number,
        "external_id": f"talk {number}",
        "channel": "",
        "length": "short",
        "correction": 100 + number,
        "kind": "edit",
        "reviewer": "ann",
        "f1": 50.0,
        "equal_split_f1": 20.0,
        "reference": "[]",
        "prediction": "[]",
    }
    return ScoredItemRow(**{**values, **changes})


def test_scored_items_are_read_back(tmp_path: Path) -> None:
    rows = [scored(1, cider=12.5), scored(2, problems=("it was not answered",), channel="c")]
    write_scored_items(tmp_path / "scores" / "items.parquet", rows)
    assert read_scored_items(tmp_path / "scores" / "items.parquet") == rows
    write_scored_items(tmp_path / "none.parquet", [])
    assert read_scored_items(tmp_path / "none.parquet") == []


def test_scored_items_of_one_transcript_are_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    write_scored_items(path, [scored(1), scored(2), scored(1, name="day0")])
    assert read_scored_items(path, 1) == [scored(1), scored(1, name="day0")]
    assert read_scored_items(path, 3) == []
    write_scored_items(path, [])
    assert read_scored_items(path, 1) == []


def test_scored_items_of_before_lack_what_came_later_and_nothing_else(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "items.parquet"
    write_scored_items(path, [])
    assert read_scored_items(path) == []
    write_scored_items(path, [scored(1)])
    whole = pq.read_table(path)
    pq.write_table(whole.drop_columns(["length", "cider"]), path)
    assert read_scored_items(path) == [scored(1, length="")]
    pq.write_table(whole.drop_columns(["kind"]), path)
    with pytest.raises(BadInput, match="no column 'kind'; take it from that night's run in MLflow"):
        read_scored_items(path)


# params.yaml ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def groups() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(project_file("params.yaml").read_text())
    return loaded


def test_the_projects_own_parameters_are_read(groups: dict[str, Any]) -> None:
    params = read_params(project_file("params.yaml"))
    assert params.train.learning_rate == 3e-3 and params.export.targets == ("server", "device")
    flat = {f"{group}.{name}": value for group, values in groups.items() for name, value in values.items()}
    assert json.loads(json.dumps(params.by_name())) == flat


def test_a_workspace_of_before_has_the_defaults(groups: dict[str, Any]) -> None:
    """Of version 0.1's first file: what came later is as the project sets it, and no reviewer's share is bounded."""
    whole = params_of(groups)
    for group, name in (("train", "max_steps"), ("train", "border_weight"), ("export", "device")):
        del groups[group][name]
    groups["evaluate"] = {"seed": 7}
    del groups["curate"], groups["judges"]
    older = params_of(groups)
    assert (older.train, older.evaluate, older.export) == (whole.train, whole.evaluate, whole.export)
    assert older.curate is None


def test_every_parameter_that_is_missing_unknown_or_wrong_is_named(groups: dict[str, Any]) -> None:
    defaults = {
        "curate.sources",
        "curate.suspects",
        "curate.suspect_rows",
        "augment.alterations",
        "augment.copies",
        "augment.sources",
        "augment.paraphrase",
        "train.max_steps",
        "train.border_weight",
        "train.entry_weight",
        "train.stream_loss_weight",
        "train.silence_balance",
        "train.precision",
        "train.layers",
        "train.dora",
        "train.rslora",
        "train.lora_plus",
        "train.fresh_every",
        "train.interpolate",
        "train.objective",
        "train.dpo_beta",
        "train.dpo_weight",
        "train.kl_weight",
        "mix.replay_by",
        "mix.trust",
        "mix.half_age",
        "mix.most",
        "evaluate.vintage_items",
        "evaluate.vintages",
        "evaluate.engine",
        "gate.min_effect",
        "gate.waive",
        "gate.blind_share",
    }
    for group in ("curate", "augment", "mix", "train", "evaluate", "gate", "export"):
        for name in groups[group]:
            place = f"{group}.{name}"
            without = {other: value for other, value in groups[group].items() if other != name}
            if place in defaults | {"export.server", "export.device", "export.gguf"}:
                params_of({**groups, group: without})
            else:
                with pytest.raises(BadInput, match=rf"params\.yaml: {place} is missing"):
                    params_of({**groups, group: without})
            with pytest.raises(BadInput, match=rf"params\.yaml: {place}"):
                params_of({**groups, group: {**groups[group], name: {"no": "such"}}})
        with pytest.raises(BadInput, match=f"{group} has no parameter 'typo'; remove it"):
            params_of({**groups, group: {**groups[group], "typo": 1}})
        with pytest.raises(BadInput, match=f"{group} is 3"):
            params_of({**groups, group: 3})
        if group != "curate":
            with pytest.raises(BadInput, match=f"lacks the group {group}"):
                params_of({other: values for other, values in groups.items() if other != group})
    with pytest.raises(BadInput, match="no group 'gates'"):
        params_of({**groups, "gates": {}})


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("train", "rank", "16"),
        ("evaluate", "vintages", 0),
        ("evaluate", "vintage_items", -1),
        ("train", "method", "dora"),
        ("curate", "reviewer_share", 0),
        ("curate", "probation_share", 1.5),
        ("mix", "least", 2.5),
        ("export", "targets", ["phone"]),
        ("export", "device", "int2"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(groups: dict[str, Any], group: str, name: str, value: Any) -> None:
    with pytest.raises(BadInput, match=rf"^params\.yaml: {group}\.{name}.* is .*; mend it$"):
        params_of({**groups, group: {**groups[group], name: value}})


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [
        ("train", "rank", 0),
        ("train", "batch", -1),
        ("train", "epochs", 0),
        ("train", "max_steps", 0),
        ("train", "learning_rate", float("nan")),
        ("train", "learning_rate", float("inf")),
        ("train", "warmup", -0.1),
        ("train", "seed", 2**40),
        ("mix", "replay", -1.0),
        ("augment", "share", -0.5),
        ("augment", "copies", 0),
        ("augment", "alterations", {"sponsor": 1.5}),
        ("gate", "preset", "half a character: \ud800"),
    ],
)
def test_a_value_that_would_fail_hours_later_is_refused_at_once(
    groups: dict[str, Any], group: str, name: str, value: Any
) -> None:
    with pytest.raises(BadInput, match=r"^params\.yaml: .* is .*; mend it$") as refusal:
        params_of({**groups, group: {**groups[group], name: value}})
    assert "\n" not in str(refusal.value) and len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("learning_rate:", "learning_rte:", r"train has no parameter 'learning_rte' \(do you mean learning_rate\?\)"),
        ("train:", "trian:", r"has no group 'trian' \(do you mean train\?\)"),
        (
            "reviewer_share:",
            "review_share:",
            r"no parameter 'review_share' \(do you mean reviewer_share\?\)",
        ),
        ("panel:", "panle:", r"judges has no parameter 'panle' \(do you mean panel\?\)"),
        (
            "alterations: {",
            "alterations: {sponsors: 1",
            r"augment.alterations has no 'sponsors' .do you mean sponsor\?.;",
        ),
        ("rank:", "quantum:", "train has no parameter 'quantum'; remove it"),
        ("method: lora", "method: loar", "train.method is 'loar': Input should be 'lora', 'qlora' or 'full'"),
        ("mix:", "train:", r"line {train}: found duplicate key .train.; remove one of the two"),
        ("rank: 16", "rank: [16", "isn't YAML .line {alpha}: "),
    ],
)
def test_what_is_misspelt_is_answered_by_what_is_meant(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    path, text = tmp_path / "params.yaml", project_file("params.yaml").read_text()
    path.write_text(text.replace(right, wrong, 1))
    places = {line.split(":")[0].strip(): number for number, line in enumerate(text.splitlines(), start=1)}
    with pytest.raises(BadInput, match=says.format_map(places)) as refusal:
        read_params(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("rate", ["1e-4", "1.0e-4", "0.0001", "1E-4"])
def test_a_number_is_what_dvc_takes_for_one(tmp_path: Path, rate: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(project_file("params.yaml").read_text().replace("3.0e-3", rate))
    assert read_params(path).train.learning_rate == 1e-4


@pytest.mark.parametrize(
    "text",
    [
        "train: {rank: 1",
        "mix: {seed: 2026-02-30}",
        "mix: !!int x",
        "mix: !!timestamp x",
        "mix: !!bool x",
        "mix: {2026-02-03: 1}",
        "mix: &a {seed: *a}",
        "\x00",
        "[" * 10_000,
        "- a\n- b\n",
        "",
    ],
)
def test_params_that_are_no_params_are_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"params\.yaml") as refusal:
        read_params(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("damaged", [{"contenders": None}, {"contenders": [3]}, {"contenders": {"a": 1}}, {"means": 3}])
def test_a_damaged_document_of_before_is_one_sentence(damaged: dict[str, Any]) -> None:
    for value in ({**as_json(EVALUATION), "version": 0, **damaged}, damaged, {}):
        with pytest.raises(BadInput, match=r"^it .*; mend it$"):
            from_json(Evaluation, value, "it", "mend it")


@pytest.mark.parametrize("text", ["", "{", "[]", "NaN", '"x"', "\x00", "[" * 200_000, '{"version": "1"}', "{}"])
def test_what_is_no_document_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"evaluation\.json"):
        read_document(Evaluation, path, "mend it")


def test_scored_items_that_are_cut_short_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    write_scored_items(path, [scored(1)])
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"PAR1"):
        path.write_bytes(data)
        with pytest.raises(BadInput, match=r"items\.parquet can't be read"):
            read_scored_items(path)
