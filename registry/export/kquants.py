"""K-quants: llama.cpp's 4-bit weights, by the quantiser that a fork of it (ik_llama.cpp) ships as a wheel."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

from errata.errors import Unavailable, missing_extra
from registry.export.build import check_room

BLOCK = 256
"""Numbers that a K-quant rounds together; a row of others has an older kind of weights."""
FINER = {"attn_v", "token_embd", "output"}
"""What suffers most from few bits."""


def quantise(source: Path, out: Path, kind: str) -> None:
    """Writes the F16 file `source` to `out` in `kind`, such as Q4_K_M. Raises Unavailable where the quantiser is not
    installed, or fails."""
    if find_spec("ik_llama_cpp") is None:
        raise missing_extra("ik-llama-cpp-python is not installed, so 4-bit .gguf files can't be made", "kquants")
    from ik_llama_cpp.quantize import find_quantize_bin

    rules = older_kinds(source)
    command = [str(find_quantize_bin()), *(["--custom-q", rules] if rules else []), str(source), str(out), kind]
    process = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if process.returncode or not out.is_file():
        check_room(process.stderr, out.parent)
        lines = [line for line in process.stderr.splitlines() if line.strip()] or [f"exit code {process.returncode}"]
        raise Unavailable(f"llama-quantize could not make {kind} of the model ({lines[-1].strip()}); choose q8_0")


def older_kinds(source: Path) -> str:
    """Rules for the matrices in `source` whose rows are no whole blocks: 5 bits, and 8 where it matters, as llama.cpp
    itself has it. The fork would take a kind of its own (Q6_0), which llama.cpp can't read."""
    from gguf import GGUFReader

    matrices = [tensor for tensor in GGUFReader(source).tensors if len(tensor.shape) > 1]
    odd = {tensor.name.split(".")[-2] for tensor in matrices if tensor.shape[0] % BLOCK}
    return ",".join(f"{role}={'q8_0' if role in FINER else 'q5_0'}" for role in sorted(odd))
