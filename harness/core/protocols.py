"""The interfaces of the plug-ins, and what they are built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from harness.core.clock import Clock
from harness.core.decisions import Decision, Done, Resume, Start, Wait
from harness.core.events import Event
from harness.core.history import HistoryView
from harness.core.problem import Problem
from harness.core.space import Config
from harness.core.trial import Result, Trial


@dataclass(frozen=True)
class Context:
    """What a scheduler or searcher is built from, besides its own options: `Plugin(context, options)`.

    Attributes:
        seed: root of all random draws of the experiment; use `core.seeds.rng(seed, role, index)`.
        num_workers: trials that may run at once.
        levels: ascending resource levels at which the scheduler decides; empty for single-fidelity schedulers.
        points: whole configurations that the first trials take, all different; None for the searcher's own start.
    """

    problem: Problem
    seed: int
    num_workers: int = 1
    levels: tuple[int, ...] = ()
    points: tuple[Config, ...] | None = None


class Searcher(Protocol):
    def suggest(self, history: HistoryView, *, trial_id: int, resource: int | None) -> Config | None:
        """Configuration for a new trial, None where the space is exhausted.

        A function of the history (and of the seed): equal history, equal suggestion. `resource` is the level of
        the trial's first decision, None for its end. Values of all hyper-parameters, no constants.
        """
        ...


@runtime_checkable
class Recommending(Protocol):
    """A searcher with a model of the metric."""

    def recommend(self, history: HistoryView) -> int | None:
        """Trial that the model holds for the best; None before there is any result."""
        ...


class Scheduler(Protocol):
    def next(self, history: HistoryView) -> Start | Resume | Wait | Done:
        """What to do with a free worker."""
        ...

    def judge(self, history: HistoryView, trial: Trial, result: Result) -> Decision:
        """What happens to `trial` after `result`, which is the last entry of the history."""
        ...


class Backend(Protocol):
    """A job's is made by the static method `for_job(benchmark, job folder, own options, data, seed)` of its class.

    `data`: argument of the training script -> folder of its data set; `seed`: root of the experiment's draws.
    """

    @property
    def clock(self) -> Clock: ...

    def start(self, trial: Trial, until: int | None) -> None:
        """Run a leg of the trial (also resumes: the same checkpoint folder). `until` None: to its end."""
        ...

    def halt(self, trial: Trial, *, keep_checkpoint: bool) -> None:
        """End the leg now, all processes of it; no event follows. Idempotent."""
        ...

    def wait(self, timeout: float | None) -> Sequence[Event]:
        """Block until there are events or `timeout` seconds have passed; events in the order they happened."""
        ...

    def close(self) -> None:
        """End everything that still runs. Always called; idempotent."""
        ...
