"""Every error that this package raises on purpose.

    HarnessError                 exit code 1
     ├── UsageError              exit code 2   wrong flag, manifest or combination; lists all problems at once
     ├── EnvironmentFault        exit code 3   no Docker, no credentials, no data, no disk
     └── Interrupted             exit code 130 ended by a signal; children ended, state saved

`main` prints `str(error)` without a traceback and exits with `error.exit_code`.
"""

from __future__ import annotations

from collections.abc import Sequence


class HarnessError(Exception):
    """Base of the hierarchy. `hint` is the next step for the user, printed on a line of its own."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(HarnessError):
    """The user's input is wrong. `problems` holds one line for each fault that was found."""

    exit_code = 2

    def __init__(self, problems: str | Sequence[str], *, hint: str | None = None) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems), hint=hint)


class EnvironmentFault(HarnessError):
    """The machine lacks something that the command needs."""

    exit_code = 3


class Interrupted(HarnessError):
    """Ended by SIGINT or SIGTERM after an orderly shutdown."""

    exit_code = 130
