"""A model of which one file was damaged: whoever would use it is refused, in one sentence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from errata.documents.params import Target
from errata.errors import NotFound, Refused
from errata.inference.artefact import read_seal, store_model, verify, verify_parts
from errata.inference.checksums import SIGNATURE, check_signature, trusted_keys
from errata.loop.model_papers import write_papers
from errata.loop.signing_key import make_signing_key
from errata.workspace import Workspace
from registry.export.device import export_device
from registry.export.gguf_export import export_gguf
from registry.export.server import export_server
from tests.command_line import in_this_process
from tests.made_up_record import talk

pytestmark = pytest.mark.slow

ASKED_BY_COMMANDS = {
    f"{name} flipped" for name in ("model.safetensors", "adapter_model.safetensors", "model.onnx.data", "MLmodel")
}
"""All commands compare by the same function: of some damages each is tried, of all the function."""


def damages(folder: Path) -> Iterator[str]:
    """Each file in turn with a bit flipped in its middle, without its last byte, and empty; in the end all is whole."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        for what, data in (("flipped", flipped), ("shortened", whole[:-1]), ("emptied", b"")):
            path.write_bytes(data)
            yield f"{path.name} {what}"
        path.write_bytes(whole)


def with_champion(
    source: Path, base: Path, laid_out: Path, place: Path, target: Target | None
) -> tuple[Workspace, str]:
    """A workspace whose champion is the model in `source`, with its papers, signed; `base` is Day-0."""
    shutil.copytree(laid_out, place / "workspace")
    workspace = Workspace.find(place / "workspace")
    workspace.models.mkdir(exist_ok=True)
    make_signing_key(workspace)
    day0, identity = (store_model(folder, workspace.models) for folder in (base, source))
    with workspace.record.write() as store:
        store.transcripts.add(talk("waiting"))
        store.aliases.assign_alias("day0", day0, "test", "me", None, None)
        store.aliases.assign_alias("champion", identity, "test", "me", None, None)
    write_papers(workspace, workspace.models / day0[:16], day0, None)
    write_papers(workspace, workspace.models / identity[:16], identity, target)
    return workspace, identity


def check_refused(workspace: Workspace, identity: str) -> None:
    folder = workspace.models / identity[:16]
    keys = trusted_keys(workspace.root)
    for damage in damages(folder):
        if damage.startswith(SIGNATURE):  # it is none of the model, and asked for where a stranger may have been
            if damage.endswith("flipped"):
                with pytest.raises(Refused, match="none of the trusted keys"):
                    check_signature(folder, keys)
            continue
        with pytest.raises(NotFound) as refused:
            verify_parts(identity, folder, workspace.models)  # as the service's process does before it loads it
        assert "\n" not in str(refused.value), damage
        if damage in ASKED_BY_COMMANDS:
            check_commands(workspace, identity, damage)
    assert verify(folder) == identity


def check_commands(workspace: Workspace, identity: str, damage: str) -> None:
    here, talks = ("-w", workspace.root), workspace.root / "talk.srt"
    talks.write_text("1\n00:00:00,000 --> 00:00:04,000\nWelcome.\n")
    for words in (
        ("verify", workspace.models / identity[:16], *here),
        ("predict", *here),
        ("predict", "--model", identity[:16], *here),
        ("chapters", talks, "--model", workspace.models / identity[:16]),
    ):
        done = in_this_process(*words, check=False)
        assert done.returncode in (2, 3, 4), f"{damage}: {words[0]} took it"
        assert done.stderr.count("errata: ") == 1 and "Traceback" not in done.stderr, damage
    with workspace.record.read() as store:
        assert not store.predictions.of_transcript(store.transcripts.find("waiting") or 0)


def test_a_full_model(base: Path, laid_out: Path, tmp_path: Path) -> None:
    check_refused(*with_champion(base, base, laid_out, tmp_path, None))


def test_an_adapter_and_the_base_that_it_goes_on(adapter: Path, base: Path, laid_out: Path, tmp_path: Path) -> None:
    workspace, identity = with_champion(adapter, base, laid_out, tmp_path, None)
    day0 = workspace.models / read_seal(base)[0][:16]
    for damage in damages(day0):
        if not damage.startswith(SIGNATURE):
            with pytest.raises(NotFound):
                verify_parts(identity, workspace.models / identity[:16], workspace.models)
    verify_parts(identity, workspace.models / identity[:16], workspace.models)


@pytest.mark.parametrize("target", ["server", "device", "gguf"])
def test_an_export(target: Target, adapter: Path, models: Path, base: Path, laid_out: Path, tmp_path: Path) -> None:
    export_server(adapter, models, tmp_path / "server")
    if target == "device":
        export_device(tmp_path / "server", tmp_path / "device", "int8")
    if target == "gguf":
        pytest.importorskip("gguf")
        export_gguf(tmp_path / "server", tmp_path / "gguf", "q8_0")
    check_refused(*with_champion(tmp_path / target, base, laid_out, tmp_path, target))
