"""For a server with a small GPU: 4-bit weights (NF4, its scales quantised again) as bitsandbytes stores them, which
transformers and vLLM load as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

from errata.errors import BadInput
from errata.inference.artefact import Card, tokenizer_files, verify
from registry.export.build import build, inherit


def export_nf4(server: Path, out: Path) -> str:
    """Writes the server export at `server` to `out` in 4 bits, with its tokenizer; returns its identity.

    Embedding and output layer stay whole. Raises BadInput for anything but a full model.
    """
    verify(server)
    if Card.read(server).form != "full":
        raise BadInput(f"{server} is no full model; make the server's export first, and the 4-bit one from that")

    def fill(folder: Path) -> None:
        from transformers import BitsAndBytesConfig

        from errata.inference.architectures import AutoConfig, AutoModelForCausalLM
        from errata.inference.library_noise import silence_libraries

        silence_libraries()
        own = AutoConfig.from_pretrained(server, local_files_only=True).dtype
        quantised = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=own
        )
        model = AutoModelForCausalLM.from_pretrained(
            server, quantization_config=quantised, dtype=own, use_safetensors=True, local_files_only=True
        )
        model.save_pretrained(folder)
        for file in tokenizer_files(server):
            shutil.copyfile(file, folder / file.name)
        inherit(server, folder, "full")

    return build(out, fill)
