"""One BLAS thread while a suggestion is computed: the matrices are small, and spinning threads of a busy machine turn
milliseconds into seconds. What the rest of the process set for itself is left as it was."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

import harness.gp.lapack  # noqa: F401  (the controller knows only libraries that are loaded)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def single_thread() -> AbstractContextManager[Any]:
    """Context in which BLAS uses one thread."""
    limiter: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limiter
