"""The class of a trial's failure, from how it ended and from its last words."""

from __future__ import annotations

import re
import signal

from harness.core.failures import Failure

# Last words -> class; the first that fits. Texts of the kernel, libc, CPython, PyTorch, CUDA, NCCL and AWS.
WORDS: tuple[tuple[Failure, str], ...] = (
    (
        Failure.MEMORY,
        r"OutOfMemoryError|out of memory|MemoryError|bad_alloc|[Cc]an(not|'t) allocate memory|\[Errno 12\]",
    ),
    (Failure.QUOTA, r"Disk quota exceeded|\[Errno 122\]|Too many open files|\[Errno 24\]|ResourceLimitExceeded"),
    (Failure.QUOTA, r"Resource temporarily unavailable|ThrottlingException|Rate exceeded|Too Many Requests"),
    (Failure.DISK, r"No space left on device|\[Errno 28\]|Read-only file system|\[Errno 30\]"),
    (Failure.INFRASTRUCTURE, r"Connection reset by peer|Connection refused|Connection timed out|Broken pipe"),
    (Failure.INFRASTRUCTURE, r"Temporary failure in name resolution|Stale file handle|Input/output error|\[Errno 5\]"),
    (Failure.INFRASTRUCTURE, r"uncorrectable ECC error|CUDA error: unknown error|GPU is lost|NCCL .*system error"),
)
# Signals that come from outside: nobody's own code sends them to itself by accident.
OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
# The latter is what a shell says of a killed child.
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)


def classify(exit_code: int, tail: str, *, oom_killed: bool) -> Failure:
    """Class of the failure of a process that ended with `exit_code` (negative: a signal) and these last words.

    Args:
        oom_killed: the kernel killed for lack of memory while the process ran.
    """
    # An exception's own line; what was handled before it is no cause.
    last = (tail.strip().splitlines() or [""])[-1]
    if oom_killed and (exit_code in KILLED or "illed" in last):
        return Failure.MEMORY
    if -exit_code in OUTSIDE:
        return Failure.INFRASTRUCTURE
    for failure, words in WORDS:
        if re.search(words, last):
            return failure
    return Failure.USER
