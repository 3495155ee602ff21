"""Schedulers written straight from their papers: no index, no cache; every answer reads the whole history anew."""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from statistics import median

import numpy as np

from harness.core.decisions import Action, Decision, Resume, Start
from harness.core.seeds import rng
from harness.core.trial import Status

HUGE = 1e12  # stands for NaN, so that numpy can rank it
TINY = 1e-9


def rank(loss: float) -> float:
    return HUGE if math.isnan(loss) else loss


def good(loss: float, values: list[float], share: float) -> bool:
    return loss < HUGE and loss <= np.quantile(values, share) + TINY


class Rungs:
    """Levels r_0 < ... < r_K = top, bracket b begins at r_b; shares q_j of trials go on from r_j."""

    def __init__(self, levels, shares, top, brackets=1, shared=False, seed=0):
        self.levels, self.shares, self.top, self.shared, self.seed = levels, shares, top, shared, seed
        self.brackets = min(brackets, len(levels) + 1)

    def weights(self):
        """arXiv:1603.06560, Algorithm 1: ceil(K / (s + 1) eta^s) trials in the bracket of s rungs below the top."""
        count = len(self.levels) + 1
        sizes = []
        for bracket in range(count):
            ratio = 1.0
            for share in self.shares[bracket:]:
                ratio /= share
            sizes.append(math.ceil(count / (count - bracket) * ratio - TINY))
        return sizes

    def draw(self, trial_id):
        if self.brackets == 1:
            return 0
        bounds = np.cumsum(self.weights()[: self.brackets])
        return int(np.searchsorted(bounds, rng(self.seed, "bracket", trial_id).random() * bounds[-1], side="right"))

    def first(self, bracket):
        return [*self.levels, self.top][bracket]

    def above(self, level):
        return min(it for it in [*self.levels, self.top] if it > level)

    def entries(self, trial):
        """Level -> result, of the rungs that a trial entered."""
        found, before = {}, 0
        for result in trial.results:
            levels = [level for level in self.levels[trial.bracket :] if before < level <= result.resource]
            if levels:
                found[max(levels)] = result
            before = max(before, result.resource)
        return found

    def rung(self, history, level, bracket):
        """(loss, position in the history, trial, result) of all that are compared at a level, by loss."""
        position = {id(result): number for number, result in enumerate(history.results)}
        rows = []
        for trial in history.trials.values():
            result = self.entries(trial).get(level)
            if result is not None and (self.shared or trial.bracket == bracket):
                rows.append((rank(result.loss), position[id(result)], trial, result))
        return sorted(rows, key=lambda row: row[:2])

    def share(self, level):
        return self.shares[self.levels.index(level)]

    def enough(self, rows, level):
        return len(rows) >= 1 / self.share(level) - TINY

    def entered(self, trial, result):
        return next((level for level, it in self.entries(trial).items() if it is result), None)


class NaiveStopping(Rungs):
    """arXiv:1810.05934 with the decision at once (arXiv:2003.10865)."""

    def next(self, history):
        bracket = self.draw(len(history.trials))
        return Start(bracket=bracket, milestone=self.first(bracket))

    def judge(self, history, trial, result):
        level = self.entered(trial, result)
        if result.resource >= self.top:
            return Decision(Action.STOP)
        rows = [] if level is None else self.rung(history, level, trial.bracket)
        if level is None or not self.enough(rows, level) or self.passes(rows, level, trial):
            return Decision(Action.CONTINUE)
        return Decision(Action.STOP)

    def passes(self, rows, level, trial):
        own = next(loss for loss, _, other, _ in rows if other is trial)
        return good(own, [row[0] for row in rows], self.share(level))


class NaivePareto(NaiveStopping):
    """arXiv:2106.12639: fronts by repeated removal, and an order within the front that spreads out."""

    objectives = ()  # (name, sign) each

    def vector(self, result):
        values = [sign * result.metrics[name] for name, sign in self.objectives]
        return values if all(map(math.isfinite, values)) else [math.inf] * len(values)

    def passes(self, rows, level, trial):
        rows = sorted(rows, key=lambda row: row[1])
        vectors = [self.vector(row[3]) for row in rows]
        order, left = [], list(range(len(vectors)))
        while left:
            front = [i for i in left if not any(dominates(vectors[j], vectors[i]) for j in left)]
            order += spread_out(front, vectors)
            left = [i for i in left if i not in front]
        mine = vectors[next(i for i, row in enumerate(rows) if row[2] is trial)]
        place = next(place for place, i in enumerate(order) if vectors[i] == mine)
        return math.isfinite(mine[0]) and place <= self.share(level) * (len(rows) - 1) + TINY


