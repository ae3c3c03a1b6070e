"""A model on disk: plain files, a card that says how it is asked, and a sealed manifest.

The manifest lists the sha256 and size of every file and is written last, so a folder with a manifest that verifies is a
finished model. The manifest's own hash is the model's identity everywhere. Weights are safetensors; whatever could run
code is refused (`harmful_files.py`), when a folder is sealed and whenever it is verified.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Literal

from errata.documents.document import parse
from errata.domain.hashing import content_hash
from errata.domain.modality import Modality
from errata.errors import BadInput, NotFound
from errata.files import file_sha256, sync, sync_all, write_json
from errata.inference.checksums import (
    BILL_OF_MATERIALS,
    CHECKSUMS,
    INPUT_EXAMPLE,
    MLFLOW_MODEL,
    PAPERS,
    SIGNATURE,
    check_papers,
)
from errata.inference.harmful_files import PICKLE_NAMES, harm, not_plain
from errata.tasks.division import ChapterLengths

CARD, MANIFEST = "errata.json", "manifest.json"
TRAINING_TRANSCRIPTS = "training_transcripts.json"
VOCABULARY_CHATS = "vocabulary_chats"
"""In a card: see the function of that name."""
OLD_TRAINING_TRANSCRIPTS = "seen.json"
"""What the same file was called; a model that was sealed with it keeps it, since its identity rests on the name."""
SOURCE_METADATA = "source_metadata.json"
"""What a GGUF file said of the model that was made from it: see `source_metadata.py`."""
_TOKENIZER = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "chat_template*", SOURCE_METADATA)
MADE_ANEW = (MANIFEST, BILL_OF_MATERIALS, MLFLOW_MODEL, INPUT_EXAMPLE, CHECKSUMS, SIGNATURE)
"""What is said of a folder as it was sealed, and of no other. A README may be sealed: the base's own, which names its
licence."""
_LOADER = b"loader_module"
"""By which an MLmodel has MLflow run code."""
KEPT_COPIES = 2
"""Of a model: in the workspace, and in MLflow's store."""
PARTIAL = ".partial"
"""Of a model's folder that is still being made, after the number of the process that makes it."""

CONNECTORS = "connectors.safetensors"
"""With what a model sees and hears: see `connector.py`."""

Form = Literal["full", "adapter", "onnx", "gguf"]


@dataclass(frozen=True, slots=True)
class Sense:
    """One medium that a model reads beside words."""

    modality: Modality
    extractor: str
    """`name@version` of what makes its vectors."""
    rate: float
    """Vectors a second."""
    size: int
    """Numbers at each place."""
    tokens: int = 1
    """Places that a vector takes."""

    @property
    def spec(self) -> str:
        """Its extractor, as `find_extractor` takes it."""
        name = self.extractor.partition("@")[0]
        return f"{name}:{self.tokens}" if self.tokens > 1 else name


@dataclass(frozen=True, slots=True)
class Card:
    template: str
    context: int
    """Tokens, prompt and answer together, that it was trained to see."""
    form: Form = "full"
    base: str = ""
    """For an adapter: the identity of the full model that it goes on."""
    lengths: ChapterLengths | None = None
    """Of the chapters that it was trained on, for a template that weighs borders."""
    training_watermark: int = 0
    """Corrections up to here may have been trained on; 0 for a model from outside the record."""
    senses: tuple[Sense, ...] = ()
    """What it reads beside words; a model of words alone has none."""

    @classmethod
    def read(cls, folder: Path) -> Card:
        path = folder / CARD
        try:
            value = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise NotFound(f"{folder} is no model of Errata's: {path.name} can't be read ({error})") from error
        return parse(cls, value, str(path), "restore it, or make the model again")

    def write(self, folder: Path, **facts: Any) -> None:
        write_json(folder / CARD, {**facts, **asdict(self)})


def original_of(export: Path) -> str:
    """The identity of the model that an export was made from, by way of other exports too; empty where it says none.

    Raises NotFound where its card can't be read.
    """
    try:
        return str(json.loads((export / CARD).read_bytes()).get("original", ""))
    except (OSError, ValueError, AttributeError) as error:
        raise NotFound(f"{export / CARD} can't be read ({error}); restore it, or make the model again") from error


