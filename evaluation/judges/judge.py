"""A judge: a pinned model that is asked which of two answers is better."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from errata.errors import BadInput

TEMPERATURE = 0.0
"""Answers are to repeat: a judge is asked once and its answer is kept."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Either `url` and `model`, or `folder`, says what answers."""

    name: str
    family: str
    """Who made the model. Judges of one family favour one another's words, so that they count as one opinion."""
    model: str = ""
    """The pinned id that the endpoint is asked for and must say it answered as."""
    url: str = ""
    """Of an OpenAI-compatible endpoint, without `/chat/completions`."""
    folder: str = ""
    """Of a local model, sealed by Errata or as `save_pretrained` writes it."""
    key_env: str = ""
    """The environment variable that holds the endpoint's key; empty where it asks for none."""

    def __post_init__(self) -> None:
        """Raises BadInput on a judge that could not be asked, or only unsafely."""
        if not self.name.strip() or not self.family.strip():
            raise BadInput(f"the judge {self.name!r} needs a name and a family; give it both")
        if bool(self.url) == bool(self.folder):
            raise BadInput(f"the judge {self.name!r} needs a url or a folder, and not both; give it one")
        if self.url:
            self._check_url()

    def _check_url(self) -> None:
        from errata.inference.openai_client import is_this_machine  # and httpx, which judges without a url don't need

        try:
            parts = urlsplit(self.url)
            known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            known = False
        if not known or not self.url.isprintable():
            raise BadInput(f"the judge {self.name!r} has a url without a host; it must begin with https:// or http://")
        if parts.username or parts.password:
            raise BadInput(f"the judge {self.name!r} has a password in its url; name its variable in key_env instead")
        if parts.query or parts.fragment:
            raise BadInput(f"the judge {self.name!r} has a query in its url; end it at /v1 and name a key in key_env")
        if not self.model:
            raise BadInput(f"the judge {self.name!r} pins no model; name the one that its endpoint is to answer as")
        if self.key_env and parts.scheme == "http" and not is_this_machine(str(parts.hostname)):
            raise BadInput(f"the judge {self.name!r} would send its key unencrypted; give it an https:// url")
