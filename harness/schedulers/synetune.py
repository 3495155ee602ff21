"""Syne Tune's asynchronous successive halving (its releases from 0.14 on), driven by our loop."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from harness.core.protocols import Context
from harness.core.trial import Result
from harness.registry import required
from harness.schedulers.external_asha import ExternalAsha, ExternalAshaOptions

LOSS, LEVEL = "loss", "level"


class SyneTuneAsha(ExternalAsha):
    """`AsynchronousSuccessiveHalving` (L. Li et al., arXiv:1810.05934), stopping variant, judging from the second value
    at a rung on. Configurations come from any searcher; with `synetune_bore` or `synetune_cqr` this is what Syne Tune
    calls ASHABORE and ASHACQR, with `synetune_kde` its BOHB.
    """

    library = "Syne Tune"

    def __init__(self, context: Context, options: ExternalAshaOptions) -> None:
        super().__init__(context, options)
        asha = required("syne_tune.optimizer.schedulers.asha", "synetune")
        self._asha = asha.AsynchronousSuccessiveHalving(
            config_space={},
            metric=LOSS,
            do_minimize=True,
            # It would pass results on to a searcher of its own, which ours stands for.
            searcher=SimpleNamespace(on_trial_result=lambda *args, **keywords: None),
            time_attr=LEVEL,
            max_t=context.problem.max_resource or 0,
            grace_period=options.grace_period,
            reduction_factor=options.reduction_factor,
            brackets=options.brackets,
            random_seed=0,
        )

    def add(self, trial_id: int) -> None:
        self._asha.on_trial_add(_stand_in(trial_id))

    def stops(self, result: Result) -> bool:
        # It sorts the values, which a NaN would upset.
        loss = math.inf if math.isnan(result.loss) else result.loss
        answer = self._asha.on_trial_result(_stand_in(result.trial_id), {LOSS: loss, LEVEL: result.resource})
        return bool(answer == "STOP")


def _stand_in(trial_id: int) -> Any:
    """Of a trial, Syne Tune's scheduler looks at the id alone; the configuration is the searcher's business."""
    return SimpleNamespace(trial_id=trial_id, config={})
