"""Counts the calls that a suggestion of ours makes, and what fixed numpy work takes on this machine."""

from __future__ import annotations

import gc
import random
import sys
import time
from typing import Any

import numpy as np

from bench.peers.ours import Ours
from bench.problems import MIXED, draw, mixed6


def reference_work() -> float:
    """Seconds for a fixed piece of work: fifty distance matrices, exponentials and Cholesky factors of 200 points."""
    points = np.random.default_rng(0).random((200, 6))
    started = time.process_time()
    for _ in range(50):
        squares = ((points[:, None, :] - points[None, :, :]) ** 2).sum(-1)
        np.linalg.cholesky(np.exp(-squares) + 1e-3 * np.eye(len(points)))
    return time.process_time() - started


class Counting:
    """Args: size: random observations on the mixed space before the first suggestion."""

    def __init__(self, size: int) -> None:
        generator = random.Random(1000 + size)
        configs = [draw(MIXED, generator) for _ in range(size)]
        self._tool = Ours(MIXED, 1, [(config, mixed6(config)) for config in configs])
        self._suggest()  # imports and the cold fit

    def _suggest(self) -> None:
        token, config = self._tool.ask()
        self._tool.tell(token, mixed6(config))

    def calls(self, number: int) -> float:
        """Function calls, of Python and of C, for a suggestion; the same on every machine with these packages."""
        count = 0

        def profile(frame: Any, event: str, argument: Any) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        gc.disable()  # others of this process may have it call them
        sys.setprofile(profile)
        try:
            for _ in range(number):
                self._suggest()
        finally:
            sys.setprofile(None)
            gc.enable()
        return count / number

    def units(self, number: int) -> float:
        """CPU time of a suggestion over that of the fixed work, measured before and after it."""
        before = reference_work()
        started = time.process_time()
        for _ in range(number):
            self._suggest()
        seconds = (time.process_time() - started) / number
        return 2 * seconds / (before + reference_work())
