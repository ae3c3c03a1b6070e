"""Signatures in minisign's format. What its own tool (0.11) made is read here; that it reads ours was seen by hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errata.errors import BadInput
from errata.inference.minisign import SecretKey, read_public_keys, read_secret_key, signer

PUBLIC = "RWS1RdsDwKDtfTbX3sK628+LyEtzl+W7Q8oyQksuRvOFhoaq44+q78Dr"
SIGNED = b"hello" * 100
SIGNATURE = """\
untrusted comment: signature from minisign secret key
RUS1RdsDwKDtfa75pwcf+AB0ZJgMbV9vPbcJJE1/bWY/LkBkn843rUSIxBISmVPcnsRNf/aAduM2MjHLGdLi6DtQ/2MQpUOqyQc=
trusted comment: hi
Qo2F4/HraSn4rrQMJIFbbn7C+qTqp5aH5tN+VJdD8UtmNPKVT0PDJ8x6B5rYQbmZYbJHgA/5+H+85hkKL0BNDQ==
"""
PUBLIC_FILE = """\
untrusted comment: minisign public key 44CB5AA99E562713
RWQTJ1aeqVrLRAlh8YvroYpWA4pamLunS5QgG7bEl7s1OpErbuSY/SSL
"""
SECRET_FILE = """\
untrusted comment: minisign encrypted secret key
RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEydWnqlay0T/+SOiIi93AVFTySaLVkfB6KWTpG6LP1nJSdbB\
+8TBlwlh8YvroYpWA4pamLunS5QgG7bEl7s1OpErbuSY/SSLAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
"""
KEY = SecretKey.new()


def test_what_minisign_signed_is_known() -> None:
    keys = read_public_keys(PUBLIC_FILE + PUBLIC)
    key = signer(SIGNATURE, SIGNED, keys)
    assert key is not None and key.text == PUBLIC
    assert signer(SIGNATURE, SIGNED + b"x", keys) is None
    assert signer(SIGNATURE.replace("hi", "ho"), SIGNED, keys) is None, "the comment is signed too"
    assert signer(SIGNATURE, SIGNED, read_public_keys(PUBLIC_FILE)) is None


def test_a_key_that_minisign_made_signs() -> None:
    key = read_secret_key(SECRET_FILE, "errata.key")
    assert key.public.file == PUBLIC_FILE
    assert signer(key.sign(b"x", "c"), b"x", [key.public]) == key.public


def test_a_key_is_read_as_it_was_written() -> None:
    assert read_secret_key(KEY.file, "errata.key") == KEY
    assert read_public_keys("anything\n" + KEY.public.file + KEY.public.file) == [KEY.public, KEY.public]


def test_equal_data_has_equal_signatures() -> None:
    assert KEY.sign(b"x", "c") == KEY.sign(b"x", "c")


@settings(max_examples=25)
@given(data=st.binary(max_size=60), place=st.integers(0), change=st.integers(1, 255))
def test_no_changed_byte_passes(data: bytes, place: int, change: int) -> None:
    """Of what is signed, or of the signature; of this, all but the first line counts."""
    signature = KEY.sign(data, "errata model 1")
    assert signer(signature, data, [KEY.public]) == KEY.public
    if data:
        at = place % len(data)
        assert signer(signature, data[:at] + bytes([data[at] ^ change]) + data[at + 1 :], [KEY.public]) is None
    first, _, rest = signature.partition("\n")
    at = place % (len(rest) - 1)
    changed = rest[:at] + chr((ord(rest[at]) + change) % 128) + rest[at + 1 :]
    assert changed == rest or signer(f"{first}\n{changed}", data, [KEY.public]) is None


@given(text=st.text(max_size=120))
@settings(max_examples=25)
def test_what_is_no_signature_is_nobodys(text: str) -> None:
    assert signer(text, b"", [KEY.public]) is None
    assert read_public_keys(text) == []


@pytest.mark.parametrize("text", ["", "x\ny", PUBLIC_FILE, KEY.file[:-9]])
def test_what_is_no_secret_key_is_one_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"errata\.key is no secret key"):
        read_secret_key(text, "errata.key")


def test_a_key_with_a_password_is_refused_with_the_remedy() -> None:
    head, line = KEY.file.splitlines()
    with pytest.raises(BadInput, match="minisign -C -W"):
        read_secret_key(f"{head}\nRWRTY0Iy{line[8:]}\n", "errata.key")


@pytest.mark.skipif(shutil.which("minisign") is None, reason="minisign is not installed")
def test_minisign_itself_reads_ours(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(SIGNED)
    (tmp_path / "list.minisig").write_text(KEY.sign(SIGNED, "errata model 1"))
    (tmp_path / "errata.pub").write_text(KEY.public.file)
    subprocess.run(["minisign", "-Vm", "list", "-p", "errata.pub"], cwd=tmp_path, check=True)
