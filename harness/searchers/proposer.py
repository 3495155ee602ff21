"""Where a Gaussian process expects most: candidates, local maximisation, rounding to configurations."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from harness.core.encode import Encoder
from harness.core.history import HistoryView
from harness.core.protocols import Context
from harness.core.seeds import rng
from harness.core.space import Config
from harness.gp.ascent import ascend
from harness.gp.linalg import Array
from harness.gp.threads import single_thread
from harness.searchers.bayesopt import BayesOptOptions
from harness.searchers.candidates import Candidates
from harness.searchers.models import surrogate_of
from harness.searchers.observations import levels_of
from harness.searchers.plateaus import Plateaus
from harness.searchers.weighted import Acquisition, Weigher

# Finite spaces up to this size are looked at as a whole.
_ENUMERATED = 1000
_LOCAL_PART = 0.3
# Where there are numbers too, each fourth trial looks at other values of the choices than the best trial's: improvement
# alone settles for a value that was lucky first, as what is known of the others are few points far from their optimum.
_ELSEWHERE = 4
# Where neighbours have the same loss nothing is gained near what is known, and a trial that repeats another one there
# passes every rung that the other passed: the best of few random points is far from all of them, and good enough.
_SCREENED = 100
# What a model knows of such plateaus is little: each third trial is left to chance (S. Falkner, A. Klein, F. Hutter:
# BOHB, ICML 2018, section 4.2), each second one where most are stopped early and cost little.
_LEFT_TO_CHANCE, _LEFT_TO_CHANCE_STOPPED = 3, 2


class Proposer:
    """Ranks configurations by the acquisition function.

    Args:
        weigher: what else than the metric the acquisition function looks at.
    """

    def __init__(self, context: Context, options: BayesOptOptions, weigher: Weigher | None = None) -> None:
        self._seed = context.seed
        self._weigher = weigher
        self._options = options
        self._encoder = Encoder(context.problem.space)
        self._candidates = Candidates(self._encoder)
        self._levels = levels_of(context)
        self._surrogate = surrogate_of(self._encoder, self._levels, options)
        self._plateaus = Plateaus()
        self._all = self._enumerated()

    def ranked(self, history: HistoryView, trial_id: int, resource: int | None) -> Iterator[Config]:
        """Configurations in the order of their score, best first; some may have been tried before.

        There is none where a random one is as good.
        """
        with single_thread():
            self._surrogate.observations.update(history)
            table = self._surrogate.observations.tables[0]
            if not len(table):
                return
            flat = self._all is None and bool(self._candidates.numeric.any()) and self._plateaus.found(table)
            if flat and trial_id % (_LEFT_TO_CHANCE_STOPPED if self._levels else _LEFT_TO_CHANCE) == 0:
                return
            limit = self._options.searcher_max_suggest_time
            deadline = None if limit is None else time.monotonic() + limit
            points, scores = self._scored(history, trial_id, resource, deadline, flat=flat)
        for index in np.argsort(-scores, kind="stable"):
            yield self._encoder.decode(points[index])

    def recommended(self, history: HistoryView) -> int | None:
        """The trial of the least posterior mean at the level that the acquisition function looks at."""
        observations = self._surrogate.observations
        with single_thread():
            observations.update(history)
            if not len(observations.tables[0]):
                return None
            target = self._surrogate.target(history, lambda losses: self._level(losses, None), lambda: False)
            least = self._levels[target.level] if self._levels else 0
            trials = [
                trial
                for trial in history.trials.values()
                if any(math.isfinite(result.loss) and (result.resource or 0) >= least for result in trial.results)
            ]
            if not trials:
                return None
            means = target.chain.predict(np.array([observations.row(trial) for trial in trials]), target.level).mean
        return trials[int(means.argmin())].trial_id

    def _scored(
        self, history: HistoryView, trial_id: int, resource: int | None, deadline: float | None, *, flat: bool
    ) -> tuple[Array, Array]:
        """Points (m, d) of the cube that are configurations, with their scores (m,); then the unrounded candidates."""

        def hurry() -> bool:
            return deadline is not None and time.monotonic() >= deadline

        improvement = self._surrogate.target(history, lambda losses: self._level(losses, resource), hurry)
        if flat:
            # Few random points never stay in one place; weighed by the cuts they found less on tables.
            improvement = replace(improvement, cuts=())
        target = improvement if self._weigher is None else self._weigher.weigh(improvement, history, hurry)
        if self._all is not None:
            return self._all, target.value(self._all)
        generator = rng(self._seed, "bayesopt", trial_id)
        points = self._candidates.uniform(_SCREENED, generator) if flat else self._draw(target, generator)
        elsewhere = trial_id % _ELSEWHERE == 0 and bool(self._candidates.numeric.any())
        if elsewhere:
            points = self._candidates.elsewhere(points, target.incumbents[0])
        scores = target.value(points)
        if flat or self._options.searcher_skip_local_optimization:
            return points, scores
        starts = self._candidates.spread(points, scores, self._options.searcher_local_nstarts)
        if not elsewhere:
            starts = self._exchanged(target, starts, generator, hurry)
        refined = self._refined(target, starts, hurry) if self._candidates.numeric.any() else starts
        rounded = self._encoder.encode_many([self._encoder.decode(row) for row in refined])
        rescored = target.value(rounded)
        # What was refined goes first: a raw candidate is a fallback for the case that all of them were tried before.
        ahead = 1.0 + max(0.0, float(scores.max()) - float(rescored.min()))
        return np.vstack((rounded, points)), np.concatenate((rescored + ahead, scores))

    def _draw(self, target: Acquisition, generator: np.random.Generator) -> Array:
        count = self._options.searcher_num_init_candidates
        near = int(_LOCAL_PART * count)
        far = self._candidates.uniform(count - near, generator)
        return np.vstack((far, self._candidates.around(target.incumbents, near, generator)))

    def _exchanged(
        self, target: Acquisition, starts: Array, generator: np.random.Generator, hurry: Callable[[], bool]
    ) -> Array:
        """From each of the starts (b, d) to where the exchange of one choice's value gains nothing; with numbers to
        move as well, which take most of the way, one exchange at most."""
        best, rows = starts, np.arange(len(starts))
        for _ in range(1 if self._candidates.numeric.any() else self._options.searcher_local_maxiter):
            others = self._candidates.exchanged(best, generator)
            if len(others) == 1 or hurry():
                break
            which = target.value(others.reshape(-1, best.shape[1])).reshape(len(others), len(best)).argmax(axis=0)
            best = others[which, rows]
            if not which.any():
                break
        return best

    def _refined(self, target: Acquisition, starts: Array, hurry: Callable[[], bool]) -> Array:
        numeric = self._candidates.numeric

        def function(moved: Array) -> tuple[Array, Array]:
            rows = starts.copy()
            rows[:, numeric] = moved
            value, gradient = target.value_and_gradient(rows)
            return value, gradient[:, numeric]

        found, _ = ascend(function, starts[:, numeric], self._options.searcher_local_maxiter, hurry)
        refined = starts.copy()
        refined[:, numeric] = found
        return refined

    def _level(self, losses: Sequence[Array], resource: int | None) -> int:
        """Index of the level of the acquisition function, from the losses (n,) at each level."""
        rule = self._options.searcher_resource_acq
        if rule == "final":
            return len(losses) - 1
        if rule == "first":
            return max(0, sum(resource is None or at <= resource for at in self._levels) - 1)
        threshold = self._options.searcher_resource_acq_bohb_threshold
        enough = [level for level, each in enumerate(losses) if len(each) >= threshold]
        # Above the level with the least loss curves get worse again: a better end would not be a better trial.
        return min(reversed(enough), key=lambda level: float(np.fmin.reduce(losses[level])), default=0)

    def _enumerated(self) -> Array | None:
        """All configurations (size, d) of a small finite space."""
        space = self._encoder.space
        if space.size is None or space.size > _ENUMERATED:
            return None
        return self._encoder.encode_many(list(space.enumerate()))
