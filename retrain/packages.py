"""Which packages, in which versions, a model is trained by."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

_ALWAYS = ("accelerate", "datasets", "numpy", "peft", "safetensors", "tokenizers", "torch", "transformers", "trl")
_OF_METHOD = {"qlora": ("bitsandbytes",)}


def packages_of(method: str) -> dict[str, str]:
    """By name; what isn't installed is left out."""
    found = {}
    for name in sorted((*_ALWAYS, *_OF_METHOD.get(method, ()))):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # as where torch was built from source under another name
            continue
    return found
