"""argparse whose faults are errors like all others: one line, the nearest name, exit code 2."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from harness.errors import UsageError
from harness.registry import did_you_mean


class CommandParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"see {self.prog} --help")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """UsageError names the nearest of an unknown flag, or whose setting it is."""
        parsed, rest = self.parse_known_args(args, namespace)
        if rest:
            names = [word.split("=")[0] for word in rest if word.startswith("--")]
            problems = [self._unknown(name) for name in names] or [f"unexpected: {' '.join(rest)}"]
            raise UsageError(problems, hint=f"see {self.prog} --help")
        return parsed

    def _unknown(self, flag: str) -> str:
        from harness.plan.resolve import owners

        declared = owners(flag.removeprefix("--"))
        if declared:
            return f"{flag} belongs to {' / '.join(declared)}, which {self.prog} does not take"
        return f"unknown setting '{flag.removeprefix('--')}'{did_you_mean(flag, self._option_string_actions)}"
