"""Ray Tune's schedulers, driven by our loop: its classes decide, no Ray process runs."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from harness.core.decisions import CONTINUE, Action, Decision, Start, Wait
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.trial import Result, Trial
from harness.errors import UsageError
from harness.options import Options, arg
from harness.registry import required
from harness.schedulers.reasons import at, the_end

LOSS, LEVEL = "loss", "level"


class RayFifoOptions(Options):
    """Ray Tune's FIFO has no arguments."""


class RayHyperbandOptions(Options):
    """The arguments of Ray Tune's AsyncHyperBandScheduler under our names."""

    grace_period: int = arg(1, "resource level below which no trial is stopped", ge=1)
    reduction_factor: float = arg(3.0, "one in so many trials goes on at a rung (Ray's own default is 4)", gt=1)
    brackets: int = arg(1, "number of brackets; each begins one rung higher", ge=1)


class RayFifo:
    """Ray Tune's FIFOScheduler: every trial runs to its end."""

    def __init__(self, context: Context, options: RayFifoOptions) -> None:
        self._ray = required("ray.tune.schedulers", "ray").FIFOScheduler()

    @staticmethod
    def levels(options: RayFifoOptions, problem: Problem) -> tuple[int, ...]:
        """None: nothing is decided on the way."""
        return ()

    def next(self, history: HistoryView) -> Start | Wait:
        return Start()

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        answer = self._ray.on_trial_result(None, _stand_in(trial.trial_id), {LOSS: result.loss})
        return CONTINUE if answer == self._ray.CONTINUE else Decision(Action.STOP, reason="stopped by Ray Tune")


class RayFifoSynchronous(RayFifo):
    """FIFO in batches of `num_workers` trials; Ray calls this a concurrency limiter with `batch=True`."""

    def __init__(self, context: Context, options: RayFifoOptions) -> None:
        super().__init__(context, options)
        self._workers = context.num_workers

    def next(self, history: HistoryView) -> Start | Wait:
        return Wait() if len(history.trials) % self._workers == 0 and history.running() else Start()


class RayHyperband:
    """Ray Tune's AsyncHyperBandScheduler: ASHA, stopping variant (L. Li et al., arXiv:1810.05934).

    Unlike `hyperband_stopping` it judges from the first value at a rung on, against an interpolated percentile.
    """

    def __init__(self, context: Context, options: RayHyperbandOptions) -> None:
        self._problem = context.problem
        self._seed = context.seed
        self._max_resource = context.problem.max_resource or 0
        self._ray = required("ray.tune.schedulers", "ray").AsyncHyperBandScheduler(
            time_attr=LEVEL,
            metric=LOSS,
            mode="min",
            max_t=self._max_resource,
            grace_period=options.grace_period,
            reduction_factor=options.reduction_factor,
            brackets=options.brackets,
        )
        self._added = 0
        self._told = 0

    @staticmethod
    def levels(options: RayHyperbandOptions, problem: Problem) -> tuple[int, ...]:
        """Levels of the rungs of the first bracket. UsageError where the benchmark has no resource."""
        if problem.resource_attr is None or problem.max_resource is None:
            raise UsageError("raytune_hyperband needs a benchmark that reports a resource (resource_attr)")
        if options.grace_period > problem.max_resource:
            raise UsageError(
                f"grace_period {options.grace_period} is above the maximum resource level {problem.max_resource}"
            )
        levels, level = [], float(options.grace_period)
        while level < problem.max_resource:
            levels.append(round(level))
            level *= options.reduction_factor
        return tuple(dict.fromkeys(levels))

    def next(self, history: HistoryView) -> Start:
        return Start()

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        self._read(history)
        answer = self._tell(result)
        self._told = len(history.results)
        resource = result.resource or 0
        if resource >= self._max_resource:
            return Decision(Action.STOP, reason=the_end(self._problem, resource))
        if answer != self._ray.STOP:
            return CONTINUE
        return Decision(Action.STOP, reason=f"{at(self._problem, resource, result.loss)} is below Ray Tune's cut")

    def _read(self, history: HistoryView) -> None:
        """Tell Ray of the trials and results that it has not seen, all but the last one."""
        while self._added < len(history.trials):
            with _numpy_seeded(self._seed, self._added):
                self._ray.on_trial_add(None, _stand_in(self._added))
            self._added += 1
        for result in history.results[self._told : -1]:
            self._tell(result)

    def _tell(self, result: Result) -> Any:
        with warnings.catch_warnings():
            # A percentile of nothing but NaN.
            warnings.simplefilter("ignore", RuntimeWarning)
            report = {LOSS: result.loss, LEVEL: result.resource}
            return self._ray.on_trial_result(None, _stand_in(result.trial_id), report)


def _stand_in(trial_id: int) -> Any:
    """Of a trial, Ray's schedulers look at the id alone."""
    return SimpleNamespace(trial_id=trial_id)


@contextlib.contextmanager
def _numpy_seeded(seed: int, trial_id: int) -> Iterator[None]:
    """Ray draws a trial's bracket from numpy's global generator, whose state is put back afterwards."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(int(rng(seed, "bracket", trial_id).integers(2**32)))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