def dominates(a, b):
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def spread_out(front, vectors):
    columns = [
        [value for value in column if value < math.inf] for column in zip(*(vectors[i] for i in front), strict=True)
    ]
    ranges = [max(column) - min(column) if column else 0.0 for column in columns]

    def distance(i, j):
        pairs = zip(vectors[i], vectors[j], ranges, strict=True)
        return math.sqrt(sum((0.0 if a == b else (a - b) / (r or 1.0)) ** 2 for a, b, r in pairs))

    chosen = [min(front, key=lambda i: (vectors[i], i))]
    while len(chosen) < len(front):
        left = [i for i in front if i not in chosen]
        # Distances that are equal but for rounding are equal: the first of them comes first.
        chosen.append(max(left, key=lambda i: (round(min(distance(i, j) for j in chosen), 9), -i)))
    return chosen


class NaivePromotion(Rungs):
    """arXiv:1810.05934, Algorithm 2, with the quantile for the best 1/eta."""

    def candidates(self, history):
        """Rungs from the highest down, the first brackets first."""
        for level in reversed(self.levels):
            for bracket in [0] if self.shared else range(min(self.brackets, self.levels.index(level) + 1)):
                yield level, bracket, self.rung(history, level, bracket)

    def waits(self, trial, level):
        return trial.status is Status.PAUSED and max(self.entries(trial)) == level

    def promotable(self, history, rows, level, row):
        return self.enough(rows, level) and good(row[0], [it[0] for it in rows], self.share(level))

    def next(self, history):
        for level, _, rows in self.candidates(history):
            waiting = [row for row in rows if self.waits(row[2], level)]
            if waiting and self.promotable(history, rows, level, waiting[0]):
                trial = waiting[0][2]
                until = self.above(trial.reached)
                return Resume(trial.trial_id, until, until)
        bracket = self.draw(len(history.trials))
        first = self.first(bracket)
        return Start(until=first, bracket=bracket, milestone=first)

    def judge(self, history, trial, result):
        if result.resource >= self.top:
            return Decision(Action.STOP)
        return Decision(Action.CONTINUE if self.entered(trial, result) is None else Action.PAUSE)


class NaiveCostPromotion(NaivePromotion):
    """Those up to K go on, K the most of the best whose cost is at most the share of all cost."""

    cost = "seconds"

    def promotable(self, history, rows, level, row):
        costs = [it[3].metrics[self.cost] for it in rows]
        allowed = [k for k in range(1, len(rows) + 1) if sum(costs[:k]) <= self.share(level) * sum(costs) + TINY]
        return row[0] < HUGE and rows.index(row) < max(allowed, default=0)


class NaivePasha(NaivePromotion):
    """arXiv:2207.06940, Algorithm 1, on the rungs below `top`."""

    epsilon = None  # None: estimated from the noise

    def top_rung(self, history):
        """Position of the highest rung in use, by going through the whole history."""
        top, values, noisy = 1, {}, []
        for trial_id, level, loss, curve in self.trace(history):
            values.setdefault(level, {})[trial_id] = loss
            if top < len(self.levels) and level == self.levels[top]:
                noisy.append({r: value for r, value in curve.items() if r <= level})
                epsilon = noise(noisy) if self.epsilon is None else self.epsilon
                if not soft_equal(values.get(self.levels[top - 1], {}), values[level], epsilon):
                    top, noisy = top + 1, []
        return top

    def trace(self, history):
        curves = {}
        entries = [entry for trial in history.trials.values() for entry in self.entries(trial).items()]
        entered = {id(result): level for level, result in entries}
        for result in history.results:
            curve = curves.setdefault(result.trial_id, {})
            curve[result.resource] = rank(result.loss)
            level = entered.get(id(result))
            if level is not None:
                yield result.trial_id, level, rank(result.loss), dict(curve)

    def candidates(self, history):
        used = self.levels[: self.top_rung(history)]
        return [it for it in super().candidates(history) if it[0] in used]


