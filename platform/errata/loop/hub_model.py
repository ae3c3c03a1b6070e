"""A model on the Hugging Face hub, brought into the hub's own cache: what a model needs, at one commit, no pickles."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from errata.errors import BadInput
from errata.files import check_space
from errata.formats.hub import hub_errors

WANTED = ["*.safetensors", "*.json", "*.jinja", "*.model", "*.txt", "README.md", "LICENSE*", "NOTICE*"]
LEFT = ["*/*", "consolidated*.safetensors"]
"""Not brought: folders (other formats of the same weights), and what Mistral's own library reads."""
_ADDRESS = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^@\s]+))?")
INSTEAD = "a folder or a .gguf file"


@dataclass(frozen=True, slots=True)
class HubModel:
    name: str
    """`OWNER/NAME`."""
    commit: str
    folder: Path


def hub_model(address: str) -> HubModel:
    """The model that `OWNER/NAME` or `OWNER/NAME@REVISION` names; one that is kept here needs no network.

    Raises BadInput for what can't be such a name or holds no model that can be taken, NotFound for what the hub doesn't
    have, Unavailable where it may not be had, can't be reached, or doesn't fit on the disk.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise BadInput(
            f"--model {address} is neither a folder nor a .gguf file here, nor a model on the hub (OWNER/NAME or "
            "OWNER/NAME@REVISION); check it"
        )
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # what comes of it is said in one sentence
    with hub_errors(f"{address} (no path here)", "model", INSTEAD):
        folder = _bring(match["name"], match["revision"])
    _check_weights(address, folder)
    return HubModel(match["name"], folder.name, folder)


def _bring(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import DryRunError

    try:
        files = snapshot_download(name, revision=revision, allow_patterns=WANTED, ignore_patterns=LEFT, dry_run=True)
        _check_cache(name, sum(file.file_size or 0 for file in files if file.will_download))
    except DryRunError:  # the hub says nothing of it; what is kept here is found below, or else the reason is said
        pass
    return Path(snapshot_download(name, revision=revision, allow_patterns=WANTED, ignore_patterns=LEFT))


def _check_cache(name: str, size: int) -> None:
    from huggingface_hub.constants import HF_HUB_CACHE

    check_space(Path(HF_HUB_CACHE), size, f"{name} from the hub")


def _check_weights(address: str, folder: Path) -> None:
    if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
        raise BadInput(
            f"{address} has no config.json with weights in *.safetensors beside it: an adapter, a pickle or another "
            "format can't be taken; name the full model that it was made from"
        )