def vocabulary_chats(folder: Path) -> frozenset[str]:
    """The chat logs, by `chat_hash`, that a model's words are of. None where its vocabulary is of other texts; and none
    where its card can't be read, which keeps no chat out."""
    try:
        return frozenset(json.loads((folder / CARD).read_bytes()).get(VOCABULARY_CHATS, ()))
    except (OSError, ValueError, AttributeError):
        return frozenset()


def read_training_transcripts(folder: Path) -> frozenset[str]:
    """The transcripts, by hash, that a model or one it came from was trained on, with their twins."""
    path = training_transcripts_file(folder)
    if path is None:
        return frozenset()
    try:
        return parse(frozenset[str], json.loads(path.read_bytes()), str(path), "restore it, or make the model again")
    except ValueError as error:
        raise NotFound(f"{path} can't be read ({error}); restore it, or make the model again") from error


def training_transcripts_file(folder: Path) -> Path | None:
    """Under either of its names; None where nothing is known."""
    names = (TRAINING_TRANSCRIPTS, OLD_TRAINING_TRANSCRIPTS)
    return next((folder / name for name in names if (folder / name).exists()), None)


def seal(folder: Path) -> str:
    """Writes the manifest and returns the model's identity. Raises BadInput on a file that could run code."""
    files = {}
    for name, path in _files(folder).items():
        if name not in MADE_ANEW:
            if problem := not_plain(path) or harm(path):
                raise BadInput(problem)
            files[name] = {"sha256": file_sha256(path), "bytes": path.stat().st_size}
    write_json(folder / MANIFEST, files)
    return content_hash(files)


def read_seal(folder: Path) -> tuple[str, dict[str, str]]:
    """The identity that a sealed model claims, and the sha256 of each of its files by name. Raises NotFound."""
    try:
        files = json.loads((folder / MANIFEST).read_bytes())
        return content_hash(files), {name: file["sha256"] for name, file in files.items()}
    except (OSError, ValueError, AttributeError, LookupError, TypeError) as error:
        raise NotFound(
            f"{folder} holds no finished model ({error}); it may have been cut short: make it again"
        ) from error


def sealed_sizes(folder: Path) -> dict[str, int]:
    """Bytes of each file that the manifest lists, by its name; for a manifest that `read_seal` can read."""
    return {name: int(file["bytes"]) for name, file in json.loads((folder / MANIFEST).read_bytes()).items()}


def verify(folder: Path) -> str:
    """The identity of a sealed model, after comparing every byte, those of its papers too.

    Raises NotFound where one differs, and where the folder holds a link or a file that could run code, or its manifest
    names a place outside: that is no model of ours. Who signed it is asked of `checksums.check_signature`.
    """
    identity, digests = read_seal(folder)
    files = _files(folder)
    for name, path in [(MANIFEST, folder / MANIFEST), *files.items()]:
        if problem := not_plain(path):
            raise NotFound(problem)
        if name not in (*digests, *PAPERS, MANIFEST):
            raise NotFound(f"{path} was not sealed with its model; remove that file")
        if name == MLFLOW_MODEL and name not in digests and _LOADER in path.read_bytes():
            raise NotFound(f"{path} names code that MLflow would run, which ours never does; remove that file")
    for name, digest in digests.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise NotFound(f"{folder / MANIFEST} names {name!r}, which lies outside the model; take another copy of it")
        if name not in files or file_sha256(files[name]) != digest:
            raise NotFound(
                f"{folder / name} is missing or was changed after it was sealed; restore it, or make the model again"
            )
    for path in files.values():  # whoever sealed it may have meant harm
        if problem := harm(path):
            raise NotFound(problem)
    check_papers(folder, {**digests, MANIFEST: file_sha256(folder / MANIFEST)})
    return identity


def verify_parts(identity: str, folder: Path, models: Path) -> None:
    """Before a model is loaded: compares every byte of the model `identity`, which lies in `folder`, and of the base
    that an adapter goes on, which is kept in `models`. Raises NotFound where one differs."""
    _verify_as(identity, folder)
    card = Card.read(folder)
    if card.form == "adapter":
        _verify_as(card.base, model_folder(card.base, models))


