"""How MLflow reads a model's folder: what goes in and comes out, with an example. No flavour that MLflow could load, as
those run code: Errata and the runtimes of the exported forms read the folder.

Both are plain text, written without MLflow, whose import takes seconds; a test has MLflow read them.
"""

from __future__ import annotations

import json

import yaml

from errata.files import JsonObject
from errata.inference.checksums import INPUT_EXAMPLE
from registry.papers.model_facts import ModelFacts

EXAMPLE: JsonObject = {
    "segments": [
        {"start": 0.0, "end": 6.5, "text": "Welcome back. Today we fire the kiln."},
        {"start": 6.5, "end": 12.0, "text": "Nine hours to cool, as I said last week."},
        {"start": 12.0, "end": 19.5, "text": "Now to your questions."},
    ]
}
"""As `POST /v1/chapters` takes it."""
_INPUTS = {"segments": {"start": "double", "end": "double", "text": "string"}}
_OUTPUTS = {"chapters": {"start": "double", "title": "string"}}


def mlflow_model(facts: ModelFacts) -> str:
    """MLmodel: a function of its facts alone."""
    card = facts.card
    described = {
        "flavors": {
            "errata": {
                "errata_version": facts.errata,
                "form": card.form,
                "template": card.template,
                "context": card.context,
            }
        },
        "metadata": {"base": facts.base.name, "licence": facts.base.licence, "sha256": facts.identity},
        "model_uuid": facts.identity[:32],
        "saved_input_example_info": {"artifact_path": INPUT_EXAMPLE, "type": "json_object"},
        "signature": {"inputs": _columns(_INPUTS), "outputs": _columns(_OUTPUTS), "params": None},
    }
    return yaml.safe_dump(described, allow_unicode=True)


def _columns(columns: dict[str, dict[str, str]]) -> str:
    """Each a list of objects, as MLflow's schema writes it."""
    return json.dumps(
        [
            {
                "type": "array",
                "items": {"type": "object", "properties": _properties(fields)},
                "name": name,
                "required": True,
            }
            for name, fields in columns.items()
        ]
    )


def _properties(fields: dict[str, str]) -> JsonObject:
    return {name: {"type": kind, "required": True} for name, kind in fields.items()}
