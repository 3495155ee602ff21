"""A simulator that keeps everything in plain lists and looks at all of it each time: what the real one is held to."""

from __future__ import annotations

import math
from typing import Any

from harness.core.decisions import Action, Resume, Start
from harness.core.history import History
from harness.core.trial import Status


class NaiveSimulator:
    """An experiment on the table `columns` (name -> values), as lines of what happened."""

    def __init__(self, columns, problem, scheduler, searcher, workers):
        self.rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        self.problem, self.workers = problem, workers
        self.scheduler, self.searcher = scheduler, searcher
        self.history, self.lines, self.now = History(problem), [], 0.0
        self.legs: list[list[tuple[float, int, Any]]] = []  # in the order of their starts: events still to come

    def rows_of(self, trial):
        """Rows of the nearest configuration, learning rates compared by their logarithms; the first of equals."""

        def distance(row):
            rate = math.log(row["lr"] / trial.config["lr"]) / math.log(1e4)
            return rate**2 + ((row["width"] - trial.config["width"]) / 63) ** 2

        nearest = min(self.rows, key=distance)
        return [row for row in self.rows if row["lr"] == nearest["lr"]]

    def plan(self, trial, until):
        """All that the leg will bring: rows after the last one reported, up to the first at or above `until`."""
        reached = trial.reached
        todo = [row for row in self.rows_of(trial) if reached < row["epoch"] <= self.problem.max_resource]
        before = [row["seconds"] for row in self.rows_of(trial) if row["epoch"] <= reached]
        events, at = [], self.now
        for row in todo:
            at = self.now + row["seconds"] - (before[-1] if before else 0.0)
            events.append((at, trial.trial_id, row))
            if until is not None and row["epoch"] >= until:
                break
        self.legs.append([*events, (at, trial.trial_id, None)])

    def run(self, timeout):
        while True:
            self.fill()
            ahead = [leg[0] for leg in self.legs if leg]
            if not ahead or min(event[0] for event in ahead) >= timeout:
                for trial in self.history.running():
                    self.end(trial, Status.STOPPED, timeout)
                return self
            at, trial_id, row = next(event for event in ahead if event[0] == min(other[0] for other in ahead))
            self.now = at
            self.handle(self.history.trials[trial_id], row)

    def fill(self):
        while len(self.history.running()) < self.workers:
            match self.scheduler.next(self.history):
                case Start() as start:
                    config = self.searcher.suggest(
                        self.history, trial_id=len(self.history.trials), resource=start.milestone
                    )
                    trial = self.history.start(
                        config, until=start.until, bracket=start.bracket, milestone=start.milestone
                    )
                    self.lines.append((self.now, trial.trial_id, "started"))
                    self.plan(trial, start.until)
                case Resume() as resume:
                    trial = self.history.resume(resume.trial_id, until=resume.until, milestone=resume.milestone)
                    self.lines.append((self.now, trial.trial_id, "resumed"))
                    self.plan(trial, resume.until)
                case _:
                    return

    def handle(self, trial, row):
        (leg,) = [leg for leg in self.legs if leg and leg[0][1] == trial.trial_id]
        leg.pop(0)
        if row is None:
            return self.end(trial, Status.COMPLETED, self.now)
        report = {name: row[name] for name in ("epoch", "seconds", "loss")}
        result = self.history.report(trial.trial_id, report, self.now)
        decision = self.scheduler.judge(self.history, trial, result)
        if decision.milestone is not None:
            self.history.set_milestone(trial.trial_id, decision.milestone)
        self.lines.append((self.now, trial.trial_id, (row["epoch"], str(row["loss"]), decision.action)))
        if decision.action is not Action.CONTINUE:
            leg.clear()
            top = row["epoch"] == self.problem.max_resource
            status = Status.PAUSED if decision.action is Action.PAUSE else Status.STOPPED
            self.end(trial, Status.COMPLETED if top else status, self.now)

    def end(self, trial, status, at):
        self.history.end(trial.trial_id, status)
        self.lines.append((at, trial.trial_id, status))
