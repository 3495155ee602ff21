"""Try a job's benchmark out: one trial for two resource levels, in one go and with a break between them.

What would spoil hours of an experiment shows in a minute: names of metrics, levels, checkpoints, what is left behind.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.core.decisions import Start
from harness.core.events import Exited, Reported
from harness.core.history import History
from harness.core.problem import MissingMetric, Problem
from harness.core.protocols import Backend
from harness.core.trial import Trial
from harness.jobdir import JobDir, write_json
from harness.plan.job import read_job
from harness.tuner.assemble import Experiment, assemble

SECONDS_PER_LEVEL = 600.0
# More output than this for one level fills disks, in a sweep of some thousand trials.
FLOOD_BYTES = 1_000_000


@dataclass
class LegSeen:
    """What one leg of a trial showed. `exited` is None where it did not end in time, or was ended after its level."""

    told: int | None
    reports: list[Mapping[str, Any]] = field(default_factory=list)
    exited: Exited | None = None
    overdue: bool = False

    def levels(self, problem: Problem) -> list[Any]:
        return [report.get(problem.resource_attr or "") for report in self.reports]


def smoke_job(path: Path, data: Mapping[str, Path], seconds: float = SECONDS_PER_LEVEL) -> int:
    """Try the job of the folder `path` out and write what was found to its `smoke.json`; returns an exit code."""
    folder = JobDir(path)
    job = read_job(folder)
    experiment = assemble(job.settings, data)
    backend: Backend = experiment.backend_plugin.load().for_job(
        experiment.benchmark, folder, experiment.parts.backend, data, job.random_seed
    )
    smoke = Smoke(experiment, backend, folder, seconds)
    try:
        faults = list(dict.fromkeys(smoke.faults()))
    finally:
        backend.close()
    write_json(folder.smoke, {"faults": faults, "notes": smoke.notes})
    return 1 if faults else 0


class Smoke:
    """Attributes:
    notes: what was measured.
    """

    def __init__(self, experiment: Experiment, backend: Backend, folder: JobDir, seconds: float) -> None:
        self._problem = experiment.benchmark.problem
        self._experiment = experiment
        self._backend = backend
        self._folder = folder
        self._seconds = seconds
        self._config = self._first_config()
        self._trains = experiment.benchmark.script is not None and "tabulated" not in experiment.backend_plugin.needs
        self.notes: list[str] = []

    def _first_config(self) -> Any:
        """What scheduler and searcher begin with."""
        history = History(self._problem)
        decision = self._experiment.scheduler.next(history)
        resource = (decision.milestone or decision.until) if isinstance(decision, Start) else None
        return self._experiment.searcher.suggest(history, trial_id=0, resource=resource)

    def faults(self) -> Iterator[str]:
        """What is wrong, a line each; a fault that explains others ends the search."""
        if self._config is None:
            yield "the searcher has no configuration to begin with"
            return
        broken = Trial(0, self._config)
        start = time.monotonic()
        first = self._run(broken, self._until(1))
        self.notes.append(f"one level took {time.monotonic() - start:.1f} s")
        found = list(self._leg_faults(first)) + list(self._level_faults(first, after=0))
        yield from found
        yield from self._traces(broken)
        if found or self._problem.resource_attr is None or (self._problem.max_resource or 1) < 2:
            return
        whole = self._run(Trial(1, self._config), self._until(2))
        yield from self._leg_faults(whole)
        yield from self._level_faults(whole, after=0)
        if self._trains:
            yield from self._resume_faults(broken, first, whole)

    def _until(self, level: int) -> int | None:
        return level if self._problem.resource_attr is not None else None

    def _run(self, trial: Trial, until: int | None) -> LegSeen:
        """Run a leg to its end; to the level that it is told, where the script cannot be told."""
        seen = LegSeen(until)
        deadline = time.monotonic() + self._seconds * (until or 1)
        self._backend.start(trial, until)
        endless = self._problem.max_resource_attr is None and until is not None
        while seen.exited is None and not seen.overdue:
            left = deadline - time.monotonic()
            for event in self._backend.wait(max(0.0, min(1.0, left))):
                if isinstance(event, Reported):
                    seen.reports.append(event.metrics)
                else:
                    seen.exited = event
            if endless and len(seen.reports) >= (until or 1):
                break
            seen.overdue = left <= 0
        self._backend.halt(trial, keep_checkpoint=True)
        return seen

    def _leg_faults(self, seen: LegSeen) -> Iterator[str]:
        if seen.exited is not None and seen.exited.exit_code != 0:
            tail = seen.exited.tail.strip().splitlines() or ["without a word"]
            yield f"the script failed with exit code {seen.exited.exit_code} ({seen.exited.failure}): {tail[-1]}"
        elif seen.overdue and not seen.reports:
            yield f"no report within {self._seconds:g} s"
        elif seen.overdue:
            yield f"the script was told to end at {seen.told} and still ran after {self._seconds:g} s a level"
        elif not seen.reports:
            yield f"the script ended well, but reported nothing: is the metric '{self._problem.metric}' reported?"
        for report in seen.reports:
            yield from self._report_faults(report)

    def _report_faults(self, report: Mapping[str, Any]) -> Iterator[str]:
        problem = self._problem
        try:
            problem.check(report)
            loss = problem.loss(report)
            problem.resource(report)
        except MissingMetric as error:
            yield str(error)
            return
        if not math.isfinite(loss):
            yield f"the metric '{problem.metric}' is {report[problem.metric]}"
        name = problem.elapsed_time_attr
        if name is not None and not isinstance(report.get(name), int | float):
            yield f"report without a number for the elapsed time '{name}'"

    def _level_faults(self, seen: LegSeen, after: int) -> Iterator[str]:
        """Levels that are not those from `after` + 1 to the one that the leg was told."""
        levels = seen.levels(self._problem)
        numbers = all(isinstance(level, int | float) for level in levels)
        if seen.told is None or not levels or not numbers or (seen.exited and seen.exited.exit_code != 0):
            return
        due = list(range(after + 1, seen.told + 1))
        name = self._problem.resource_attr
        if levels[0] != due[0]:
            yield f"the first level reported after {after} is {name} {levels[0]:g}, expected {due[0]}"
        elif any(later <= earlier for earlier, later in itertools.pairwise(levels)):
            yield f"levels do not rise: {name} {', '.join(f'{level:g}' for level in levels)}"
        elif len(levels) > len(due):
            yield f"told to end at {name} {seen.told}, the script went on to {levels[-1]:g}"
        elif len(levels) < len(due):
            yield f"told to end at {name} {seen.told}, the script ended at {levels[-1]:g}"

    def _traces(self, trial: Trial) -> Iterator[str]:
        """What a leg left on the disk and among the processes."""
        if not self._trains:
            return
        left = getattr(self._backend, "left_behind", 0)
        if left:
            yield f"{left} child processes of the script outlived it (they were ended)"
        folder = self._folder.trial(trial.trial_id)
        size = sum(file.stat().st_size for log in (folder.stdout, folder.stderr) for file in _siblings(log))
        if size > FLOOD_BYTES:
            yield f"the script printed {size / 1e6:.0f} MB within one level"
        files = [path for path in folder.checkpoints.rglob("*") if path.is_file()]
        self.notes.append(f"a checkpoint takes {sum(path.stat().st_size for path in files) / 1e6:.2f} MB on the disk")
        if self._pauses() and not files:
            yield f"the scheduler pauses trials, but the script wrote no checkpoint to {folder.checkpoints.name}"
        partial = [path.name for path in files if path.name.endswith((".part", ".tmp"))]
        if partial:
            yield f"the script leaves {partial[0]} beside its checkpoint"

    def _pauses(self) -> bool:
        from harness.plan.resolve import table

        return "pauses" in table("scheduler")[self._experiment.parts.experiment.scheduler].capabilities

    def _resume_faults(self, trial: Trial, first: LegSeen, whole: LegSeen) -> Iterator[str]:
        """Go on from the first leg's checkpoint, and compare with the trial that had no break."""
        if not any(self._folder.trial(trial.trial_id).checkpoints.rglob("*")):
            self.notes.append("without checkpoints nothing can be resumed")
            return
        trial.leg = 1
        second = self._run(trial, self._until(2))
        prefix = "resumed from its checkpoint: "
        faults = [*self._leg_faults(second), *self._level_faults(second, after=1)]
        yield from (prefix + fault for fault in faults)
        if faults or len(whole.reports) < 2:
            return
        metric = self._problem.metric
        resumed, unbroken = second.reports[0][metric], whole.reports[1][metric]
        begins_equal = first.reports[0][metric] == whole.reports[0][metric]
        if begins_equal and resumed == unbroken:
            return
        # Coarse metrics of short trainings can be equal by chance: only one that comes out the same twice proves it.
        if begins_equal and self._repeats(whole):
            yield f"{prefix}{metric} is {resumed} at the next level, without a break it is {unbroken}"
        else:
            self.notes.append("training is not deterministic, so the curve after a resume was not compared")

    def _repeats(self, whole: LegSeen) -> bool:
        """Whether another trial without a break reports the same."""
        again = self._run(Trial(2, self._config), self._until(2))
        metric = self._problem.metric
        return [each.get(metric) for each in again.reports] == [each.get(metric) for each in whole.reports]


def _siblings(log: Path) -> Sequence[Path]:
    return list(log.parent.glob(f"{log.name}*"))
