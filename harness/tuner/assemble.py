"""A job's settings -> the objects of its experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.benchmark import Benchmark
from harness.core.points import complete_points, read_points
from harness.core.problem import Mode
from harness.core.protocols import Context, Scheduler, Searcher
from harness.plan.job import Settings
from harness.plan.resolve import Parts, build_parts, table
from harness.plugins import searcher_of
from harness.registry import Plugin
from harness.tuner.stopping import StoppingCriterion, completed


@dataclass(frozen=True)
class Experiment:
    """What an experiment is made of, but for its back-end."""

    parts: Parts
    benchmark: Benchmark
    scheduler: Scheduler
    searcher: Searcher
    stopping: StoppingCriterion
    stops_early: bool
    objectives: Mapping[str, Mode]
    backend_plugin: Plugin


def load_benchmark(settings: Settings) -> Benchmark:
    """The benchmark of a job, without its scheduler and searcher."""
    return _define(build_parts(settings), {})


def _define(parts: Parts, data: Mapping[str, Path]) -> Benchmark:
    define = table("benchmark_name")[parts.experiment.benchmark_name].load()
    benchmark: Benchmark = define(parts.benchmark.relocated(data), parts.experiment.max_resource_level)
    return benchmark


def assemble(settings: Settings, data: Mapping[str, Path]) -> Experiment:
    """Build the experiment. UsageError where the settings do not fit the plug-ins of this version.

    Args:
        data: as in `run_job`.
    """
    parts = build_parts(settings)
    options = parts.experiment
    benchmark = _define(parts, data)
    scheduler_plugin = table("scheduler")[options.scheduler]
    scheduler_class = scheduler_plugin.load()
    given = options.points_to_evaluate
    context = Context(
        problem=benchmark.problem,
        seed=int(str(settings["random_seed"])),
        num_workers=options.num_workers,
        levels=scheduler_class.levels(parts.scheduler, benchmark.problem),
        points=None if given is None else complete_points(read_points(given), benchmark.problem.space),
    )
    scheduler = scheduler_class(context, parts.scheduler)
    objectives = {benchmark.problem.metric: benchmark.problem.mode}
    if "multi_objective" in scheduler_plugin.capabilities:
        objectives = scheduler_class.objectives(parts.scheduler, benchmark.problem)
    return Experiment(
        parts=parts,
        benchmark=benchmark,
        scheduler=scheduler,
        searcher=searcher_of(scheduler_plugin, options.searcher).load()(context, parts.searcher),
        stopping=StoppingCriterion(
            options.scheduler_timeout,
            options.num_trials,
            options.max_failures,
            finished=scheduler.finished if "grows" in scheduler_plugin.capabilities else completed,
        ),
        stops_early="stops_early" in scheduler_plugin.capabilities,
        objectives=objectives,
        backend_plugin=table("backend")[options.backend],
    )
