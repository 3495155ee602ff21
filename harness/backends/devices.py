"""GPUs for trials, found without importing a framework, and each trial's share of the CPUs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence

from harness.errors import UsageError

VISIBLE = "CUDA_VISIBLE_DEVICES"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
SECONDS = 20.0


def find_gpus(environment: Mapping[str, str]) -> list[str]:
    """Names of the GPUs that processes of this environment see, as CUDA_VISIBLE_DEVICES takes them."""
    visible = environment.get(VISIBLE)
    if visible is not None:
        # CUDA ignores what follows the first name that is none.
        names = [name.strip() for name in visible.split(",")]
        return names[: next((at for at, name in enumerate(names) if name in ("", "-1", "NoDevFiles")), len(names))]
    program = shutil.which("nvidia-smi", path=environment.get("PATH"))
    if program is None:
        return []
    try:
        done = subprocess.run([program, "--list-gpus"], capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line for line in done.stdout.splitlines() if line.startswith("GPU ")]
    return [str(index) for index in range(len(lines))] if done.returncode == 0 else []


class GpuRotation:
    """Hands GPUs to trials: the one with the most room first, of several the one that was handed out least.

    Args:
        gpus: names; without any, trials get none.
        per_trial: GPUs of a trial: a whole number, or a fraction, so that trials share one.
    """

    def __init__(self, gpus: Sequence[str], per_trial: float) -> None:
        if per_trial > 1 and per_trial != int(per_trial):
            raise UsageError(f"num_gpus_per_trial = {per_trial:g}: above 1 it must be a whole number")
        if gpus and per_trial > len(gpus):
            raise UsageError(f"num_gpus_per_trial = {per_trial:g}: there are {len(gpus)} GPUs")
        self._share = min(1.0, per_trial)
        self._count = max(1, int(per_trial)) if per_trial > 0 else 0
        self._used = dict.fromkeys(gpus, 0.0)
        self._handed_out = dict.fromkeys(gpus, 0)
        self._held: dict[int, list[str]] = {}

    @property
    def capacity(self) -> int | None:
        """Trials for which there is room at once; None where GPUs do not limit them."""
        if not self._used or self._count == 0:
            return None
        return int(len(self._used) / self._count) if self._count > 1 else len(self._used) * int(1 / self._share + 1e-9)

    def take(self, trial_id: int) -> dict[str, str]:
        """Entries of the trial's environment. Where all GPUs are taken, trials share the least taken ones."""
        if not self._used or self._count == 0:
            return {}
        ranked = sorted(self._used, key=lambda gpu: (round(self._used[gpu], 6), self._handed_out[gpu]))
        chosen = ranked[: self._count]
        for gpu in chosen:
            self._used[gpu] += self._share
            self._handed_out[gpu] += 1
        self._held[trial_id] = chosen
        return {VISIBLE: ",".join(chosen)}

    def give_back(self, trial_id: int) -> None:
        for gpu in self._held.pop(trial_id, []):
            self._used[gpu] -= self._share


def thread_share(environment: Mapping[str, str], cpus: float, num_workers: int) -> dict[str, str]:
    """Threads of a trial, for the libraries that start them, so that all trials together have no more than the CPUs.

    Who sets OMP_NUM_THREADS, or another of these, has decided already.
    """
    share = max(1, int(cpus / num_workers + 1e-9))
    threads = environment.get(THREADS[0], str(share))
    return {name: environment.get(name, threads) for name in THREADS}


def too_many(num_workers: int, cpus: float, capacity: int | None) -> list[str]:
    """Warnings where more trials run at once than the machine has room for."""
    warnings = []
    if num_workers > max(1.0, cpus):
        warnings.append(f"num_workers = {num_workers}, but only {cpus:g} CPUs may be used here: trials slow each other")
    if capacity is not None and num_workers > capacity:
        warnings.append(f"num_workers = {num_workers}, but the GPUs have room for {capacity} trials: they share GPUs")
    return warnings
