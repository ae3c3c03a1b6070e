"""The architectures that device exports are for, each by ONNX Runtime GenAI itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from errata.documents.params import Precision
from errata.errors import BadInput, Unavailable
from errata.inference.artefact import seal
from errata.inference.onnx import OnnxEngine, _logits
from registry.export.device import export_device
from tests.made_up_architectures import PROMPT, gemma3, qwen2, qwen3, transformers_logs, write

pytestmark = pytest.mark.slow


def onnx_logits(folder: Path, vocabulary: int) -> Any:
    """After PROMPT, which is longer than a window of the Gemma here."""
    import onnxruntime_genai as og

    model = og.Model(str(folder))
    generator = og.Generator(model, og.GeneratorParams(model))
    generator.append_tokens(np.array([PROMPT], dtype=np.int32))
    return np.asarray(generator.get_logits()).reshape(-1)[-vocabulary:]


@pytest.mark.parametrize(("model", "precision"), [(gemma3, "int8"), (qwen2, "int8"), (qwen3, "int4")])
def test_onnx_computes_what_transformers_does(model: Callable[..., Any], precision: Precision, tmp_path: Path) -> None:
    folder = write(model, tmp_path / "model")
    export_device(folder, tmp_path / "device", precision)
    right = transformers_logs(folder).numpy()
    found = onnx_logits(tmp_path / "device", len(right))
    assert np.corrcoef(found, right)[0, 1] > (0.99 if precision == "int8" else 0.9)


def test_what_lies_before_a_window_can_be_taken_back_to(tmp_path: Path) -> None:
    """Titles are begun anew, and the layers of a Gemma 3 with a window need what lies before them then."""
    folder = write(gemma3, tmp_path / "model")
    export_device(folder, tmp_path / "device", "int8")
    engine = OnnxEngine(tmp_path / "device")
    right = _logits(engine._generator(), [*PROMPT, *PROMPT])
    generator = engine._generator()
    for tokens in ([*PROMPT, *PROMPT[:30]], [9] * 90):
        _logits(generator, tokens)
    found = _logits(generator, PROMPT[20:], take_back=100)
    assert np.corrcoef(found, right)[0, 1] > 0.99


def test_a_gemma_whose_positions_are_stretched_is_refused(tmp_path: Path) -> None:
    folder = write(gemma3, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["rope_parameters"]["full_attention"] |= {"rope_type": "linear", "factor": 8.0}
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)
    with pytest.raises(Unavailable, match="Gemma 3 with positions stretched as 'linear'"):
        export_device(folder, tmp_path / "device", "int8")


@pytest.mark.parametrize(("setting", "width"), [("hidden_size", "hidden_size is 72"), ("head_dim", r"head_dim is \d+")])
def test_a_width_that_int4_cannot_take_is_said(setting: str, width: str, tmp_path: Path) -> None:
    folder = write(qwen3, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config[setting] = 72 if setting == "hidden_size" else 20 + 1
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)
    with pytest.raises(BadInput, match=f"{width}, and int4 takes multiples of 32 alone; set export.device: int8"):
        export_device(folder, tmp_path / "device", "int4")
