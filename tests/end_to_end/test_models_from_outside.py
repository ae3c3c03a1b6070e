"""Nights on models of other shapes than errata-tiny's: one from a GGUF file, one from a folder."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from errata.demo import days
from errata.documents.document import read_document
from errata.documents.file_names import DAY0
from errata.documents.model_summary import ModelSummary
from errata.inference.artefact import Card, model_folder, stored_models
from errata.inference.source_metadata import source_metadata
from errata.workspace import Workspace
from tests.command_line import in_this_process, json_of
from tests.made_up_source import write_source

TALKS = 4


def day(folder: Path, out: Path) -> Path:
    """The first talks of a sample day."""
    out.mkdir(parents=True)
    for name in ("transcripts.json", "asrs.json"):
        kept = dict(islice(json.loads((folder / name).read_text()).items(), TALKS))
        (out / name).write_text(json.dumps(kept))
    return out


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("samples")
    days.write(place)
    return place


def turn_nights(root: Path, samples: Path) -> list[Any]:
    """Two nights on a few talks with their right chapters; what each ended with."""
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["mix"]["least"], params["train"]["epochs"], params["export"]["targets"] = 2, 1, ["server"]
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    as_json, outcomes = json_of(in_this_process), []
    for name in ("day-1", "day-2"):
        folder = day(samples / name, root / "talks" / name)
        as_json("import", "transcripts", folder, "-w", root)
        as_json("predict", "-w", root)
        as_json("tasks", folder / "tasks.jsonl", "--for", "jsonl", "-w", root)
        days.write_reviews(folder / "reviews.jsonl", name, folder / "tasks.jsonl")
        as_json("import", "corrections", folder / "reviews.jsonl", "-w", root)
        outcomes.append(as_json("nightly", "--date", name, "-w", root))
    return outcomes


@pytest.mark.slow
def test_a_night_on_a_gemma_from_a_gguf_file(samples: Path, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    write_source(tmp_path / "gemma.gguf")
    root = tmp_path / "workspace"
    done = in_this_process("init", root, "--model", tmp_path / "gemma.gguf", "--context", "512")
    said = " ".join(done.stdout.split())
    assert "Gemma3ForCausalLM" in said and "from gemma.gguf (sha256" in said and "estimated from" in said
    summary = read_document(ModelSummary, root / DAY0, "delete it")
    outcomes = turn_nights(root, samples)
    assert outcomes[0]["verdict"] == "bootstrap" and outcomes[1]["verdict"] != "bootstrap"
    workspace = Workspace.find(root)
    with workspace.record.read() as store:
        day0 = model_folder(store.aliases.model_of("day0") or "", workspace.models)
    kept = source_metadata(day0)
    assert kept is not None and kept.sha256 == summary.origin.revision
    assert json.loads((day0 / "errata.json").read_text())["source"]["name"] == "gemma.gguf"
    exports = [folder for folder in stored_models(workspace.models) if Card.read(folder).form == "full"]
    assert len(exports) > 1 and all(source_metadata(folder) == kept for folder in exports), "and so have its exports"


@pytest.mark.slow
def test_a_night_on_a_qwen_from_a_folder(samples: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    from errata.inference.source_metadata import gguf_metadata
    from errata.inference.source_tokenizer import rebuilt_tokenizer

    model = write_source(tmp_path / "qwen.gguf", "qwen2")
    model.save_pretrained(tmp_path / "qwen")
    rebuilt_tokenizer(gguf_metadata(tmp_path / "qwen.gguf")).save_pretrained(tmp_path / "qwen")
    root = tmp_path / "workspace"
    done = in_this_process("init", root, "--model", tmp_path / "qwen", "--context", "512")
    assert "Qwen2ForCausalLM" in done.stdout
    first, second = turn_nights(root, samples)
    assert first["verdict"] == "bootstrap" and second["verdict"] != "bootstrap"
    assert not list(Workspace.find(root).models.glob("*.partial")), "nothing half made is left"
