"""What an experiment says while it runs: its status every 30 s, the scheduler's decisions, failures at once."""

from __future__ import annotations

import logging

from harness.core.clock import RealClock
from harness.core.decisions import Decision, Resume
from harness.core.history import History
from harness.core.trial import Result, Status, Trial
from harness.plan.experiment import ExperimentOptions

logger = logging.getLogger("harness.tuner")

# A status shows so many of the latest decisions: hundreds of short trials must not bury the rest.
MAX_DECISIONS = 8
MAX_ROWS = 12


class LogListener:
    """Listener of the tuning loop that writes to the log."""

    def __init__(self, history: History, options: ExperimentOptions) -> None:
        self._history = history
        self._options = options
        self._clock = RealClock()
        self._due = options.print_update_interval
        self._decisions: list[str] = []
        self._tellable = not options.no_debug_log
        self._tells_reports = options.debug_log_level
        self._news, self._said_at = True, 0.0

    def started(self, trial: Trial, at: float, suggest_seconds: float) -> None:
        self._news = True
        logger.debug("trial %d started: %s (suggested in %.3f s)", trial.trial_id, trial.config, suggest_seconds)

    def resumed(self, trial: Trial, at: float, decision: Resume) -> None:
        self._news = True
        self._decided(f"trial {trial.trial_id} resumed: {decision.reason or f'to go on to {trial.until}'}")

    def reported(self, trial: Trial, result: Result, decision: Decision) -> None:
        self._news = True
        if self._tells_reports:
            logger.debug("trial %d reported %s: %s", trial.trial_id, result.metrics, decision.action)

    def retried(self, trial: Trial, at: float, reason: str, exit_code: int, tail: str) -> None:
        logger.warning("trial %d ended with %s; it runs again from its last checkpoint", trial.trial_id, reason)

    def ended(self, trial: Trial, at: float, reason: str, exit_code: int | None, tail: str) -> None:
        self._news = True
        if trial.status is Status.FAILED:
            lines = "".join(f"\n    {line}" for line in tail.splitlines())
            logger.error("trial %d failed: %s%s", trial.trial_id, reason, lines)
        else:
            self._decided(f"trial {trial.trial_id} {_NAMES[trial.status]}{f': {reason}' if reason else ''}")

    def tick(self, at: float) -> None:
        if self._clock.now() < self._due:
            return
        self._due += self._options.print_update_interval
        self.say_status(at)

    def say_status(self, at: float) -> None:
        """The full status, unless it is not wanted or nothing has happened since the last one, a second ago or less."""
        if not self._options.no_tuner_logging and (self._news or at - self._said_at > self._clock.tick):
            logger.info("%s", self.status(at))
        self._news, self._said_at = False, at
        self._decisions.clear()

    def status(self, at: float) -> str:
        """The full status: counts, the best so far, the running trials, what was decided since the last one."""
        history = self._history
        counts = ", ".join(f"{history.count(status)} {_NAMES[status]}" for status in Status)
        lines = [f"status after {at:.0f} s: {counts}; {self._best()}"]
        running = history.running()
        lines += [f"  {self._row(trial)}" for trial in running[:MAX_ROWS]]
        if len(running) > MAX_ROWS:
            lines.append(f"  and {len(running) - MAX_ROWS} more")
        hidden = len(self._decisions) - MAX_DECISIONS
        if hidden > 0:
            lines.append(f"  {hidden} earlier decisions are in events.jsonl")
        lines += [f"  {decision}" for decision in self._decisions[-MAX_DECISIONS:]]
        return "\n".join(lines)

    def _decided(self, message: str) -> None:
        if self._tellable:
            self._decisions.append(message)

    def _best(self) -> str:
        best, problem = self._history.best(), self._history.problem
        if best is None:
            return "no result counts yet" if self._history.results else "no result yet"
        level = f", {problem.resource_attr} {best.resource}" if best.resource is not None else ""
        return f"best {problem.metric} {problem.value(best.loss):.5g} (trial {best.trial_id}{level})"

    def _row(self, trial: Trial) -> str:
        problem = self._history.problem
        config = " ".join(f"{name}={_short(value)}" for name, value in trial.config.items())
        if not trial.results:
            return f"trial {trial.trial_id:4d}  no report yet  {config}"
        last = trial.results[-1]
        level = f"{problem.resource_attr} {last.resource}  " if last.resource is not None else ""
        return f"trial {trial.trial_id:4d}  {level}{problem.metric} {problem.value(last.loss):.5g}  {config}"


_NAMES = {status: status.value.lower() for status in Status} | {Status.IN_PROGRESS: "running"}


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
