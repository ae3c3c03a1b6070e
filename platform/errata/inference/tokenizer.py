"""A model's tokenizer, as transformers reads it from the model's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

_COMMON = "TokenizersBackend"
"""What transformers 5 calls a tokenizer that is nothing but its `tokenizer.json`."""


def load_tokenizer(folder: Path) -> Tokenizer:
    """Of the class that the folder names; for the common one without `AutoTokenizer`, which imports for seconds what
    only models need."""
    if _class(folder) == _COMMON:
        from transformers import TokenizersBackend

        tokenizer: Tokenizer = TokenizersBackend.from_pretrained(folder, local_files_only=True)
    else:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer


def _class(folder: Path) -> str:
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text()) if path.is_file() else {}
    return str(config.get("tokenizer_class", "")) if "auto_map" not in config else ""
