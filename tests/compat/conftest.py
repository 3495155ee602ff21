"""Side environments with a released Syne Tune, made once and kept in a cache folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

# Syne Tune's own requirements would bring XGBoost and a CUDA library (700 MB); its loaders need these.
COMMON = ["dill", "psutil", "sortedcontainers", "typing_extensions"]
# 0.13 writes into arrays that pandas 3 hands out as read-only.
PACKAGES = {
    "0.13.0": [*COMMON, "numpy<2", "pandas<3", "matplotlib"],
    "0.16.0": [*COMMON, "numpy<3", "pandas"],
}


@pytest.fixture(scope="session", params=list(PACKAGES))
def syne_tune(request):
    """(version, its Python)."""
    version = request.param
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hpo-harness" / "loaders"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"syne-tune-{version}-py{sys.version_info.major}{sys.version_info.minor}"
    python = folder / "bin" / "python"
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            subprocess.run([*pip, "--no-deps", f"syne-tune=={version}"], check=True)
            subprocess.run([*pip, *PACKAGES[version]], check=True)
            (folder / "complete").touch()
    return version, python
