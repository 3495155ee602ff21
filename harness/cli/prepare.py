"""What a sweep needs on this machine before its first job: runtime, packages or image, data sets."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from harness.backends.warm import AVAILABLE, Imports
from harness.benchmark import DataNeed
from harness.cli.script_needs import in_image, installed, lacking, package_names
from harness.errors import EnvironmentFault
from harness.jobdir import JobDir
from harness.plan.build import Plan
from harness.plan.job import Job, read_job
from harness.plan.resolve import KINDS, table
from harness.runtime.protocol import Limits, Runtime

Say = Callable[[str], None]

DISTRIBUTION = "hpo-harness"
# The modules by which an extra shows that it is installed.
EXTRA_MODULES = {
    "gpsearchers": ("scipy",),
    "benchmarks": ("torch", "sklearn"),
    "blackbox": ("pyarrow",),
    "transformers": ("transformers",),
    "ray": ("ray", "skopt", "optuna"),
    "optuna": ("optuna", "torch"),
    "nevergrad": ("nevergrad",),
    "cmaes": ("cmaes",),
    "botorch": ("botorch", "torch"),
    "smac": ("smac", "ConfigSpace"),
    "synetune": ("syne_tune", "xgboost", "botorch"),
}
# What `harness setup` installs; the others serve a single benchmark.
COMMON_EXTRAS = ("gpsearchers", "benchmarks", "blackbox")


def choose_runtime(asked: str, say: Say) -> str:
    """`auto` is Docker where an engine answers, else processes; said in one line."""
    from harness.runtime.engine import engine_answers

    if asked != "auto":
        return asked
    name = "docker" if engine_answers() else "process"
    why = "a Docker engine answers" if name == "docker" else "no Docker engine answers"
    say(f"runtime: {name} ({why})")
    return name


def open_runtime(name: str, root: Path, plan: Plan, *, install: bool, say: Say) -> tuple[Runtime, Mapping[str, str]]:
    """The runtime, ready: image built, or packages present; and the facts on it that jobs keep.

    Args:
        install: install missing packages into this environment instead of asking for it.
    """
    facts = {"runtime": name, **revision()}
    if name == "docker":
        from harness.runtime.bases import ROOT
        from harness.runtime.docker import DockerRuntime
        from harness.runtime.image import ensure_image, image_info

        held = in_image(ROOT)
        _tell_of_needs(plan, lambda package: package in held, "add its lines to the project's dependencies.txt", say)
        _check_image_holds(_extras(plan), held, ", or use plain processes (RUNTIME=process)")
        image = ensure_image(say=say)
        info = image_info()
        facts |= {"image": image, "image_id": info.image_id or "", "image_base": info.base, "lock_hash": info.lock_hash}
        return DockerRuntime(image), {**facts, "engine_version": info.engine}
    from harness.runtime.process import ProcessRuntime

    ensure_packages(_extras(plan), install=install, say=say)
    _tell_of_needs(plan, installed, "pip install -r it", say)
    forks = all(plays_tables(job) for job in _distinct(plan))
    return ProcessRuntime(root, forks=forks, imports=shared_imports), facts


def shared_imports(folder: Path, environment: Mapping[str, str]) -> Imports | None:
    """What the trials of a job import, where its process has this environment; None where they are not forked."""
    from harness.backends.local import imports_of
    from harness.tuner.assemble import load_benchmark

    settings = read_job(JobDir(folder)).settings
    if settings["backend"] != "local" or settings.get("no_warm_workers") or not AVAILABLE:
        return None
    benchmark = load_benchmark(settings)
    if benchmark.script is None or not benchmark.calling.preload:
        return None
    return imports_of(benchmark.script, benchmark.calling, environment, int(settings["num_workers"]))


def _tell_of_needs(plan: Plan, held: Callable[[str], bool], remedy: str, say: Say) -> None:
    """A line for each file beside a training script that names packages which trials will not find."""
    from harness.tuner.assemble import load_benchmark

    jobs = [job for job in _distinct(plan) if not plays_tables(job)]
    for script in dict.fromkeys(load_benchmark(job.settings).script for job in jobs):
        found = lacking(script, held) if script is not None else None
        if found is not None:
            file, missing = found
            say(f"note: {file} names {', '.join(missing)}, which trials will not find here: {remedy}")


def check_image(plan: Plan, *, trials: bool) -> None:
    """EnvironmentFault where the plan's jobs need packages that the image lacks.

    Args:
        trials: those that run on machines of their own run in this image too.
    """
    from harness.runtime.bases import ROOT

    _check_image_holds(_extras(plan, trials=trials), in_image(ROOT))


def _check_image_holds(extras: Iterable[str], held: Collection[str], otherwise: str = "") -> None:
    """EnvironmentFault where jobs need packages that the image lacks.

    Args:
        otherwise: what else the user can do.
    """
    for extra in sorted(set(extras)):
        missing = sorted(set(package_names("\n".join(_requirements(extra)))) - set(held))
        if missing:
            hint = f"add {', '.join(missing)} to dependencies.txt{otherwise}"
            raise EnvironmentFault(f"the image does not hold the packages of the extra '{extra}'", hint=hint)


def _requirements(*extras: str) -> list[str]:
    """What the extras of this project ask for, as pip reads it."""
    return [
        requirement.split(";")[0].strip()
        for requirement in importlib.metadata.requires(DISTRIBUTION) or []
        if any(f'extra == "{extra}"' in requirement for extra in extras)
    ]


def revision() -> dict[str, str]:
    """Git revision of the harness and whether its files differ from it, {} outside a checkout."""
    root = Path(__file__).resolve().parents[2]
    revision = _git(root, "rev-parse", "HEAD")
    if not revision:
        return {}
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "harness", "benchmarks")
    return {"git_hash": revision, "git_dirty": "yes" if changed else "no"}


def _git(root: Path, *words: str) -> str | None:
    """What git prints, None where it fails or is not installed."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _extras(plan: Plan, *, trials: bool = False) -> set[str]:
    """The optional dependencies that the plan's parts need where its loops run.

    Args:
        trials: with what trials need that run on machines of their own.
    """
    every = (
        table(setting)[job.settings[setting]].extra
        for job in _distinct(plan)
        for setting in KINDS
        if not (setting == "benchmark_name" and (plays_tables(job) or (trains_elsewhere(job) and not trials)))
    )
    return {extra for extras in every for extra in extras.split()}


