"""What kind of model a folder or file from outside holds."""

from __future__ import annotations

from pathlib import Path

from errata.errors import BadInput
from errata.inference.artefact import Form
from errata.tasks import templates

TEMPLATE, CONTEXT = "indexed", 4096
"""How a model without a card is asked, where nobody says: by the template that costs the fewest tokens and that
pre-trained models read best; and the tokens that it sees."""

FORMS: dict[str, Form] = {"genai_config.json": "onnx", "adapter_config.json": "adapter", "config.json": "full"}
"""What marks a model's folder, looked for in this order: an export has a config.json too."""


def model_form(path: Path) -> Form:
    """What kind of model a folder or file holds. Raises BadInput where none, or where a choice must be made."""
    weights = sorted(path.glob("*.gguf")) if path.is_dir() else [path]
    for name, form in FORMS.items():
        if (path / name).is_file() and not (form == "full" and weights):  # a GGUF file may have its config beside it
            return form
    if len(weights) > 1:
        raise BadInput(f"{path} holds {len(weights)} .gguf files; name the one that is meant, like {weights[0]}")
    if not weights:
        raise BadInput(f"{path} holds no model: neither {', '.join(FORMS)} nor a .gguf file, and no predictions either")
    return "gguf"


def template_and_context(setting: str) -> tuple[str, int]:
    """How a model without a card is asked: a template's name, or `name:tokens`. Raises BadInput."""
    template, _, tokens = setting.partition(":")
    if tokens and not (tokens.isdecimal() and int(tokens) > 0):
        raise BadInput(f"--template {setting}: {tokens!r} is no number of tokens; say indexed, or indexed:8192")
    templates.find(template)
    return template, int(tokens or CONTEXT)
