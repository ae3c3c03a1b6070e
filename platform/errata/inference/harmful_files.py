"""What has no place in a model's folder: files that could run code when somebody loads them, and archives, which could
hold such a file. A file is told by its content, whatever its name."""

from __future__ import annotations

import json
import mmap
import pickletools
from pathlib import Path
from tokenize import TokenError
from typing import BinaryIO

PICKLE_NAMES = (".bin", ".pt", ".pth", ".pkl", ".joblib", ".ckpt")
"""What those who pickle call their files: refused without a look inside."""
_MAGIC = {
    b"PK\x03\x04": "a zip archive (torch.save and .npz are such)",
    b"PK\x05\x06": "an empty zip archive",
    b"PK\x07\x08": "a zip archive in parts",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x7fELF": "a program (ELF)",
    b"MZ\x90\x00": "a program (PE)",
    b"\xcf\xfa\xed\xfe": "a program (Mach-O)",
}
_TAR, _TAR_AT = b"ustar", 257
_NUMPY = b"\x93NUMPY"
_CALLS = {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "REDUCE", "NEWOBJ", "NEWOBJ_EX", "BUILD", "EXT1", "EXT2", "EXT4"}
"""Operations of a pickle that import or call something."""
_OPERATIONS = 200_000
"""So many in a row are no accident."""
_LONGEST_HEADER = 100_000_000
"""Bytes, as the library of safetensors has it."""


def not_plain(path: Path) -> str:
    """Why a path is none that a model's folder may hold, in a sentence: a link, or anything else but a plain file.
    Empty for a plain file."""
    if path.is_symlink():
        return f"{path} is a link, which may lead anywhere; put the file itself in its place"
    if not path.is_file():
        return f"{path} is no plain file; take it out of the model's folder"
    return ""


def harm(path: Path) -> str:
    """What a plain file is that could run code when loaded or be unpacked, in a sentence; empty for any other."""
    found = _kind(path)
    return found and f"{path} is {found}, which could run code when loaded or unpacked; save safetensors instead"


def _kind(path: Path) -> str:
    """What a plain file is that it may not be; empty for any other."""
    if path.suffix in PICKLE_NAMES:
        return "by its name a pickle"
    if not path.stat().st_size:
        return ""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
            return "a tar archive"
        head = data[:8]
        if known := next((name for magic, name in _MAGIC.items() if head.startswith(magic)), ""):
            return known
        if head.startswith(_NUMPY):
            return "an array of objects" if _holds_objects(path) else ""
        if path.suffix == ".safetensors":
            return "" if _has_header(data) else "called safetensors and has no such header"
        file.seek(0)
        return "a pickle" if _is_pickle(file, len(data)) else ""


def _has_header(data: mmap.mmap) -> bool:
    """Whether it begins as safetensors do: a length in eight bytes, and so many bytes of a JSON object."""
    length = int.from_bytes(data[:8], "little")
    if length > min(len(data) - 8, _LONGEST_HEADER):
        return False
    try:
        return isinstance(json.loads(data[8 : 8 + length]), dict)
    except (ValueError, RecursionError):
        return False


def _holds_objects(path: Path) -> bool:
    """Whether a NumPy array is one of Python objects, which are pickled, or has a header that nobody can read."""
    from numpy.lib import format as layout

    with path.open("rb") as file:
        try:
            version = layout.read_magic(file)
            read = layout.read_array_header_1_0 if version == (1, 0) else layout.read_array_header_2_0
            return bool(read(file)[2].hasobject)
        except (ValueError, TypeError, SyntaxError, TokenError):
            return True


def _is_pickle(file: BinaryIO, size: int) -> bool:
    """Whether the file begins as a pickle of any protocol, up to the operation that ends one.

    A text may by chance begin with operations: without a protocol's number, one of them must call something, or the end
    must be the file's.
    """
    names: set[str] = set()
    try:
        for number, (operation, _, place) in enumerate(pickletools.genops(file)):  # it names them and runs none
            names.add(operation.name)
            if number >= _OPERATIONS:
                return True
            if operation.name == "STOP":
                ends = place == size - 1 and number > 0
                return "PROTO" in names or bool(names & _CALLS) or ends
    except (ValueError, OverflowError):  # no operation, or an argument that is none
        return False
    return False
