"""Ray Tune's schedulers, driven by our loop: its classes decide, no Ray process runs."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

from harness.core.decisions import CONTINUE, Action, Decision, Start, Wait
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.protocols import Context
from harness.core.trial import Result, Trial
from harness.options import Options
from harness.registry import required
from harness.schedulers.external_asha import ExternalAsha, ExternalAshaOptions

LOSS, LEVEL = "loss", "level"


class RayFifoOptions(Options):
    """Ray Tune's FIFO has no arguments."""


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


class RayHyperband(ExternalAsha):
    """Ray Tune's AsyncHyperBandScheduler: ASHA, stopping variant (L. Li et al., arXiv:1810.05934).

    Unlike `hyperband_stopping` it judges from the first value at a rung on, against an interpolated percentile.
    """

    library = "Ray Tune"

    def __init__(self, context: Context, options: ExternalAshaOptions) -> None:
        super().__init__(context, options)
        self._ray = required("ray.tune.schedulers", "ray").AsyncHyperBandScheduler(
            time_attr=LEVEL,
            metric=LOSS,
            mode="min",
            max_t=context.problem.max_resource or 0,
            grace_period=options.grace_period,
            reduction_factor=options.reduction_factor,
            brackets=options.brackets,
        )

    def add(self, trial_id: int) -> None:
        self._ray.on_trial_add(None, _stand_in(trial_id))

    def stops(self, result: Result) -> bool:
        with warnings.catch_warnings():
            # A percentile of nothing but NaN.
            warnings.simplefilter("ignore", RuntimeWarning)
            report = {LOSS: result.loss, LEVEL: result.resource}
            answer = self._ray.on_trial_result(None, _stand_in(result.trial_id), report)
        return bool(answer == self._ray.STOP)


def _stand_in(trial_id: int) -> Any:
    """Of a trial, Ray's schedulers look at the id alone."""
    return SimpleNamespace(trial_id=trial_id)
