"""What made a result, beyond its settings: the code as it is on disk, the packages, the machine."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import harness

# What results can depend on: numerics, tables, and what trains.
PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "pydantic", "torch")

# The facts of metadata that say what made a result, launch included.
ENVIRONMENT = (
    "runtime",
    "image",
    "image_id",
    "image_base",
    "lock_hash",
    "git_hash",
    "git_dirty",
    "code_hash",
    "harness_version",
    "python_version",
    "platform",
    "cpu_model",
    "cpu_count",
)


def provenance() -> dict[str, Any]:
    """Flat facts for metadata: code_hash, package_*, python_version, platform, cpu_model, cpu_count."""
    return {
        "harness_version": harness.__version__,
        "code_hash": code_hash(),
        "python_version": platform.python_version(),
        "platform": platform.platform(),
        "cpu_model": _cpu_model(),
        "cpu_count": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        **{f"package_{name}": version for name in PACKAGES if (version := _version(name))},
    }


@functools.cache
def code_hash() -> str:
    """16 hexadecimal digits over the Python sources of harness and benchmarks as they are on disk now."""
    root = Path(harness.__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for folder in ("harness", "benchmarks") for path in (root / folder).rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(root)}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()[:16]


@functools.cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
