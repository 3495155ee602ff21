"""Errors that calls meet instead of being carried out: so many times, with some probability, or beyond a rate."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from harness.emulator.refusal import Refusal, invalid
from harness.emulator.wire import Call


@dataclass
class Fault:
    """One rule.

    Attributes:
        service, operation: patterns of the calls it is for, as in "sagemaker" and "Create*".
        code, message, status: the error; code "" for none, so that `delay` alone is felt.
        times: calls that meet it, None for all.
        probability: that a call meets it.
        per_second: calls that go through in a second; those beyond meet it.
        delay: seconds until the answer.
    """

    service: str = "*"
    operation: str = "*"
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"
    status: int = 400
    times: int | None = None
    probability: float = 1.0
    per_second: float | None = None
    delay: float = 0.0
    _allowance: float = field(default=-1.0, repr=False)
    _seen: float = field(default=0.0, repr=False)

    def fits(self, call: Call) -> bool:
        named = fnmatchcase(call.service, self.service) and fnmatchcase(call.operation, self.operation)
        return named and self.times != 0

    def strikes(self, now: float, random: Random) -> bool:
        """Whether a call that fits meets it; counts the call."""
        if self.per_second is not None and self._within_rate(now, self.per_second):
            return False
        if random.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def _within_rate(self, now: float, rate: float) -> bool:
        """A bucket that holds one second's calls."""
        burst = max(rate, 1.0)
        if self._allowance < 0:
            self._allowance, self._seen = burst, now
        self._allowance = min(burst, self._allowance + (now - self._seen) * rate)
        self._seen = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


class Faults:
    """Rules in the order in which they were added; the first that strikes is the answer."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        self._random = Random(0)

    def add(self, **rule: Any) -> None:
        """See Fault; Refusal for a name that it does not have."""
        try:
            fault = Fault(**rule)
        except TypeError as error:
            raise invalid(f"a fault takes {', '.join(_names())}: {error}") from error
        if any(name.startswith("_") for name in rule):
            raise invalid(f"a fault takes {', '.join(_names())}")
        with self._lock:
            self._rules.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def meet(self, call: Call) -> None:
        """Refusal where the call meets an error; waits where the rule says so."""
        now = time.monotonic()
        with self._lock:
            struck = next((rule for rule in self._rules if rule.fits(call) and rule.strikes(now, self._random)), None)
        if struck is None:
            return
        time.sleep(struck.delay)
        if struck.code:
            raise Refusal(struck.code, struck.message, struck.status)


def _names() -> list[str]:
    return [name for name in Fault.__dataclass_fields__ if not name.startswith("_")]
