"""What is installed here, and what this machine can do with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

import errata
from errata.inference.compute_device import Device, best_device

State = Literal["ok", "absent", "problem"]
"""`absent` is what some would miss and nothing needs; a problem is what something will fail on."""

GIGABYTE = 1_000_000_000
LEAST_MEMORY, LEAST_SPACE = 4, 5
"""Gigabytes with which the loop on errata-tiny still runs."""
CHROMIUM = "/usr/bin/chromium"
POSTGRESQL = Path("/usr/lib/postgresql")
"""Where Debian keeps a server's programs, which aren't on the PATH."""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    name: str
    state: State
    detail: str
    remedy: str = ""
    """What to do, where something is to be done."""


def machine_checks(place: Path) -> Iterator[HealthCheck]:
    """Of this machine; `place` is a folder on the disk that counts. Imports torch, which takes seconds."""
    yield HealthCheck("errata", "ok", f"{errata.__version__} in {Path(errata.__file__).parent}")
    yield HealthCheck("Python", "ok", f"{sys.version.split()[0]} at {sys.executable}")
    yield _packages()
    yield from _torch()
    yield HealthCheck("cores", "ok", str(len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()))
    yield _memory()
    yield _space(place)
    yield _git()
    java = shutil.which("java") or ""
    yield _optional("java", java, "METEOR can't be scored without it", "apt-get install default-jre-headless")
    yield _postgresql()
    there = shutil.which("chromium") or (Path(CHROMIUM).exists() and CHROMIUM)
    yield _optional("chromium", str(there or ""), "tests of the report's page skip", "apt-get install chromium")
    for extra, module, use in (
        ("postgresql", "psycopg", "a record on PostgreSQL"),
        ("meteor", "pycocoevalcap", "METEOR as published"),
        ("gguf", "xllamacpp", "running and writing GGUF files"),
        ("kquants", "ik_llama_cpp", "4-bit GGUF files"),
        ("unsloth", "unsloth", "training with unsloth"),
        ("ray", "ray", "work on several machines"),
    ):
        detail = f"{module} {_version(module)}" if find_spec(module) else ""
        remedy = f"pip install -e '.[{extra}]' in the project's folder"
        yield _optional(f"extra {extra}", detail, f"{use} needs it", remedy)


_WHERE: dict[Device, str] = {
    "cuda": "on the GPU, in bf16",
    "mps": "on the Mac's GPU, in fp32",
    "cpu": "on the CPU, in fp32: for models of some million weights, or for patience",
}


def abilities() -> Iterator[HealthCheck]:
    """What can be done here: trained, exported, tested."""
    device = best_device()
    yield HealthCheck("train lora, full", "ok", _WHERE[device])
    if device == "mps":
        yield HealthCheck("train qlora", "absent", "bitsandbytes has nothing for a Mac's GPU", "train.method: lora")
    else:
        without = "on the CPU: it works, and is slower than lora"
        yield HealthCheck("train qlora", "ok", _WHERE[device] if device == "cuda" else without)
    if device == "cuda":
        yield _optional("train by unsloth", "yes" if find_spec("unsloth") else "", "not installed", "see extra unsloth")
    else:
        yield HealthCheck("train by unsloth", "absent", "it needs an NVIDIA GPU", "train.backend: transformers")
    yield HealthCheck("export server", "ok", "merged safetensors")
    onnx = "int8 or int4 ONNX" if find_spec("onnxruntime_genai") else ""
    yield _optional("export device", onnx, "onnxruntime-genai isn't installed", "pip install onnxruntime-genai")
    missing = ", ".join(_skipped_tests())
    yield _optional("run every test", "" if missing else "yes", f"those of {missing} skip", "install what they need")


def _skipped_tests() -> Iterator[str]:
    if not _postgresql_server():
        yield "PostgreSQL"
    if not Path(CHROMIUM).exists():
        yield "the report's page"
    if not (shutil.which("java") and find_spec("pycocoevalcap")):
        yield "METEOR"


def _packages() -> HealthCheck:
    """Whether every package is there in a version that Errata asks for."""
    try:
        specs = metadata.requires("errata") or []
    except metadata.PackageNotFoundError:
        return HealthCheck("packages", "problem", "errata isn't installed here", "pip install -e . in its folder")
    needed = [need for need in map(Requirement, specs) if need.marker is None or need.marker.evaluate({"extra": ""})]
    wrong = [
        f"{need.name} is {_version(need.name) or 'missing'}, not {need.specifier}" for need in needed if _is_wrong(need)
    ]
    if wrong:
        return HealthCheck(
            "packages", "problem", "; ".join(wrong), "make setup, or pip install -e . in Errata's folder"
        )
    return HealthCheck("packages", "ok", f"{len(needed)}, each in a version that Errata asks for")


def _is_wrong(need: Requirement) -> bool:
    version = _version(need.name)
    return not version or not need.specifier.contains(version, prereleases=True)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _torch() -> Iterator[HealthCheck]:
    try:
        import torch
    except (ImportError, OSError) as error:  # a library that torch wants may be missing
        yield HealthCheck("torch", "problem", f"it can't be imported ({error})", "install it anew: make setup")
        return
    build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "for CPUs"
    libraries = ", ".join(f"{name} {_version(name)}" for name in ("transformers", "peft", "trl", "bitsandbytes"))
    yield HealthCheck("torch", "ok", f"{torch.__version__}, {build}; {libraries}")
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(number)
            yield HealthCheck("GPU", "ok", f"{card.name}, {card.total_memory / GIGABYTE:.0f} GB")
    elif shutil.which("nvidia-smi"):
        remedy = "install torch's wheel for CUDA, and see that nvidia-smi runs"
        yield HealthCheck("GPU", "problem", "nvidia-smi is here, and torch sees no GPU", remedy)
    else:
        yield HealthCheck("GPU", "absent", "none; everything runs on the CPU")


def _memory() -> HealthCheck:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    if size < LEAST_MEMORY:
        return HealthCheck("memory", "problem", f"{size:.1f} GB", f"a night takes {LEAST_MEMORY} GB; add some, or swap")
    return HealthCheck("memory", "ok", f"{size:.0f} GB")


def _space(place: Path) -> HealthCheck:
    free = shutil.disk_usage(place).free / GIGABYTE
    if free < LEAST_SPACE:
        return HealthCheck("disk", "problem", f"{free:.1f} GB free at {place}", f"make room: {LEAST_SPACE} GB at least")
    return HealthCheck("disk", "ok", f"{free:.0f} GB free at {place}")


def _git() -> HealthCheck:
    path = shutil.which("git")
    if path is None:
        return HealthCheck("git", "problem", "not installed; every workspace is a repository", "apt-get install git")
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return HealthCheck("git", "ok", done.stdout.strip().removeprefix("git version "))


def _postgresql() -> HealthCheck:
    without = "tests of it skip; a record on a server elsewhere needs none here"
    return _optional("PostgreSQL", _postgresql_server(), without, "apt-get install postgresql")


def _postgresql_server() -> str:
    debian = sorted(POSTGRESQL.glob("*/bin/initdb"))
    return shutil.which("initdb") or (str(debian[-1].parent) if debian else "")


def _optional(name: str, detail: str, without: str, remedy: str) -> HealthCheck:
    return HealthCheck(name, "ok", detail) if detail else HealthCheck(name, "absent", without, remedy)