def plays_tables(job: Job) -> bool:
    """Whether trials come from a table, so that what they would train on and with is not needed."""
    return "tabulated" in table("backend")[job.settings["backend"]].needs


def trains_elsewhere(job: Job) -> bool:
    """Whether trials run on machines of their own."""
    return bool(job.settings["backend"] == "sagemaker")


def ensure_packages(extras: Iterable[str], *, install: bool, say: Say) -> None:
    """EnvironmentFault where packages of the extras are missing and may not, or cannot, be installed."""
    missing = sorted(
        extra for extra in extras if any(importlib.util.find_spec(module) is None for module in EXTRA_MODULES[extra])
    )
    if not missing:
        return
    names = ",".join(missing)
    if not install:
        raise EnvironmentFault(
            f"packages for running trials in plain processes are not installed here: {names}",
            hint=f"make setup RUNTIME=process, or pip install -e '.[{names}]', or use Docker (--runtime docker)",
        )
    install_extras(missing, "for trials in plain processes", say)


def install_extras(extras: Sequence[str], purpose: str, say: Say) -> None:
    """Install the packages of optional dependencies of this project. EnvironmentFault where pip cannot."""
    requirements = _requirements(*extras)
    say(f"installing {', '.join(requirements)} {purpose} (once)")
    if subprocess.run([sys.executable, "-m", "pip", "install", "-qq", *requirements]).returncode != 0:
        raise EnvironmentFault(f"pip could not install {', '.join(requirements)}; its message is above")
    importlib.invalidate_caches()


def _distinct(plan: Plan) -> list[Job]:
    """One job for each combination of parts."""
    jobs: dict[tuple[str, ...], Job] = {}
    for job in plan.jobs():
        jobs.setdefault(tuple(str(job.settings[setting]) for setting in KINDS), job)
    return list(jobs.values())


def _own_folder(argument: str, need: DataNeed) -> Path:
    """The user's folder. EnvironmentFault where it is none, or holds nothing that the training script can read."""
    folder = Path(str(need.folder)).expanduser().absolute()
    if not folder.is_dir():
        raise EnvironmentFault(f"{argument} = {folder}: there is no such folder")
    if need.formats and not any(path for pattern in need.formats for path in folder.glob(pattern)):
        raise EnvironmentFault(f"{argument} = {folder}: it holds none of {', '.join(need.formats)}")
    return folder


def limits_of(job: Job) -> Limits:
    """What the job may use of a machine: what its settings say, and a network where its benchmark asks for one."""
    from harness.tuner.assemble import load_benchmark

    given = {name: job.settings[name] for name in ("cpus", "memory", "gpus") if job.settings.get(name) is not None}
    return Limits(**given, network=load_benchmark(job.settings).network)


class DataFinder:
    """Folders of the data sets that jobs read; each is looked for once."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._found: dict[tuple[str, str | None], Path] = {}

    def __call__(self, job: Job) -> Mapping[str, Path]:
        """Argument of the training script -> folder. EnvironmentFault where a data set cannot be had."""
        from benchmarks.datasets import DATASETS
        from harness.datasets import locate
        from harness.tuner.assemble import load_benchmark

        folders = {}
        for argument, need in load_benchmark(job.settings).data.items():
            if need.folder is not None and (need.dataset is None or need.formats):
                folders[argument] = _own_folder(argument, need)
                continue
            if need.dataset is not None and plays_tables(job):
                continue
            if need.dataset is None:
                raise EnvironmentFault(f"{job.tuner_name}: no folder is named for {argument}")
            key = (need.dataset, need.folder)
            if key not in self._found:
                self._found[key] = locate(DATASETS[need.dataset], folder=need.folder, say=self._say)
            folders[argument] = self._found[key]
        return folders
