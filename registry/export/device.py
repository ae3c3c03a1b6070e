"""For a device: mostly 4-bit weights that ONNX Runtime GenAI runs on a CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.errors import BadInput, Unavailable
from errata.inference.artefact import Card, verify
from registry.export.build import build, inherit

# As llama.cpp's Q4_K_M does it: k-quants, and 8 bits for the output layer and the layers that suffer most from 4. On 80
# sample talks errata-tiny's plain 4-bit export kept 87 to 93 % of the chapter starts, this one 95 to 97, for a third
# more bytes; on a large vocabulary the output layer's share of them is smaller.
_QUANTISATION = ("algo_config=k_quant", "matmul_mixed_precision=last_matmul:int8,mixed_layers:int8")


def export_device(server: Path, out: Path) -> str:
    """Writes the server export at `server` to `out` as int4 ONNX with its tokenizer; returns its identity.

    Raises BadInput for anything but a full model, and Unavailable where the builder of ONNX Runtime GenAI fails.
    """
    verify(server)
    if Card.read(server).form != "full":
        raise BadInput(f"{server} is no full model; make the server's export first, and the device's from that")

    def fill(folder: Path) -> None:
        with TemporaryDirectory() as cache:
            _run_builder(server, folder, Path(cache))
        inherit(server, folder, "onnx")

    return build(out, fill)


def _run_builder(server: Path, folder: Path, cache: Path) -> None:
    # A process of its own: the builder changes sys.path, prints, and keeps its memory.
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
    command += ["-i", str(server), "-o", str(folder), "-p", "int4", "-e", "cpu", "-c", str(cache)]
    command += ["--extra_options", "hf_token=false", *_QUANTISATION]
    ran = subprocess.run(
        command,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ran.returncode or not (folder / "genai_config.json").is_file():
        said = [line for line in ran.stderr.splitlines() if line.strip()] or [f"exit code {ran.returncode}"]
        raise Unavailable(
            f"ONNX Runtime GenAI's builder could not export {server} for a device ({said[-1].strip()}); "
            "see whether it supports the model's architecture, or leave this export out"
        )
