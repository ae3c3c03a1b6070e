"""ONNX Runtime GenAI's builder, told where transformers 5 writes what Gemma 3 turns positions by.

    python -m registry.export.genai_builder ARGUMENTS OF onnxruntime_genai.models.builder

Gemma 3's layers with a window turn them by another base than those without, and transformers 5 keeps a group of
parameters for each kind. The builder (0.18) looks for one group, and for the other base where transformers 4 had it.
"""

from __future__ import annotations

import runpy
from importlib import import_module
from typing import Any

from errata.telemetry import no_telemetry


def read_both_kinds(builder: Any, config: Any) -> None:
    """In the place of `Gemma3Model.make_rope_init`. Raises ValueError where positions are stretched, which the
    builder would do in the layers with a window, too."""
    whole, windowed = (config.rope_parameters[kind] for kind in ("full_attention", "sliding_attention"))
    if {whole["rope_type"], windowed["rope_type"]} != {"default"}:
        raise ValueError(f"Gemma 3 with positions stretched as {whole['rope_type']!r}")
    builder.rope_attrs["theta"] = whole["rope_theta"]
    config.rope_local_base_freq = windowed["rope_theta"]


def main() -> None:
    no_telemetry()
    import_module("onnxruntime_genai.models")  # from here on its folder is looked in for modules
    import_module("builders").Gemma3Model.make_rope_init = read_both_kinds
    runpy.run_module("onnxruntime_genai.models.builder", run_name="__main__")


if __name__ == "__main__":
    main()