def soft_equal(below, above, epsilon):
    both = [trial for trial in above if trial in below]
    old, new = sorted(both, key=below.get), sorted(both, key=above.get)
    return all(abs(below[a] - below[b]) <= epsilon for a, b in zip(old, new, strict=True))


def noise(curves):
    """90 % quantile of the last distances of curves that cross, and cross back."""
    distances = []
    for one, other in combinations(curves, 2):
        levels = sorted(set(one) & set(other))
        order = [one[r] < other[r] for r in levels if one[r] != other[r]]
        if sum(a != b for a, b in pairwise(order)) >= 2:
            distances.append(abs(one[levels[-1]] - other[levels[-1]]))
    return np.quantile(distances, 0.9) if distances else 0.0


class NaiveHyperband(Rungs):
    """arXiv:1603.06560, Algorithm 1; a worker without work in a bracket begins the next."""

    def sizes(self, bracket):
        size, found = float(self.weights()[bracket]), []
        for share in [*self.shares[bracket:], 1.0]:
            found.append(max(1, math.floor(size + TINY)))
            size *= share
        return list(zip([*self.levels, self.top][bracket:], found, strict=True))

    def value(self, trial, level):
        """What fills the trial's place at a level: None while nothing does, HUGE of a failed one."""
        for result in trial.results:
            if result.resource >= level:
                return rank(result.loss)
        if trial.status in (Status.IN_PROGRESS, Status.PAUSED):
            return None
        return HUGE if trial.status is Status.FAILED else rank(trial.results[-1].loss)

    def open_work(self, history, number):
        """What the bracket can give a worker: a trial to resume with its level, a level to start at, or nothing."""
        ladder = self.sizes(number % self.brackets)
        members = [trial for trial in history.trials.values() if trial.bracket == number]
        for position, (level, size) in enumerate(ladder):
            if position == 0 and len(members) < size and not history.exhausted:
                return "start", level
            values = [(self.value(trial, level), trial) for trial in members]
            for value, trial in values:
                if value is None and trial.status is Status.PAUSED:
                    return trial.trial_id, level
            if any(value is None for value, _ in values):
                return None
            following = ladder[position + 1][1] if position + 1 < len(ladder) else 0
            ranking = sorted(values, key=lambda it: (it[0], it[1].trial_id))
            members = [trial for value, trial in ranking[:following] if value < HUGE]
        return None

    def next(self, history):
        runs = max((trial.bracket for trial in history.trials.values()), default=-1) + 1
        for number in range(runs):
            work = self.open_work(history, number)
            if work is not None and work[0] == "start":
                return Start(until=work[1], bracket=number, milestone=work[1])
            if work is not None:
                return Resume(work[0], work[1], work[1])
        first = self.first(runs % self.brackets)
        return Start(until=first, bracket=runs, milestone=first)

    def judge(self, history, trial, result):
        if result.resource >= self.top:
            return Decision(Action.STOP)
        return Decision(Action.PAUSE if result.resource >= trial.until else Action.CONTINUE)


class NaiveMedian:
    """Google Vizier, KDD 2017, Section 3.2.2, over all trials that reported at the level."""

    def __init__(self, grace: int, population: int, top: int) -> None:
        self.grace, self.population, self.top = grace, population, top

    def next(self, history):
        return Start()

    def judge(self, history, trial, result):
        level = result.resource
        if level >= self.top:
            return Decision(Action.STOP)
        means = []
        for other in history.trials.values():
            past = [rank(it.loss) for it in other.results if it.resource <= level]
            if other is not trial and any(it.resource == level for it in other.results):
                means.append(HUGE if HUGE in past else sum(past) / len(past))
        best = min(rank(it.loss) for it in trial.results)
        enough = level >= self.grace and len(means) >= self.population
        return Decision(Action.STOP if enough and (best == HUGE or best > median(means)) else Action.CONTINUE)
