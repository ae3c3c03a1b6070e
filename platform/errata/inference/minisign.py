"""Signatures in minisign's own format (Ed25519 over BLAKE2b-512), so that a stranger checks them with its own tool:

    minisign -Vm SHA256SUMS -p errata.pub

A key is as `minisign -G -W` makes one, without a password: whoever runs nights by a timer has nobody to type it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from errata.errors import BadInput

_PLAIN, _HASHED = b"Ed", b"ED"
"""Of a key and an old signature; of a signature over the file's hash, as minisign makes them by now."""
_NO_PASSWORD = b"\0\0"
_CHECKSUM = b"B2"
_UNTRUSTED, _TRUSTED = "untrusted comment: ", "trusted comment: "
_KEY = 42
"""Bytes of a public key: what it is of, its number, and itself."""
_SIGNATURE, _LINES = 74, 4
_SECRET = 158
_ENCRYPTION = 48
"""Bytes of a salt and two limits, which a key without a password leaves empty."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    number: bytes
    """Eight bytes by which a signature says whose it is; drawn, and not derived."""
    value: bytes

    @property
    def text(self) -> str:
        """As it is named in a message, and as `minisign -P` takes it."""
        return base64.b64encode(_PLAIN + self.number + self.value).decode()

    @property
    def file(self) -> str:
        return f"{_UNTRUSTED}minisign public key {_hexadecimal(self.number)}\n{self.text}\n"


@dataclass(frozen=True)
class SecretKey:
    number: bytes
    seed: bytes

    @classmethod
    def new(cls) -> SecretKey:
        return cls(secrets.token_bytes(8), secrets.token_bytes(32))

    @cached_property
    def public(self) -> PublicKey:
        return PublicKey(self.number, self._key.public_key().public_bytes_raw())

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def file(self) -> str:
        value = self.seed + self.public.value
        checksum = hashlib.blake2b(_PLAIN + self.number + value, digest_size=32).digest()
        data = _PLAIN + _NO_PASSWORD + _CHECKSUM + bytes(_ENCRYPTION) + self.number + value + checksum
        return f"{_UNTRUSTED}minisign secret key {_hexadecimal(self.number)}\n{base64.b64encode(data).decode()}\n"

    def sign(self, data: bytes, comment: str) -> str:
        """The content of a `.minisig` file. `comment` is one line, which is signed too. Equal data, equal bytes."""
        signature = self._key.sign(hashlib.blake2b(data).digest())
        both = self._key.sign(signature + comment.encode())
        own = base64.b64encode(_HASHED + self.number + signature).decode()
        title = f"{_UNTRUSTED}signature from minisign secret key {_hexadecimal(self.number)}"
        return f"{title}\n{own}\n{_TRUSTED}{comment}\n{base64.b64encode(both).decode()}\n"


def read_secret_key(text: str, what: str) -> SecretKey:
    """Raises BadInput, naming `what`, for one that is none or has a password."""
    lines = text.splitlines()
    data = _decoded(lines[1] if len(lines) > 1 else "", _SECRET)
    if data is None or data[:2] != _PLAIN:
        raise BadInput(f"{what} is no secret key of minisign's; restore it, or delete it and run `errata init`")
    if data[2:4] != _NO_PASSWORD:
        raise BadInput(f"{what} has a password, which nobody types at night; take it away with `minisign -C -W`")
    body = data[6 + _ENCRYPTION :]
    return SecretKey(body[:8], body[8:40])


def read_public_keys(text: str) -> list[PublicKey]:
    """Of a `.pub` file, which may hold several one after another; what is no key is left aside."""
    decoded = (_decoded(line.strip(), _KEY) for line in text.splitlines())
    return [PublicKey(data[2:10], data[10:]) for data in decoded if data is not None and data[:2] == _PLAIN]


def signer(signature: str, data: bytes, keys: Sequence[PublicKey]) -> PublicKey | None:
    """Which of the keys made the `signature`, a `.minisig` file's content, over `data`; None where none of them did,
    and for what is no signature."""
    lines = signature.splitlines()
    if len(lines) != _LINES or not lines[2].startswith(_TRUSTED):
        return None
    own, both = _decoded(lines[1], _SIGNATURE), _decoded(lines[3], 64)
    if own is None or both is None or own[:2] not in (_PLAIN, _HASHED):
        return None
    signed = hashlib.blake2b(data).digest() if own[:2] == _HASHED else data
    comment = lines[2].removeprefix(_TRUSTED).encode()
    for key in keys:
        if key.number == own[2:10] and _holds(key, own[10:], signed) and _holds(key, both, own[10:] + comment):
            return key
    return None


def _holds(key: PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.value).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _decoded(line: str, length: int) -> bytes | None:
    """None for what isn't so many bytes in base64, as they are written in one way only."""
    try:
        data = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if len(data) == length and base64.b64encode(data).decode() == line else None


def _hexadecimal(number: bytes) -> str:
    """As minisign shows a key's number."""
    return number[::-1].hex().upper()
