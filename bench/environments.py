"""The tools' environments: virtual environments under the cache folder, made when first needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import EnvironmentFault
from harness.runtime.wheels import cache_folder

_STAMP = "requirements.json"
_SYNETUNE_NEW = ("syne-tune==0.16.0", "huggingface_hub", "fastparquet", "h5py")

# Name -> what pip installs, in steps: torch first, so that the build that pip is configured to prefer stays.
REQUIREMENTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "synetune013": (
        ("torch==2.13.0",),
        ("syne-tune[gpsearchers,blackbox-repository]==0.13.0", "numpy<1.24"),
    ),
    "torch": (("torch==2.13.0",), ("optuna==5.0.0", "botorch==0.18.1", *_SYNETUNE_NEW)),
    "ax": (("torch==2.13.0",), ("ax-platform==1.3.1",)),
    # It asks for a pymoo that has no wheel for this Python; the next one serves.
    "hebo": (
        ("torch==2.13.0",),
        ("numpy<1.25", "scipy<=1.12", "pandas<2.2", "scikit-learn<1.5", "gpytorch<1.12", "GPy==1.13.2"),
        ("pymoo==0.6.1.3", "catboost", "disjoint-set"),
        ("HEBO==0.3.6", "--no-deps"),
    ),
    "skopt": (("scikit-optimize==0.10.2",),),
    "ray": (("torch==2.13.0",), ("ray[tune]==2.60.0",)),
}
OURS = "ours"


def root() -> Path:
    """`$HPO_BENCH_ENVIRONMENTS`, else the folder `bench` of the cache."""
    return Path(os.environ.get("HPO_BENCH_ENVIRONMENTS") or cache_folder() / "bench")


def interpreter(name: str, say: Callable[[str], None]) -> Path:
    """Python of an environment, which is made if there is none with these requirements.

    EnvironmentFault, with pip's last line, where it cannot be made.
    """
    if name == OURS:
        return Path(sys.executable)
    folder = root() / name
    python, stamp = folder / "bin" / "python", folder / _STAMP
    wanted = json.dumps(REQUIREMENTS[name])
    if not (stamp.is_file() and stamp.read_text() == wanted):
        say(f"making the environment of {name} in {folder}")
        _step(name, [sys.executable, "-m", "venv", str(folder)])
        for step in REQUIREMENTS[name]:
            _step(name, [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *step])
        stamp.write_text(wanted)
    return python


def _step(name: str, command: list[str]) -> None:
    try:
        result = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise EnvironmentFault(f"the environment of {name} cannot be made: {error}") from error
    if result.returncode:
        faults = [line for line in result.stderr.splitlines() if line.startswith("ERROR")] or ["no reason given"]
        raise EnvironmentFault(f"the environment of {name} cannot be made: {faults[-1]}")
