"""For llama.cpp and what is built on it (Ollama, LM Studio, a phone): one .gguf file, in 16, 8 or about 4 bits."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from errata.documents.params import GgufPrecision
from errata.errors import BadInput, missing_extra
from errata.inference.artefact import Card, tokenizer_files, verify
from registry.export.build import build, check_senses_ship, inherit
from registry.export.kquants import quantise


def export_gguf(server: Path, out: Path, precision: GgufPrecision) -> str:
    """Writes the server export at `server` to `out` as a .gguf file beside its tokenizer's files; returns its identity.

    Raises BadInput for anything but a full model of an architecture and with a tokenizer that can be written, and
    Unavailable without the extra that `precision` needs.
    """
    verify(server)
    if Card.read(server).form != "full":
        raise BadInput(f"{server} is no full model; make the server's export first, and the .gguf file from that")
    check_senses_ship(server, "gguf")

    def fill(folder: Path) -> None:
        path = folder / file_name(precision)
        if precision == "q4_k_m":
            with TemporaryDirectory(dir=folder.parent) as place:  # beside `out`: memory may be all that /tmp is
                whole = Path(place) / file_name("f16")
                write_gguf(server, whole, "f16")
                quantise(whole, path, "Q4_K_M")
        else:
            write_gguf(server, path, precision)
        for file in tokenizer_files(server):
            shutil.copyfile(file, folder / file.name)
        inherit(server, folder, "gguf")

    return build(out, fill)


def file_name(precision: GgufPrecision) -> str:
    """Of the .gguf file in an export."""
    return f"model-{precision.upper()}.gguf"


def write_gguf(server: Path, path: Path, precision: GgufPrecision) -> None:
    """The full model in `server` as the file `path`: its shape, its tokenizer and its weights, f16 or q8_0."""
    try:
        import gguf
    except ModuleNotFoundError as error:
        raise missing_extra("gguf is not installed, so no .gguf file can be written", "gguf") from error
    from registry.export.gguf_tokenizer import write_tokenizer
    from registry.export.gguf_weights import Weights

    weights = Weights(server)
    writer = gguf.GGUFWriter(path, weights.architecture)
    weights.describe(writer)
    write_tokenizer(writer, server, weights.vocabulary)
    kind = gguf.GGMLQuantizationType[precision.upper()]
    writer.add_file_type(gguf.LlamaFileType["MOSTLY_" + precision.upper()])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    for name, values in weights.tensors():
        stored = gguf.GGMLQuantizationType.F32 if values.ndim == 1 else kind
        if stored == gguf.GGMLQuantizationType.Q8_0 and values.shape[-1] % gguf.GGML_QUANT_SIZES[stored][0]:
            stored = gguf.GGMLQuantizationType.F16  # llama.cpp's own way with rows that no whole blocks fill
        writer.add_tensor(name, gguf.quants.quantize(values, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
