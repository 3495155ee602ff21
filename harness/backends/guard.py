"""Program that ends process groups when the tuner is gone. Run as a script, beside every tuner with local trials.

Standard input brings a line `+GROUP` for each group that starts and `-GROUP` for each that ended. The end of the
input means that the tuner no longer exists, however it died: the groups that are left are killed.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable


def groups_left(lines: Iterable[bytes]) -> set[int]:
    """Groups that started and did not end; a torn last line counts for nothing."""
    groups: set[int] = set()
    for line in lines:
        if not line.endswith(b"\n"):
            continue
        change = groups.add if line.startswith(b"+") else groups.discard
        change(int(line[1:]))
    return groups


if __name__ == "__main__":
    for group in groups_left(sys.stdin.buffer):
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
