"""For a device: 8- or 4-bit weights that ONNX Runtime GenAI runs on a CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.documents.params import Precision
from errata.errors import BadInput, Unavailable
from errata.files import write_json
from errata.inference.artefact import Card, verify
from registry.export.build import build, check_room, check_senses_ship, inherit

# int4 is as llama.cpp's Q4_K_M does it: k-quants, and 8 bits for the output layer and the layers that suffer most from
# 4. `python -m benchmarks.quantisation` prints what either costs errata-tiny.
_QUANTISATION: Mapping[Precision, tuple[str, ...]] = {
    "int4": ("algo_config=k_quant", "matmul_mixed_precision=last_matmul:int8,mixed_layers:int8"),
    "int8": (),
}
_BLOCK = 32
"""Weights that share a scale in int4."""


def export_device(server: Path, out: Path, precision: Precision) -> str:
    """Writes the server export at `server` to `out` as quantised ONNX with its tokenizer; returns its identity.

    Raises BadInput for anything but a full model, and for one whose widths int4 can't take, and Unavailable where the
    builder of ONNX Runtime GenAI fails.
    """
    verify(server)
    if Card.read(server).form != "full":
        raise BadInput(f"{server} is no full model; make the server's export first, and the device's from that")
    check_senses_ship(server, "onnx")
    if precision == "int4":
        _check_widths(server)

    def fill(folder: Path) -> None:
        with TemporaryDirectory() as cache:
            _run_builder(server, folder, Path(cache), precision)
        _keep_what_may_be_taken_back(folder, Card.read(server).context)
        inherit(server, folder, "onnx")

    return build(out, fill)


def _check_widths(server: Path) -> None:
    """Raises BadInput where the builder can't put what attention multiplies into blocks: it pads other layers alone."""
    from errata.inference.architectures import AutoConfig

    config = AutoConfig.from_pretrained(server, local_files_only=True, trust_remote_code=False).get_text_config()
    heads = config.num_attention_heads
    into = getattr(config, "head_dim", None) or config.hidden_size // heads
    for layer, width in (("hidden_size", config.hidden_size), ("num_attention_heads x head_dim", heads * into)):
        if width % _BLOCK:
            raise BadInput(
                f"the model's {layer} is {width}, and int4 takes multiples of {_BLOCK} alone; set export.device: int8 "
                "in params.yaml"
            )


def _run_builder(server: Path, folder: Path, cache: Path, precision: Precision) -> None:
    # A process of its own: the builder changes sys.path, prints, and keeps its memory.
    command = [sys.executable, "-m", "registry.export.genai_builder"]
    command += ["-i", str(server), "-o", str(folder), "-p", precision, "-e", "cpu", "-c", str(cache)]
    command += ["--extra_options", "hf_token=false", *_QUANTISATION[precision]]
    process = subprocess.run(
        command,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if process.returncode or not (folder / "genai_config.json").is_file():
        check_room(process.stderr, folder)
        lines = [line for line in process.stderr.splitlines() if line.strip()] or [f"exit code {process.returncode}"]
        raise Unavailable(
            f"ONNX Runtime GenAI's builder could not export the model for a device ({lines[-1].strip()}); "
            "see whether it supports the model's architecture, or leave this export out"
        )


def _keep_what_may_be_taken_back(folder: Path, context: int) -> None:
    """Of a model whose layers have a window, as Gemma 3's: the runtime forgets what lies before it, and so couldn't
    take back a title. With so many positions more it forgets nothing within the context."""
    path = folder / "genai_config.json"
    config = json.loads(path.read_text())
    window = config["model"]["decoder"].get("sliding_window")
    if window is not None:
        window["cache_slack"] = context
        write_json(path, config)