def _verify_as(identity: str, folder: Path) -> None:
    found = verify(folder)
    if found != identity:
        raise NotFound(f"{folder} holds the model {found[:16]}, not {identity[:16]}; `errata fsck` says how to mend it")


def _files(folder: Path) -> dict[str, Path]:
    """Whatever lies in the folder and below it, of any kind, but for folders and the manifest, by its path there."""
    found = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix(): path for path in found if path != folder / MANIFEST}


def store_model(folder: Path, models: Path) -> str:
    """Copies a sealed model to where models are kept, under its identity, which is returned. Idempotent."""
    identity = verify(folder)
    stored = models / identity[:16]
    if not (stored / MANIFEST).exists():
        models.mkdir(parents=True, exist_ok=True)
        with unfinished(models) as place:  # the copy gets its name when it is whole
            _name_as_stored(Path(shutil.copytree(folder, Path(place) / "copy")), stored)
    return identity


def unfinished(models: Path) -> TemporaryDirectory[str]:
    """A folder beside the models, for one that is being made. What a killed process leaves of it is known by that
    process's number, and goes with the next night (`clear_leftovers`)."""
    return TemporaryDirectory(dir=models, suffix=f".{os.getpid()}{PARTIAL}")


def move_model(folder: Path, models: Path) -> str:
    """Seals the model in `folder`, which must lie on the same disk, and moves it to where models are kept, under its
    identity, which is returned."""
    identity = seal(folder)
    stored = models / identity[:16]
    if not (stored / MANIFEST).exists():
        _name_as_stored(folder, stored)
    return identity


def _name_as_stored(folder: Path, stored: Path) -> None:
    """Everything in it is on disk first: after a power cut a name without its files would be taken for a whole model,
    and never be copied again."""
    sync_all(folder)
    folder.replace(stored)
    sync(stored.parent)


def stored_models(models: Path) -> list[Path]:
    """The folders of the models that are kept, in their names' order; what a crash left of one is none."""
    return sorted(folder for folder in models.glob("*") if folder.suffix != PARTIAL)


def adopt(source: Path, card: Card, folder: Path) -> str:
    """Makes a sealed model in `folder`, which must not exist, of one that was made elsewhere; returns its identity.

    `source` is a folder, of which pickles and subfolders are left out, or a .gguf file, which the tokenizer's files
    beside it belong to; where there are none, the one inside is rebuilt. Files are linked where they can be, and copied
    otherwise; `source` stays as it is. Raises BadInput for a .gguf file whose tokenizer can't be rebuilt.
    """
    folder.mkdir(parents=True)
    for path in _model_files(source):
        try:
            os.link(path.resolve(), folder / path.name)  # the hub's cache is of links
        except OSError:  # another disk, or one without links
            shutil.copyfile(path, folder / path.name)
    if card.form == "gguf" and not (folder / "tokenizer.json").is_file():
        from errata.inference.gguf_unpacking import unpack_tokenizer

        unpack_tokenizer(next(folder.glob("*.gguf")), folder)
    card.write(folder)
    return seal(folder)


def _model_files(source: Path) -> list[Path]:
    """The files that make up a model of somebody else's."""
    if not source.is_dir():
        return [*tokenizer_files(source.parent), source]
    files = [path for path in sorted(source.iterdir()) if path.is_file() and not path.name.startswith(".")]
    return [path for path in files if path.suffix not in PICKLE_NAMES and path.name not in (CARD, *MADE_ANEW)]


def tokenizer_files(folder: Path) -> list[Path]:
    return [path for pattern in _TOKENIZER for path in sorted(folder.glob(pattern)) if path.is_file()]


def model_folder(identity: str, models: Path) -> Path:
    """Where a model is kept. Raises NotFound for one that isn't."""
    folder = models / identity[:16]
    if not identity or not folder.is_dir():
        raise NotFound(f"there is no model {identity!r} in {models}; `errata fsck` says how to bring it back")
    return folder


def model_parts(folder: Path, models: Path) -> tuple[Path, Path | None]:
    """Of the model in `folder`, the full model, and the adapter that goes on it, if any; `models` is where an adapter's
    base is kept."""
    card = Card.read(folder)
    return (model_folder(card.base, models), folder) if card.form == "adapter" else (folder, None)
