"""Files of a data set on the Hugging Face hub, brought into its cache and read there like any others.

    hf://datasets/lucas-ventura/chapter-llama/docs/subset_data/chapters/chapters_sml1k_train.json

`@REVISION` after the data set's name pins a branch, a tag or a commit. With chapter-llama's metadata comes the speech
file of its name, of the same commit. What was brought once is read again without a network.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from errata.errors import BadInput, NotFound, Unavailable
from errata.formats import chapter_llama

if TYPE_CHECKING:
    from huggingface_hub import HfUri

PREFIX = "hf://"


def local(place: str, alone: bool = False) -> Path:
    """The path that `place` is, or the one to which the hub's file of that address was brought.

    `alone` leaves the speech out that belongs to it. Raises BadInput for an address that is none, NotFound for what the
    hub doesn't have, Unavailable where it can't be reached.
    """
    if not place.startswith(PREFIX):
        return Path(place)
    address = _address(place)
    file = PurePosixPath(address.path_in_repo)
    path = _download(address, file, address.revision)
    if not alone:
        _bring_first(address, list(chapter_llama.partners(file)), path.parts[-len(file.parts) - 1])
    return path


def _address(place: str) -> HfUri:
    from huggingface_hub import parse_hf_uri
    from huggingface_hub.errors import HfUriError

    try:
        address = parse_hf_uri(place)
    except HfUriError as problem:
        reason = problem.msg.rstrip(". ")
        raise BadInput(f"{place} is no address on the hub ({reason}); write hf://datasets/OWNER/NAME/PATH") from problem
    if address.type != "dataset" or not address.path_in_repo or ".." in PurePosixPath(address.path_in_repo).parts:
        raise BadInput(f"{place} names no file of a data set; write hf://datasets/OWNER/NAME/PATH")
    return address


def _download(address: HfUri, file: PurePosixPath, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # what comes of it is said below, in one sentence
    with hub_errors(f"{PREFIX}datasets/{address.id}/{file}", "data set", "a file of your own"):
        return Path(hf_hub_download(address.id, str(file), repo_type="dataset", revision=revision))


def _bring_first(address: HfUri, files: list[PurePosixPath], commit: str) -> None:
    """Brings the first of the files that is there. Without one, their reader says what is missing."""
    from huggingface_hub import try_to_load_from_cache

    cached = (try_to_load_from_cache(address.id, str(file), revision=commit, repo_type="dataset") for file in files)
    if any(isinstance(path, str) for path in cached):
        return
    unreached: Unavailable | None = None
    for file in files:
        try:
            _download(address, file, commit)
            return
        except NotFound:
            continue
        except Unavailable as problem:
            unreached = problem
    if unreached is not None:
        raise unreached


@contextmanager
def hub_errors(place: str, kind: str, instead: str) -> Iterator[None]:
    """What the hub's client raises, in a sentence of ours: `place` is what was asked for, in a `kind` of repository,
    and `instead` what can be named in its place.

    Raises NotFound for what isn't there, Unavailable for what may not be had or can't be reached, BadInput for a name
    that can't be one.
    """
    from httpx import HTTPError
    from huggingface_hub.errors import (
        GatedRepoError,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as problem:
        raise Unavailable(
            f"{place} is shown to those alone who were let in; accept its terms or ask for access on its page, then "
            "`hf auth login`, or set HF_TOKEN"
        ) from problem
    except RepositoryNotFoundError as problem:
        raise NotFound(
            f"{place} is of no {kind} on the hub, or of a private one; check its name, or `hf auth login`"
        ) from problem
    except RevisionNotFoundError as problem:
        raise NotFound(f"{place} was asked for in a revision that there is not; check what stands after @") from problem
    except RemoteEntryNotFoundError as problem:
        raise NotFound(f"{place} is not there, though its {kind} is; check the path") from problem
    except (OSError, HTTPError) as problem:
        raise Unavailable(
            f"{place} can't be brought from the hub ({type(problem).__name__}) and is not kept here; try again with a "
            f"network and without HF_HUB_OFFLINE, or name {instead}"
        ) from problem
    except ValueError as problem:  # the client's own, of a name with a folder called ".." or with half a character
        raise BadInput(f"{place} can't be the name of a file on the hub; check it") from problem
