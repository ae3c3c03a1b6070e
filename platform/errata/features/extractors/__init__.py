"""Extractors by name; a new one is a file here, and its line in `EXTRACTORS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from errata.domain.names import meant
from errata.errors import BadInput
from errata.features.extractor import Extractor
from errata.features.extractors.cepstra import Cepstra
from errata.features.extractors.efficientnet_lite0 import efficientnet_lite0
from errata.features.extractors.log_mel import LogMel
from errata.features.extractors.resnet50 import resnet50
from errata.features.extractors.siglip import siglip
from errata.features.extractors.vggish import vggish

Opener = Callable[[int, str], Extractor]
"""Given the places that a vector is to take, and where its weights are: empty where it must know itself."""

EXTRACTORS: dict[str, Opener] = {
    "efficientnet-lite0": efficientnet_lite0,
    "resnet50": resnet50,
    "siglip": siglip,
    "log-mel": lambda places, weights: LogMel(),
    "cepstra": lambda places, weights: Cepstra(),
    "vggish": lambda places, weights: vggish(weights),
}


def find_extractor(spec: str) -> Extractor:
    """By `NAME`, `NAME:PLACES` and `NAME=WEIGHTS`. Raises BadInput for a name that there is none of, and Unavailable
    where its weights, or what runs them, are not here."""
    named, _, weights = spec.partition("=")
    name, _, places = named.partition(":")
    if name not in EXTRACTORS:
        raise BadInput(f"there is no extractor {name!r}; there are {', '.join(EXTRACTORS)}{meant(name, EXTRACTORS)}")
    if places and places not in ("1", "10"):
        raise BadInput(f"{spec}: a picture takes 1 place, or 10 (itself and nine parts of it), not {places}")
    if weights and not Path(weights).exists() and name != "siglip":
        raise BadInput(f"{spec}: there are no weights at {weights}")
    extractor = EXTRACTORS[name](int(places or 1), weights)
    if places and extractor.tokens != int(places):
        raise BadInput(f"{spec}: a vector of {name} takes {extractor.tokens} place; leave :{places} out")
    return extractor
